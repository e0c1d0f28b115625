package dev.freshet.chaos;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What befell the fleet, as far as it excuses what would else be wrong. */
final class Disturbances {
    private final List<Operation> pauses = new ArrayList<>();
    private final List<Operation> losses = new ArrayList<>();

    /** Takes a fault or a stall into account. */
    void add(Operation harm) {
        boolean stall = harm.kind() == Operation.Kind.STALL;
        if (stall || harm.key().startsWith("REPLICA")) {
            pauses.add(harm);
            pauses.sort(Comparator.comparingLong(Operation::startNanos));
        } else if (harm.key().equals(Fault.REDIS_EMPTY.name()) || harm.key().equals(Fault.REDIS_TORN.name())) {
            losses.add(harm);
        }
    }

    /** For how long of a request the replica that was asked, or the one who asked, was paused, dead or starting. */
    long pausedNanos(Operation request) {
        long paused = 0;
        long reached = request.startNanos();
        for (Operation pause : pauses) {
            boolean concerned =
                    pause.kind() == Operation.Kind.STALL || pause.replica().equals(request.replica());
            long from = Math.max(reached, pause.startNanos());
            long to = Math.min(request.endNanos(), pause.endNanos());
            if (concerned && to > from) {
                paused += to - from;
                reached = to;
            }
        }
        return paused;
    }

    /** Whether entries may have been lost in between. */
    boolean lostBetween(long fromNanos, long toNanos) {
        return losses.stream().anyMatch(loss -> loss.startNanos() <= toNanos && loss.endNanos() >= fromNanos);
    }
}
