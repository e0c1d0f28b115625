/**
 * The gateway as a whole: reading its configuration, putting its parts together, starting and stopping.
 *
 * <p>May import: everything.
 */
@NullMarked
package dev.freshet;

import org.jspecify.annotations.NullMarked;
