/**
 * Spans of requests, for whoever has set the variables of OpenTelemetry.
 *
 * <p>May import: nothing.
 */
@NullMarked
package dev.freshet.trace;

import org.jspecify.annotations.NullMarked;
