/**
 * What operators ask of a replica: whether it lives, whether it is ready, what it counts, which version it is.
 *
 * <p>May import: edge.
 */
@NullMarked
package dev.freshet.ops;

import org.jspecify.annotations.NullMarked;
