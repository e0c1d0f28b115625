package dev.freshet.store;

import java.util.Map;

/**
 * An invalidation that the store has taken.
 *
 * @param timeMicros Redis time when it was taken
 * @param quietUntilMicros Redis time before which nothing may be acknowledged
 * @param windows the replicas that may serve from their near caches, with the Redis time, in microseconds, at which each may no longer
 */
public record Invalidation(
        String epoch, long stamp, long timeMicros, long quietUntilMicros, Map<String, Long> windows) {}
