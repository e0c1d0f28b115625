/**
 * This process's copies of entries: bounded, shared by all event loops, safe to lose.
 *
 * <p>May import: entry, loop.
 */
@NullMarked
package dev.freshet.near;

import org.jspecify.annotations.NullMarked;
