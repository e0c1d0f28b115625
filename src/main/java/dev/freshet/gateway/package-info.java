/**
 * What a replica does: reads, writes and invalidations, over its near cache and the store.
 *
 * <p>May import: near, store, lease, entry, tag, loop.
 */
@NullMarked
package dev.freshet.gateway;

import org.jspecify.annotations.NullMarked;
