/**
 * Moving results between event loops, in time, and the clocks they read.
 *
 * <p>May import: nothing.
 */
@NullMarked
package dev.freshet.loop;

import org.jspecify.annotations.NullMarked;
