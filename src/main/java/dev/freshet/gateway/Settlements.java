package dev.freshet.gateway;

import dev.freshet.store.Invalidation;
import dev.freshet.store.StoreException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;

/** The invalidations of one app that wait until no replica serves what they ended. Belongs to the invalidation verticle's loop. */
final class Settlements {
    /*
     * An invalidation is settled when the low-water mark has passed its stamp: every replica whose
     * window is open has applied it. Or when all windows that were open have ended. Neither counts
     * before the quiet period of its epoch is over. However many wait for one replica, one message
     * ends it.
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

    /** How long the store may take to confirm that the windows have ended. */
    private static final long CONFIRM_MS_MAX = 2_000;

    private static final long NONE = -1;

    private final Runnable beat;
    private final List<Waiting> waiting = new ArrayList<>();
    private long acknowledged;
    private long timeMicros;

    /** One that waits. */
    private static final class Waiting {
        final Vertx vertx;
        final long stamp;
        final long quietMicros;
        final long endMicros;
        final Promise<Outcome> settled = Promise.promise();
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
    Future<Outcome> settle(Vertx vertx, Invalidation taken, boolean byTime, long waitMs) {
        timeMicros = Math.max(timeMicros, taken.timeMicros());
        Waiting one = new Waiting(vertx, taken, byTime ? Long.MAX_VALUE : taken.stamp());
        waiting.add(one);
        long mostMs = (one.endMicros - timeMicros) / 1_000 + CONFIRM_MS_MAX;
        one.giving = vertx.setTimer(Math.max(1, Math.min(waitMs, mostMs)), late -> end(one, Outcome.NOT_YET));
        check();
        return one.settled.future();
    }

    /** Every replica whose window is open has applied a stamp. */
    void acknowledged(long stamp) {
        acknowledged = Math.max(acknowledged, stamp);
        check();
    }

    /** The store, in this epoch, has answered at a time of its own. */
    void passed(long micros) {
        timeMicros = Math.max(timeMicros, micros);
        check();
    }

    private void check() {
        for (Waiting one : List.copyOf(waiting)) {
            if (one.quietMicros <= timeMicros && one.stamp <= acknowledged) {
                end(one, Outcome.BY_ALL);
            } else if (one.endMicros <= timeMicros) {
                end(one, Outcome.BY_TIME);
            } else if (one.waking == NONE) {
                long nextMicros = one.quietMicros > timeMicros ? one.quietMicros : one.endMicros;
                one.waking = one.vertx.setTimer((nextMicros - timeMicros) / 1_000 + 1, due -> {
                    one.waking = NONE;
                    beat.run();
                });
            }
        }
    }

    private void end(Waiting one, Outcome outcome) {
        waiting.remove(one);
        one.end();
        one.settled.tryComplete(outcome);
    }

    /** What waits is not known to be settled, and will not be. What was acknowledged means nothing any more. */
    void abandon(String why) {
        acknowledged = 0;
        timeMicros = 0;
        List.copyOf(waiting).forEach(one -> {
            waiting.remove(one);
            one.end();
            one.settled.tryFail(new StoreException(why));
        });
    }
}
