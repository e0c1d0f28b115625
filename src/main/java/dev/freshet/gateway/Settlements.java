package dev.freshet.gateway;

import dev.freshet.store.Invalidation;
import dev.freshet.store.StoreException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The invalidations of one app that wait until no replica serves what they ended. Belongs to the invalidation verticle's loop. */
final class Settlements {
    /*
     * An invalidation is settled when each replica whose window was open when it was taken has said
     * that it has applied it. Whoever has opened a window since then has it by the beat that did so.
     * That is said twice: to this replica by each of the others, at once, which may be lost; and to the
     * store by their beats, of which the low-water mark comes. Either will do, in the epoch that took it.
     * Or it is settled when all those windows have ended. None of this counts before the quiet period of
     * its epoch is over. However many wait for one replica, one message ends it.
     *
     * That a window has ended is for the store to say, in the epoch that took the invalidation: by
     * a beat that it answers after the end. No clock here will do. If the store had failed over
     * meanwhile and lost the invalidation, a replica that never heard of it may have carried its
     * window over into the new epoch, and serve what was invalidated there.
     */

    /** How an invalidation was settled. */
    enum Outcome {
        /** Every replica has applied it. */
        BY_ALL,
        /** Whoever has not applied it may not serve from its near cache any more. */
        BY_TIME,
        /** It is not: the caller would wait no longer, or the store does not answer. */
        NOT_YET
    }

    /**
     * How one ended.
     *
     * @param silent the replicas whose windows were open, and that have not told this one that they have applied it
     */
    record Ending(Outcome outcome, Set<String> silent) {}

    /** How long the store may take to confirm that the windows have ended. */
    private static final long CONFIRM_MS_MAX = 2_000;

    private static final long NONE = -1;

    /** Its timer is over, and the store is asked for its time: how long is left is not known before it answers. */
    private static final long ASKED = -2;

    private final Runnable beat;
    private final List<Waiting> waiting = new ArrayList<>();

    /** What replicas have said, as far as an answer that is still under way may ask for it. */
    private final Map<String, Long> applied = new HashMap<>();

    private long acknowledged;
    private long timeMicros;

    /** One that waits. */
    private static final class Waiting {
        final Vertx vertx;
        final long stamp;
        final long quietMicros;
        final long endMicros;
        final Set<String> silent;
        final Promise<Ending> settled = Promise.promise();
        long waking = NONE;
        long giving = NONE;

        /**
         * For an invalidation.
         *
         * @param stamp the highest there is if acknowledgements count for nothing
         */
        Waiting(Vertx vertx, Invalidation taken, long stamp) {
            this.vertx = vertx;
            this.stamp = stamp;
            this.quietMicros = taken.quietUntilMicros();
            this.endMicros =
                    taken.windows().values().stream().mapToLong(Long::longValue).reduce(quietMicros, Math::max);
            this.silent = new HashSet<>(taken.windows().keySet());
        }

        void hear(String replica, long applied) {
            if (applied >= stamp) {
                silent.remove(replica);
            }
        }

        void end() {
            vertx.cancelTimer(waking);
            vertx.cancelTimer(giving);
        }
    }

    /**
     * Nothing waits yet.
     *
     * @param beat asks the store for its time, which {@link #passed} is told
     */
    Settlements(Runnable beat) {
        this.beat = beat;
    }

    /**
     * Succeeds when the invalidation is settled, or will not be in time.
     *
     * @param byTime whether acknowledgements count for nothing
     * @param waitMs how long the caller would wait at most
     */
    Future<Ending> settle(Vertx vertx, Invalidation taken, boolean byTime, long waitMs) {
        timeMicros = Math.max(timeMicros, taken.timeMicros());
        Waiting one = new Waiting(vertx, taken, byTime ? Long.MAX_VALUE : taken.stamp());
        waiting.add(one);
        applied.forEach(one::hear);
        applied.values().removeIf(stamp -> stamp < taken.stamp());
        long mostMs = (one.endMicros - timeMicros) / 1_000 + CONFIRM_MS_MAX;
        one.giving = vertx.setTimer(Math.max(1, Math.min(waitMs, mostMs)), late -> end(one, Outcome.NOT_YET));
        check();
        return one.settled.future();
    }

    /** A replica has applied everything up to a stamp of this epoch. */
    void applied(String replica, long stamp) {
        applied.merge(replica, stamp, Math::max);
        waiting.forEach(one -> one.hear(replica, stamp));
        check();
    }

    /** Every replica whose window is open has applied a stamp. */
    void acknowledged(long stamp) {
        acknowledged = Math.max(acknowledged, stamp);
        check();
    }

    /** The store, in this epoch, has answered at a time of its own. */
    void passed(long micros) {
        timeMicros = Math.max(timeMicros, micros);
        waiting.stream().filter(one -> one.waking == ASKED).forEach(one -> one.waking = NONE);
        check();
    }

    private void check() {
        for (Waiting one : List.copyOf(waiting)) {
            if (one.quietMicros <= timeMicros && (one.silent.isEmpty() || one.stamp <= acknowledged)) {
                end(one, Outcome.BY_ALL);
            } else if (one.endMicros <= timeMicros) {
                end(one, Outcome.BY_TIME);
            } else if (one.waking == NONE) {
                long nextMicros = one.quietMicros > timeMicros ? one.quietMicros : one.endMicros;
                one.waking = one.vertx.setTimer((nextMicros - timeMicros) / 1_000 + 1, due -> {
                    one.waking = ASKED;
                    beat.run();
                });
            }
        }
    }

    private void end(Waiting one, Outcome outcome) {
        waiting.remove(one);
        one.end();
        one.settled.tryComplete(new Ending(outcome, Set.copyOf(one.silent)));
    }

    /** What waits is not known to be settled, and will not be. What was acknowledged means nothing any more. */
    void abandon(String why) {
        applied.clear();
        acknowledged = 0;
        timeMicros = 0;
        List.copyOf(waiting).forEach(one -> {
            waiting.remove(one);
            one.end();
            one.settled.tryFail(new StoreException(why));
        });
    }
}
