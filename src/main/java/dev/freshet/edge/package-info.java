/**
 * What a listener lets in: who may do what, TLS, and how much at a time.
 *
 * <p>May import: nothing.
 */
@NullMarked
package dev.freshet.edge;

import org.jspecify.annotations.NullMarked;
