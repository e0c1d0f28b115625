/**
 * The store in Redis.
 *
 * <p>May import: store, lease, entry, tag, loop.
 */
@NullMarked
package dev.freshet.redis;

import org.jspecify.annotations.NullMarked;
