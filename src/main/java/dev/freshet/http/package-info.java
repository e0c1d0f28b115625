/**
 * The HTTP API.
 *
 * <p>May import: gateway, store, near, lease, entry, tag, edge.
 */
@NullMarked
package dev.freshet.http;

import org.jspecify.annotations.NullMarked;
