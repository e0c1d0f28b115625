package dev.freshet.lease;

/**
 * How long leases last, and who may wait for one.
 *
 * @param ttlMs after which a lease ends by itself: 100 ms to 10 minutes
 * @param waitersMax callers of this replica that wait at a time; more are answered at once, as followers
 * @param waitersPerKeyMax those of them that wait for one key
 * @param keysMax keys of which this replica knows who refreshes them; of more, each caller asks the store, and none waits
 */
public record LeaseConfig(long ttlMs, int waitersMax, int waitersPerKeyMax, int keysMax) {
    /** What an unconfigured gateway uses. */
    public static final LeaseConfig DEFAULT = new LeaseConfig(10_000, 20_000, 10_000, 100_000);

    /** Checks the ranges. */
    public LeaseConfig {
        if (ttlMs < 100 || ttlMs > 600_000) {
            throw new IllegalArgumentException("lease.ttl is 100ms to 10m, was " + ttlMs + "ms");
        }
        if (waitersMax < 0 || waitersMax > 1_000_000) {
            throw new IllegalArgumentException("lease.waiters-max is 0 to 1000000, was " + waitersMax);
        }
        if (waitersPerKeyMax < 0 || waitersPerKeyMax > 1_000_000) {
            throw new IllegalArgumentException("lease.waiters-per-key-max is 0 to 1000000, was " + waitersPerKeyMax);
        }
        if (keysMax < 1 || keysMax > 10_000_000) {
            throw new IllegalArgumentException("lease.keys-max is 1 to 10000000, was " + keysMax);
        }
    }
}
