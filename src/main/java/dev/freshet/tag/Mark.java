package dev.freshet.tag;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a tag remembers of its invalidations: the stamp of the newest hard one, and the newest soft ones. */
public final class Mark {
    /*
     * Two lattices side by side: hard is a maximum; softs are the newest stamps of a union, and each
     * pair beyond SOFTS_MAX folds its deadline into the oldest pair kept. Folding depends on the
     * union alone, since a pair that was folded away can only be older than those that stay. So
     * merging is commutative, associative, idempotent and monotone, and replayed, reordered or
     * repeated messages do no harm. Pairs that a hard stamp covers are kept, for the same reason:
     * dropping them would make the fold depend on the order of merging. They cost nothing at a read.
     *
     * Tables hold a million of these, and few have more than one pair. So the newest is held here,
     * and the others, if any, in a list: 40 bytes, where a list of that one would make it 80.
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

    private static final long NO_STAMP = -1;

    private final long hard;
    private final long newestStamp;
    private final long newestDeadlineMs;
    private final List<Soft> olderSofts;

    /**
     * A mark of any number of invalidations.
     *
     * @param hard the stamp of the newest hard one, 0 for none
     * @param softs in any order; the oldest beyond {@value #SOFTS_MAX} are folded into those that are kept
     */
    public Mark(long hard, List<Soft> softs) {
        List<Soft> kept = softs.size() < 2 ? softs : folded(softs);
        this.hard = hard;
        this.newestStamp = kept.isEmpty() ? NO_STAMP : kept.getLast().stamp;
        this.newestDeadlineMs = kept.isEmpty() ? NEVER : kept.getLast().deadlineMs;
        this.olderSofts = List.copyOf(kept.subList(0, Math.max(0, kept.size() - 1)));
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
        List<Soft> all = new ArrayList<>(softs());
        all.addAll(other.softs());
        return new Mark(Math.max(hard, other.hard), all);
    }

    /** The stamp of the newest hard invalidation, 0 for none. */
    public long hard() {
        return hard;
    }

    /** The soft invalidations, newest last, at most {@value #SOFTS_MAX}. */
    public List<Soft> softs() {
        if (newestStamp == NO_STAMP) {
            return List.of();
        }
        List<Soft> all = new ArrayList<>(olderSofts);
        all.add(new Soft(newestStamp, newestDeadlineMs));
        return Collections.unmodifiableList(all);
    }

    /** The stamp of the newest invalidation of either kind, 0 for none. */
    public long newest() {
        return Math.max(hard, newestStamp);
    }

    /** The stamp of the newest soft invalidation, 0 for none. */
    public long newestSoft() {
        return Math.max(0, newestStamp);
    }

    /**
     * Whether this mark ends what was computed from data as of {@code asOf}.
     *
     * @param nowMs ms of Redis time
     */
    public boolean ends(long asOf, long nowMs) {
        return endedAt(nowMs) > asOf;
    }

    /**
     * The stamp of the newest invalidation that ends what was computed before it; 0 if there is none.
     *
     * @param nowMs ms of Redis time
     */
    public long endedAt(long nowMs) {
        long newest = Math.max(hard, nowMs >= newestDeadlineMs ? newestStamp : 0);
        for (Soft soft : olderSofts) {
            newest = soft.stamp > newest && nowMs >= soft.deadlineMs ? soft.stamp : newest;
        }
        return newest;
    }

    /** The text that Redis keeps: {@code hard|stamp:deadline,stamp:deadline}, a deadline that never comes left empty. */
    public String packed() {
        StringBuilder text = new StringBuilder().append(hard).append('|');
        for (Soft soft : softs()) {
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

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Mark mark
                && hard == mark.hard
                && newestStamp == mark.newestStamp
                && newestDeadlineMs == mark.newestDeadlineMs
                && olderSofts.equals(mark.olderSofts);
    }

    @Override
    public int hashCode() {
        return Objects.hash(hard, newestStamp, newestDeadlineMs, olderSofts);
    }

    @Override
    public String toString() {
        return packed();
    }

    private static List<Soft> folded(List<Soft> pairs) {
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
        return kept;
    }
}
