/**
 * Moving results between event loops, and the clocks they read.
 *
 * <p>May import: nothing.
 */
@NullMarked
package dev.freshet.loop;

import org.jspecify.annotations.NullMarked;
