package dev.freshet.chaos;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** What acknowledged invalidations promise to the reads that begin after them. */
final class Promised {
    /*
     * A hard invalidation promises from its acknowledgement on that no older value is answered at all;
     * a soft one that none is answered as fresh, and, a while after its expire, none at all. What is
     * older shows twice: by the version that the value has of the tag, and by the stamp of the ticket
     * that the value was computed under.
     *
     * An invalidation that was refused or not answered promises nothing, whether or not it took effect.
     */

    /** How much later than by the clients' clock a deadline may pass by a replica's estimate of Redis time. */
    private static final long ESTIMATE_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(500);

    /**
     * The oldest that may be answered.
     *
     * @param sinceNanos when the last acknowledgement that it takes into account had come
     */
    record Need(long sinceNanos, int version, long stamp) {
        private Need and(Need later) {
            return new Need(later.sinceNanos, Math.max(version, later.version), Math.max(stamp, later.stamp));
        }
    }

    private record Told(int tag, Need need) {}

    private final Map<Integer, NavigableMap<Long, Need>> ofAll;
    private final Map<Integer, NavigableMap<Long, Need>> ofFresh;

    /** What these invalidations promise. */
    Promised(List<Operation> invalidations) {
        List<Told> all = new ArrayList<>();
        List<Told> fresh = new ArrayList<>();
        for (Operation invalidation : invalidations) {
            if (invalidation.status() == 200) {
                long end = invalidation.endNanos();
                fresh.addAll(told(invalidation, end));
                endedFrom(invalidation).ifPresent(from -> all.addAll(told(invalidation, from)));
            }
        }
        ofAll = inTime(all);
        ofFresh = inTime(fresh);
    }

    /* From when on what it ended may not be answered, not even as stale. */
    private static Optional<Long> endedFrom(Operation invalidation) {
        String[] mode = invalidation.detail().split(" ", -1);
        if (mode[0].equals("hard")) {
            return Optional.of(invalidation.endNanos());
        }
        if (mode.length == 1) {
            return Optional.empty();
        }
        long expireNanos = TimeUnit.MILLISECONDS.toNanos(Long.parseLong(mode[1]));
        return Optional.of(invalidation.endNanos() + expireNanos + (expireNanos == 0 ? 0 : ESTIMATE_NANOS_MAX));
    }

    private static List<Told> told(Operation invalidation, long fromNanos) {
        List<Told> told = new ArrayList<>();
        Value.parse(invalidation.value())
                .versions()
                .forEach((tag, version) -> told.add(new Told(tag, new Need(fromNanos, version, invalidation.stamp()))));
        return told;
    }

    private static Map<Integer, NavigableMap<Long, Need>> inTime(List<Told> told) {
        Map<Integer, NavigableMap<Long, Need>> needs = new HashMap<>();
        told.sort(Comparator.comparingLong(one -> one.need.sinceNanos));
        for (Told one : told) {
            NavigableMap<Long, Need> ofTag = needs.computeIfAbsent(one.tag, tag -> new TreeMap<>());
            Map.Entry<Long, Need> before = ofTag.lastEntry();
            ofTag.put(
                    one.need.sinceNanos,
                    before == null ? one.need : before.getValue().and(one.need));
        }
        return needs;
    }

    /** What a read that begins at {@code startNanos} is promised of a tag, if anything. */
    Optional<Need> at(int tag, long startNanos, boolean fresh) {
        NavigableMap<Long, Need> needs = (fresh ? ofFresh : ofAll).get(tag);
        Optional<Need> one = needs == null
                ? Optional.empty()
                : Optional.ofNullable(needs.lowerEntry(startNanos)).map(Map.Entry::getValue);
        if (!fresh) {
            return one;
        }
        Optional<Need> other = at(tag, startNanos, false);
        return one.isPresent() && other.isPresent() ? Optional.of(one.get().and(other.get())) : one.or(() -> other);
    }
}
