package dev.freshet.lease;

/**
 * How long leases last, and who may wait for one.
 *
 * @param ttlMs after which a lease ends by itself: 100 ms to 10 minutes
 * @param waitersMax callers of this replica that wait at a time; more are answered at once, as followers
 */
public record LeaseConfig(long ttlMs, int waitersMax) {
    /** What an unconfigured gateway uses. */
    public static final LeaseConfig DEFAULT = new LeaseConfig(10_000, 10_000);

    /** Checks the ranges. */
    public LeaseConfig {
        if (ttlMs < 100 || ttlMs > 600_000) {
            throw new IllegalArgumentException("lease.ttl is 100ms to 10m, was " + ttlMs + "ms");
        }
        if (waitersMax < 0 || waitersMax > 1_000_000) {
            throw new IllegalArgumentException("lease.waiters-max is 0 to 1000000, was " + waitersMax);
        }
    }
}
