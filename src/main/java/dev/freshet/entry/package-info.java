/**
 * Entries: their names, their forms on the wire and in the store, and how fresh they are.
 *
 * <p>May import: tag.
 */
@NullMarked
package dev.freshet.entry;

import org.jspecify.annotations.NullMarked;
