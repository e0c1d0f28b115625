package dev.freshet.chaos;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/** What befell the fleet, as far as it excuses what would else be wrong. */
final class Disturbances {
    /*
     * An answer takes a number of wake-ups, of a client, a replica, the proxy and Redis, one after the
     * other. On a busy machine each waits for its turn, about as long as the clients' metronome did at
     * that time. On a quiet one that is nothing.
     */

    /** Of a read that beats, reads and claims: four for each command, and four for the request. */
    private static final int WAKE_UPS = 16;

    private final List<Operation> pauses = new ArrayList<>();
    private final List<Operation> losses = new ArrayList<>();

    /** By their ends. */
    private final NavigableMap<Long, Operation> stalls = new TreeMap<>();

    /** Takes a fault or a stall into account. */
    void add(Operation harm) {
        if (harm.kind() == Operation.Kind.STALL) {
            stalls.put(harm.endNanos(), harm);
        } else if (harm.key().startsWith("REPLICA")) {
            pauses.add(harm);
            pauses.sort(Comparator.comparingLong(Operation::startNanos));
        } else if (harm.key().equals(Fault.REDIS_EMPTY.name()) || harm.key().equals(Fault.REDIS_TORN.name())) {
            losses.add(harm);
        }
    }

    /** How much longer a request may take: the time when its replica was paused, dead or starting, and what the machine cost. */
    long excusedNanos(Operation request) {
        return pausedNanos(request) + WAKE_UPS * longestStallNanos(request);
    }

    private long pausedNanos(Operation request) {
        long paused = 0;
        long reached = request.startNanos();
        for (Operation pause : pauses) {
            long from = Math.max(reached, pause.startNanos());
            long to = Math.min(request.endNanos(), pause.endNanos());
            if (pause.replica().equals(request.replica()) && to > from) {
                paused += to - from;
                reached = to;
            }
        }
        return paused;
    }

    private long longestStallNanos(Operation request) {
        return stalls.tailMap(request.startNanos()).values().stream()
                .takeWhile(stall -> stall.startNanos() < request.endNanos())
                .mapToLong(stall -> stall.endNanos() - stall.startNanos())
                .max()
                .orElse(0);
    }

    /** Whether entries may have been lost in between. */
    boolean lostBetween(long fromNanos, long toNanos) {
        return losses.stream().anyMatch(loss -> loss.startNanos() <= toNanos && loss.endNanos() >= fromNanos);
    }
}
