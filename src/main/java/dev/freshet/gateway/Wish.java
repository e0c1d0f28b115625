package dev.freshet.gateway;

import dev.freshet.store.Mode;
import dev.freshet.tag.Tag;
import java.util.List;

/**
 * An invalidation that somebody wants.
 *
 * @param holdOffMs after which the same is done again, for origins that answer from a copy which lags behind; 0 for not at all
 * @param waitMs how long the caller would wait until it is in force everywhere; 0 for not at all
 */
public record Wish(List<Tag> tags, Mode mode, long holdOffMs, long waitMs) {
    /** The longest hold-off. */
    public static final long HOLD_OFF_MS_MAX = 3_600_000;

    /** As long as it takes. */
    public static final long WAIT = Long.MAX_VALUE;

    /** Copies the tags, and checks the times. */
    public Wish {
        tags = List.copyOf(tags);
        if (holdOffMs < 0 || holdOffMs > HOLD_OFF_MS_MAX) {
            throw new IllegalArgumentException("a hold-off is 0 to " + HOLD_OFF_MS_MAX / 1_000 + " seconds");
        }
    }
}
