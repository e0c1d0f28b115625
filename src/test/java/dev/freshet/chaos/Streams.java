package dev.freshet.chaos;

import dev.freshet.chaos.Verdict.Broken;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What each subscriber heard, and whether any acknowledged invalidation passed it by. */
final class Streams {
    /*
     * A subscriber's position is the last id it was given; it says that of everything up to there it
     * was told. So when the position first reaches an invalidation's stamp, each tag of that must have
     * been named with this stamp or a later one, or a reset must have come, after which copies are
     * read anew: one whose own id is that far, or one that came when the invalidation was under way or over.
     * What is below the first hello is no concern of the subscriber's, for it held nothing then.
     */

    private final Map<String, List<Operation>> bySubscriber = new TreeMap<>();

    /** Takes an event into account. Those of one subscriber come in the order they were heard. */
    void add(Operation event) {
        bySubscriber.computeIfAbsent(event.replica(), name -> new ArrayList<>()).add(event);
    }

    /** Finds each loss. */
    void check(List<Operation> invalidations, Verdict verdict) {
        List<Operation> acknowledged = invalidations.stream()
                .filter(invalidation -> invalidation.status() == 200)
                .sorted(Comparator.comparingLong(Operation::stamp))
                .toList();
        bySubscriber.forEach((name, events) -> new Hearing(name, acknowledged, verdict).hear(events));
    }

    /** One subscriber's way through what was acknowledged. */
    private static final class Hearing {
        private final String name;
        private final List<Operation> acknowledged;
        private final Verdict verdict;
        private final Map<Integer, Long> told = new HashMap<>();
        private int next;
        private long position = -1;
        private long orderedFrom = -1;
        private long lastResetNanos = -1;
        private long resetPosition = -1;

        Hearing(String name, List<Operation> acknowledged, Verdict verdict) {
            this.name = name;
            this.acknowledged = acknowledged;
            this.verdict = verdict;
        }

        void hear(List<Operation> events) {
            for (Operation event : events) {
                if (position < 0) {
                    begin(event.stamp());
                }
                take(event);
            }
            for (; next < acknowledged.size(); next++) {
                verdict.broken(Broken.LOST_EVENT, name + " never got to " + acknowledged.get(next));
            }
        }

        private void begin(long stamp) {
            position = stamp;
            while (next < acknowledged.size() && acknowledged.get(next).stamp() <= stamp) {
                next++;
            }
        }

        private void take(Operation event) {
            if (event.key().equals("reset")) {
                lastResetNanos = event.endNanos();
                resetPosition = Math.max(resetPosition, event.stamp());
                orderedFrom = event.stamp();
            } else if (event.stamp() > 0 && event.stamp() < orderedFrom) {
                verdict.broken(Broken.DISORDERED_EVENT, name + " was at " + orderedFrom + " and heard " + event);
            }
            if (!event.value().isEmpty()) {
                tags(event.value()).forEach((tag, stamp) -> told.merge(tag, stamp, Math::max));
            }
            orderedFrom = Math.max(orderedFrom, event.stamp());
            position = Math.max(position, event.stamp());
            while (next < acknowledged.size() && acknowledged.get(next).stamp() <= position) {
                reached(acknowledged.get(next), event);
                next++;
            }
        }

        private void reached(Operation invalidation, Operation event) {
            boolean startedAnew = lastResetNanos >= invalidation.startNanos() || resetPosition >= invalidation.stamp();
            boolean heard = Value.parse(invalidation.value()).versions().keySet().stream()
                    .allMatch(tag -> told.getOrDefault(tag, 0L) >= invalidation.stamp());
            if (!heard && !startedAnew) {
                verdict.broken(Broken.LOST_EVENT, name + " got by " + event + " past " + invalidation);
            }
        }

        private static Map<Integer, Long> tags(String text) {
            Map<Integer, Long> tags = new HashMap<>();
            for (String pair : text.split(",", -1)) {
                int equals = pair.indexOf('=');
                tags.put(Integer.parseInt(pair, 0, equals, 10), Long.parseLong(pair.substring(equals + 1)));
            }
            return tags;
        }
    }
}
