package dev.freshet.gateway;

import dev.freshet.tag.Tag;
import java.util.List;

/**
 * What a reader wants beside the entry.
 *
 * @param softTags what else the answer depends on
 * @param lease whether it would refresh a missing or stale entry
 * @param waitMs how long it would wait for another leader's value, if it would refresh
 * @param waitStale whether it would wait although there is a stale value
 * @param early whether it would refresh a fresh entry that is soon to be stale, if it is elected to
 */
public record Ask(List<Tag> softTags, boolean lease, long waitMs, boolean waitStale, boolean early) {
    /** The longest wait. */
    public static final long WAIT_MS_MAX = 30_000;

    /** Nothing else. */
    public static final Ask PLAIN = new Ask(List.of(), false, 0, false);

    /** One that leaves fresh entries alone. */
    public Ask(List<Tag> softTags, boolean lease, long waitMs, boolean waitStale) {
        this(softTags, lease, waitMs, waitStale, false);
    }

    /** Copies the tags. */
    public Ask {
        softTags = List.copyOf(softTags);
        if (waitMs < 0 || waitMs > WAIT_MS_MAX) {
            throw new IllegalArgumentException("a wait is 0 to " + WAIT_MS_MAX / 1_000 + " seconds");
        }
    }
}
