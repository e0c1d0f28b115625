package dev.freshet.chaos;

import dev.freshet.chaos.Verdict.Broken;
import dev.freshet.entry.Ticket;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;

/** The values that were written, and whether an older computation replaced a newer one. */
final class Writes {
    private final Map<Integer, Operation> byComputation = new HashMap<>();
    private final Map<String, List<Operation>> storedByKey = new HashMap<>();

    /** Takes a write into account. */
    void add(Operation write) {
        byComputation.put(Value.parse(write.value()).computation(), write);
        if (write.isStored()) {
            storedByKey.computeIfAbsent(write.key(), key -> new ArrayList<>()).add(write);
        }
    }

    /** The write of a computation's value. */
    Optional<Operation> of(int computation) {
        return Optional.ofNullable(byComputation.get(computation));
    }

    /** Finds each write that was stored after one with a newer ticket, where nothing was lost in between. */
    void check(Disturbances disturbances, Verdict verdict) {
        storedByKey.values().forEach(writes -> {
            writes.sort(Comparator.comparingLong(Operation::startNanos));
            PriorityQueue<Operation> underWay = new PriorityQueue<>(Comparator.comparingLong(Operation::endNanos));
            Operation newest = null;
            for (Operation write : writes) {
                while (!underWay.isEmpty() && underWay.peek().endNanos() < write.startNanos()) {
                    newest = newer(newest, underWay.poll());
                }
                if (newest != null
                        && ticket(newest).isNewerThan(ticket(write))
                        && !disturbances.lostBetween(newest.startNanos(), write.endNanos())) {
                    verdict.broken(Broken.OVERWRITTEN, write + " replaced " + newest);
                }
                underWay.add(write);
            }
        });
    }

    private static Operation newer(Operation one, Operation other) {
        return one != null && ticket(one).isNewerThan(ticket(other)) ? one : other;
    }

    /** Of one stamp two replicas may disagree by a round trip which was granted later: that order is not promised. */
    private static Ticket ticket(Operation write) {
        Ticket given = Ticket.parse(write.detail());
        return new Ticket(given.epoch(), given.asOf(), 0);
    }
}
