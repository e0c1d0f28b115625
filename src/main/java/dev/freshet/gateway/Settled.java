package dev.freshet.gateway;

import java.util.Set;

/**
 * What became of an invalidation.
 *
 * @param stamp which it was given; 0 if the store has not taken it, and it waits for that
 * @param replicas how many could serve from their near caches when it was taken
 * @param everywhere whether no replica serves what it ended
 * @param behind the replicas that had not said that they have applied it: if it is in force everywhere all the same, their windows have ended;
 *     and those that may serve past their windows because the store does not answer them
 * @param waitedMs from its being taken
 */
public record Settled(long stamp, int replicas, boolean everywhere, Set<String> behind, long waitedMs) {
    /** The store has not taken it: it is in force nowhere but for what this replica serves. */
    public static final Settled QUEUED = new Settled(0, 0, false, Set.of(), 0);

    /** Copies the names. */
    public Settled {
        behind = Set.copyOf(behind);
    }

    /** Whether it waits for the store. */
    public boolean isQueued() {
        return stamp == 0;
    }
}
