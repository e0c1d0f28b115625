/**
 * Moving results between event loops.
 *
 * <p>May import: nothing.
 */
@NullMarked
package dev.freshet.loop;

import org.jspecify.annotations.NullMarked;
