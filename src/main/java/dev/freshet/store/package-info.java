/**
 * The port to what the whole fleet shares, and the store in memory.
 *
 * <p>May import: lease, entry, tag.
 */
@NullMarked
package dev.freshet.store;

import org.jspecify.annotations.NullMarked;
