/** Benches of the product: each class asks one question. */
@NullMarked
package dev.freshet.bench;

import org.jspecify.annotations.NullMarked;
