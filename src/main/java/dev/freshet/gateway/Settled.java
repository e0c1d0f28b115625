package dev.freshet.gateway;

import java.util.Set;

/**
 * What became of an invalidation.
 *
 * @param stamp which it was given
 * @param replicas how many could serve from their near caches when it was taken
 * @param everywhere whether no replica serves what it ended
 * @param behind the replicas that had not said that they have applied it: if it is in force everywhere all the same, their windows have ended;
 *     and those that may serve past their windows because the store does not answer them
 * @param waitedMs from its being taken
 */
public record Settled(long stamp, int replicas, boolean everywhere, Set<String> behind, long waitedMs) {
    /** Copies the names. */
    public Settled {
        behind = Set.copyOf(behind);
    }
}
