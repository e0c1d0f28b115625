package dev.freshet.entry;

import java.util.concurrent.TimeUnit;

/**
 * How long an entry is good, counted from the beginning of its computation.
 *
 * @param revalidateMs after which it is stale, {@link #NEVER} for never
 * @param expireMs after which it is gone, {@link #NEVER} for never
 */
public record Lifetime(long revalidateMs, long expireMs) {
    /** A time that does not come. */
    public static final long NEVER = Long.MAX_VALUE;

    /** Fresh until it is invalidated. */
    public static final Lifetime UNLIMITED = new Lifetime(NEVER, NEVER);

    /** How much longer than its expiry an entry is kept. */
    private static final long GRACE_MS = TimeUnit.MINUTES.toMillis(1);

    /** The longest that an entry is kept. */
    private static final long KEPT_MS_MAX = TimeUnit.DAYS.toMillis(400);

    /** Checks the times. */
    public Lifetime {
        if (revalidateMs < 0 || expireMs < 0) {
            throw new IllegalArgumentException("revalidate and expire are 0 or more");
        }
    }

    /** How long a store keeps what has this lifetime, in ms. */
    public long keptMs() {
        return expireMs > KEPT_MS_MAX ? KEPT_MS_MAX : expireMs + GRACE_MS;
    }
}
