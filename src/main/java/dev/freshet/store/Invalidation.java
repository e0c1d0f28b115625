package dev.freshet.store;

import java.util.Map;
import java.util.Set;

/**
 * An invalidation that the store has taken.
 *
 * @param timeMicros Redis time when it was taken
 * @param quietUntilMicros Redis time before which nothing may be acknowledged
 * @param windows the replicas that may serve from their near caches, with the Redis time, in microseconds, at which each may no longer
 * @param away the replicas whose windows had ended before, and that may serve all the same because the store does not answer them
 */
public record Invalidation(
        String epoch, long stamp, long timeMicros, long quietUntilMicros, Map<String, Long> windows, Set<String> away) {
    /**
     * Whether one of the windows may have ended, so that all whose windows are open are not all that had one.
     *
     * @param nanos since before it was sent to the store, by a clock that may differ from the store's by a fiftieth
     */
    public boolean mayHaveLostAWindow(long nanos) {
        long micros = nanos / 1_000 + nanos / 50_000 + 1;
        return windows.values().stream().anyMatch(end -> end - timeMicros <= micros);
    }
}
