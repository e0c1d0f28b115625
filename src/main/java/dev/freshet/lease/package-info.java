/**
 * Who refreshes an entry: leases, their leaders and their followers.
 *
 * <p>May import: entry, loop, tag.
 */
@NullMarked
package dev.freshet.lease;

import org.jspecify.annotations.NullMarked;
