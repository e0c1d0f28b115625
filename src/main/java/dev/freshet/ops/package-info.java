/**
 * What operators ask of a replica: whether it lives, whether it is ready, what it counts, which version it is; and the console,
 * which shows all that to a person.
 *
 * <p>May import: gateway, edge.
 */
@NullMarked
package dev.freshet.ops;

import org.jspecify.annotations.NullMarked;
