/**
 * Tags, and what is remembered of their invalidations.
 *
 * <p>May import: nothing.
 */
@NullMarked
package dev.freshet.tag;

import org.jspecify.annotations.NullMarked;
