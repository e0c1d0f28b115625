/**
 * The HTTP API.
 *
 * <p>May import: gateway, store, near, lease, loop, entry, tag, edge, trace.
 */
@NullMarked
package dev.freshet.http;

import org.jspecify.annotations.NullMarked;
