package dev.freshet.near;

import dev.freshet.entry.Entry;

/**
 * An entry as this process has it.
 *
 * @param seenNanos when it was last seen to be the stored one, on the monotonic clock
 * @param term in which that was; a copy of another term may have been overwritten unheard
 */
public record Copy(Entry entry, long seenNanos, long term) {}
