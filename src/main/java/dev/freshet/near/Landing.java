package dev.freshet.near;

import dev.freshet.entry.Entry;
import java.util.Optional;

/**
 * What a read of the store brings.
 *
 * @param joined whether it was begun before the caller asked: it may be older than what the caller has been told of
 */
public record Landing(Optional<Entry> entry, boolean joined) {}
