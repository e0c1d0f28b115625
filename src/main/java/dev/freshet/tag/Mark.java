package dev.freshet.tag;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * What a tag remembers of its invalidations.
 *
 * @param hard the stamp of the newest hard invalidation, 0 for none
 * @param softs the soft invalidations, newest last, at most {@value #SOFTS_MAX}
 */
public record Mark(long hard, List<Soft> softs) {
    /*
     * Two lattices side by side: hard is a maximum; softs are the newest stamps of a union, and each
     * pair beyond SOFTS_MAX folds its deadline into the oldest pair kept. Folding depends on the
     * union alone, since a pair that was folded away can only be older than those that stay. So
     * merging is commutative, associative, idempotent and monotone, and replayed, reordered or
     * repeated messages do no harm. Pairs that a hard stamp covers are kept, for the same reason:
     * dropping them would make the fold depend on the order of merging. They cost nothing at a read.
     */

    /** The most soft pairs kept. */
    public static final int SOFTS_MAX = 8;

    /** A deadline that never comes. */
    public static final long NEVER = Long.MAX_VALUE;

    /** No invalidation. */
    public static final Mark NONE = new Mark(0, List.of());

    /**
     * A soft invalidation: what is older is stale, and is gone from the deadline on.
     *
     * @param stamp when, as a stamp
     * @param deadlineMs in ms of Redis time, {@link #NEVER} for none
     */
    public record Soft(long stamp, long deadlineMs) {}

    /** Sorts and folds the pairs. */
    public Mark {
        softs = folded(softs);
    }

    /** A mark of one hard invalidation. */
    public static Mark hard(long stamp) {
        return new Mark(stamp, List.of());
    }

    /** A mark of one soft invalidation. */
    public static Mark soft(long stamp, long deadlineMs) {
        return new Mark(0, List.of(new Soft(stamp, deadlineMs)));
    }

    /** The union of both. */
    public Mark merge(Mark other) {
        if (equals(other)) {
            return this;
        }
        List<Soft> all = new ArrayList<>(softs);
        all.addAll(other.softs);
        return new Mark(Math.max(hard, other.hard), all);
    }

    /** The stamp of the newest invalidation of either kind, 0 for none. */
    public long newest() {
        return Math.max(hard, newestSoft());
    }

    /** The stamp of the newest soft invalidation, 0 for none. */
    public long newestSoft() {
        return softs.isEmpty() ? 0 : softs.getLast().stamp();
    }

    /**
     * Whether this mark ends what was computed from data as of {@code asOf}.
     *
     * @param nowMs ms of Redis time
     */
    public boolean ends(long asOf, long nowMs) {
        if (hard > asOf) {
            return true;
        }
        for (Soft soft : softs) {
            if (soft.stamp > asOf && nowMs >= soft.deadlineMs) {
                return true;
            }
        }
        return false;
    }

    /** The text that Redis keeps: {@code hard|stamp:deadline,stamp:deadline}, a deadline that never comes left empty. */
    public String packed() {
        StringBuilder text = new StringBuilder().append(hard).append('|');
        for (Soft soft : softs) {
            text.append(text.charAt(text.length() - 1) == '|' ? "" : ",")
                    .append(soft.stamp)
                    .append(':')
                    .append(soft.deadlineMs == NEVER ? "" : soft.deadlineMs);
        }
        return text.toString();
    }

    /** Reads {@link #packed()}. */
    public static Mark unpack(String text) {
        int bar = text.indexOf('|');
        if (bar < 0) {
            throw new IllegalArgumentException("a packed mark is hard|stamp:deadline,…, was " + text);
        }
        List<Soft> softs = new ArrayList<>();
        for (String pair : text.substring(bar + 1).split(",", 0)) {
            if (!pair.isEmpty()) {
                int colon = pair.indexOf(':');
                if (colon < 0) {
                    throw new IllegalArgumentException("a soft pair is stamp:deadline, was " + pair);
                }
                String deadline = pair.substring(colon + 1);
                softs.add(new Soft(
                        Long.parseLong(pair.substring(0, colon)),
                        deadline.isEmpty() ? NEVER : Long.parseLong(deadline)));
            }
        }
        return new Mark(Long.parseLong(text.substring(0, bar)), softs);
    }

    private static List<Soft> folded(List<Soft> pairs) {
        if (pairs.size() < 2) {
            return List.copyOf(pairs);
        }
        TreeMap<Long, Long> deadlines = new TreeMap<>();
        for (Soft soft : pairs) {
            deadlines.merge(soft.stamp, soft.deadlineMs, Math::min);
        }
        while (deadlines.size() > SOFTS_MAX) {
            long earlier = deadlines.pollFirstEntry().getValue();
            deadlines.merge(deadlines.firstKey(), earlier, Math::min);
        }
        List<Soft> kept = new ArrayList<>(deadlines.size());
        deadlines.forEach((stamp, deadline) -> kept.add(new Soft(stamp, deadline)));
        return List.copyOf(kept);
    }
}
