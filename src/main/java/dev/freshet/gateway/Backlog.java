package dev.freshet.gateway;

import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.loop.Clocks;
import dev.freshet.store.Mode;
import dev.freshet.store.Store;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The invalidations of one app that wait for the store to take them, in their order. Belongs to the invalidation verticle's loop. */
final class Backlog {
    /*
     * One that waits has no stamp, so no other replica can know of it. This one holds, from before its client is answered, what
     * carries its tags for ended, as if its stamp were higher than any: near copies, and what the store answers, until
     * the store has taken it and its own mark is applied here. There is no moment in between in which neither counts.
     *
     * What it asks for counts from when it came: a soft one that was to end something in a minute, and has waited for
     * twenty seconds, asks for forty, or is hard when they are over; and if its hold-off is over, it is done once, after it. One that
     * the store did take, though its answer did not arrive, is taken twice, which does no harm.
     */

    private static final Logger LOG = LoggerFactory.getLogger(Backlog.class);

    /** Higher than any stamp. */
    private static final long UNSTAMPED = Long.MAX_VALUE;

    private final Store store;
    private final Coherence coherence;
    private final Clocks clocks;
    private final Bound bound;
    private final Deque<Waiting> waiting = new ArrayDeque<>();

    /** Those that the store has taken, and whose marks are not applied here. */
    private final Deque<Taken> taken = new ArrayDeque<>();

    /** In how many of both a tag is. */
    private final Map<Tag, Integer> counts = new HashMap<>();

    private @Nullable Future<Void> replaying;

    /** What the backlogs of all apps share. Written by the invalidation verticle, read by whoever counts. */
    static final class Bound {
        private final int tagsMax;

        /** Of those that wait, and of those that are taken and not applied. */
        private int tags;

        private volatile int waiting;
        private final LongAdder replayed = new LongAdder();
        private final LongAdder refused = new LongAdder();

        Bound(int tagsMax) {
            this.tagsMax = tagsMax;
        }

        int waiting() {
            return waiting;
        }

        long replayed() {
            return replayed.sum();
        }

        long refused() {
            return refused.sum();
        }

        @SuppressWarnings("NonAtomicVolatileUpdate") // One writes.
        private boolean add(int more) {
            if (tags + more > tagsMax) {
                refused.increment();
                return false;
            }
            tags += more;
            waiting++;
            return true;
        }

        @SuppressWarnings("NonAtomicVolatileUpdate") // One writes.
        private void isReplayed() {
            waiting--;
            replayed.increment();
        }
    }

    private record Waiting(List<Tag> tags, Mode mode, long holdOffMs, long sinceNanos) {}

    private record Taken(List<Tag> tags, String epoch, long stamp) {}

    Backlog(Store store, Coherence coherence, Clocks clocks, Bound bound) {
        this.store = store;
        this.coherence = coherence;
        this.clocks = clocks;
        this.bound = bound;
    }

    /**
     * Has an invalidation wait. Whether there is room for it.
     *
     * @param sinceNanos when it came
     */
    boolean add(Wish wish, long sinceNanos) {
        if (!bound.add(wish.tags().size())) {
            return false;
        }
        waiting.add(new Waiting(wish.tags(), wish.mode(), wish.holdOffMs(), sinceNanos));
        Mark mark = mark(wish.mode(), sinceNanos);
        for (Tag tag : wish.tags()) {
            counts.merge(tag, 1, Integer::sum);
            coherence.expect(tag, mark);
        }
        return true;
    }

    private Mark mark(Mode mode, long sinceNanos) {
        return switch (mode) {
            case Mode.Hard now -> Mark.hard(UNSTAMPED);
            case Mode.Soft later -> {
                long sinceMs = coherence.msAt(sinceNanos);
                yield Mark.soft(
                        UNSTAMPED, later.expireMs() > Mark.NEVER - sinceMs ? Mark.NEVER : sinceMs + later.expireMs());
            }
        };
    }

    /** Has the store take all that wait, in their order. Fails with the first one that it does not take. */
    Future<Void> replay() {
        if (replaying != null) {
            return replaying;
        }
        if (waiting.isEmpty()) {
            return Future.succeededFuture();
        }
        Promise<Void> done = Promise.promise();
        replaying = done.future();
        replaying.onComplete(over -> replaying = null);
        next(done);
        return done.future();
    }

    /* No chain of futures: it would be as long as the backlog, and be told from its end to its beginning on one stack. */
    private void next(Promise<Void> done) {
        Waiting first = waiting.peek();
        if (first == null) {
            LOG.info("What waited of the invalidations of app {} is taken", coherence.app());
            done.complete();
            return;
        }
        long waitedMs = TimeUnit.NANOSECONDS.toMillis(clocks.nanos() - first.sinceNanos);
        store.invalidate(
                        coherence.app(),
                        first.tags,
                        after(first.mode, waitedMs),
                        Math.max(0, first.holdOffMs - waitedMs))
                .onFailure(done::fail)
                .onSuccess(answer -> {
                    waiting.remove();
                    bound.isReplayed();
                    taken.add(new Taken(first.tags, answer.epoch(), answer.stamp()));
                    applied();
                    next(done);
                });
    }

    private static Mode after(Mode mode, long waitedMs) {
        if (!(mode instanceof Mode.Soft soft) || soft.expireMs() == Lifetime.NEVER) {
            return mode;
        }
        return soft.expireMs() > waitedMs ? new Mode.Soft(soft.expireMs() - waitedMs) : new Mode.Hard();
    }

    /** More is applied here: what was taken up to there is among the marks. */
    void applied() {
        while (!taken.isEmpty() && isApplied(taken.peek())) {
            forget(taken.remove().tags);
        }
    }

    /* A history that is newer than the one that took it knows its mark, or holds all that is older than itself in doubt. */
    private boolean isApplied(Taken one) {
        return one.epoch.equals(coherence.epoch())
                ? one.stamp <= coherence.applied()
                : one.stamp < Ticket.firstStamp(coherence.epoch());
    }

    private void forget(List<Tag> tags) {
        bound.tags -= tags.size();
        for (Tag tag : tags) {
            if (counts.merge(tag, -1, Integer::sum) == 0) {
                counts.remove(tag);
                coherence.expectNoMore(tag);
            }
        }
    }

    /** Tries once more, and says how many are lost then. Never fails. */
    Future<Void> end() {
        return replay().recover(failed -> {
            LOG.warn(
                    "{} invalidations of app {} that waited for the store are lost, since this replica stops: {}",
                    waiting.size(),
                    coherence.app(),
                    failed.getMessage());
            return Future.succeededFuture();
        });
    }
}
