package dev.freshet.entry;

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

    /** Checks the times. */
    public Lifetime {
        if (revalidateMs < 0 || expireMs < 0) {
            throw new IllegalArgumentException("revalidate and expire are 0 or more");
        }
    }
}
