package dev.freshet.gateway;

import dev.freshet.entry.Key;
import dev.freshet.gateway.Settlements.Ending;
import dev.freshet.gateway.Subscription.Replay;
import dev.freshet.lease.LeaseVerticle;
import dev.freshet.loop.Clocks;
import dev.freshet.loop.Loops;
import dev.freshet.near.NearCache;
import dev.freshet.store.Change;
import dev.freshet.store.Invalidation;
import dev.freshet.store.Position;
import dev.freshet.store.Pulse;
import dev.freshet.store.Rules;
import dev.freshet.store.Store;
import dev.freshet.store.StoreException;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this replica up to date: hears the bus, beats, applies what changed, and says so. One instance, which alone writes the
 * marks of every app.
 */
public final class InvalidationVerticle extends VerticleBase {
    /*
     * Pull for truth, push for speed. A beat says "I have applied up to S" and brings whatever came
     * after S, with the floor and the epoch; correctness rests on it alone. The bus makes it fast: a
     * message whose previous stamp is the applied one is applied and counted, one that leaves a gap is
     * applied, not counted, and answered with a beat that is sent after it.
     *
     * Copies are also ended by writes, which the beat does not bring. So the bus proves itself: each
     * beat has it say the beat's number to this replica, after whatever was said before. If that is
     * not heard by the next regular beat, the bus is lost, whether its connection says so or not. Then,
     * and when it is back, another term begins: what was copied before is confirmed by the store before
     * it is served.
     *
     * A new epoch may lack marks that the old one had. A replica that hears of it while its window of
     * the old one is open knows whatever the old one acknowledged, and in the new one nothing is
     * acknowledged before that window ends. So it goes on with its marks, and gives back those that
     * may be missing. Any other replica begins with the marks that are there, and holds everything
     * that is older than the epoch for ended until the missing ones were given back.
     */

    private static final Logger LOG = LoggerFactory.getLogger(InvalidationVerticle.class);

    /** Tags that a subscriber may have missed; with more it is as well off when it forgets every copy. */
    private static final int MISSED_TAGS_MAX = 8_192;

    private static final String BEGAN_ANEW = "the history of invalidations began anew: invalidate again";

    private final Store store;
    private final NearCache near;
    private final LeaseVerticle leases;
    private final CoherenceConfig config;
    private final Rules rules;
    private final String replica;
    private final Clocks clocks;
    private final Backlog.Bound queued;
    private final Map<String, Following> apps = new ConcurrentHashMap<>();
    private final Promise<Context> loop = Promise.promise();

    /** Of this verticle's loop: nothing opens a window any more. */
    private boolean stopped;

    /** Follows nothing yet. */
    public InvalidationVerticle(
            Store store, NearCache near, LeaseVerticle leases, CoherenceConfig config, String replica, Clocks clocks) {
        this.store = store;
        this.near = near;
        this.leases = leases;
        this.config = config;
        this.rules = config.rules();
        this.queued = new Backlog.Bound(config.queuedTagsMax());
        this.replica = replica;
        this.clocks = clocks;
    }

    @Override
    public Future<?> start() {
        loop.complete(context);
        vertx.setPeriodic(config.beat().toMillis(), tick -> apps.values().forEach(this::regular));
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        stopped = true;
        List<Future<Void>> left = new ArrayList<>();
        apps.forEach((app, following) -> {
            following.coherence.close();
            following.settlements.abandon("this replica stops");
            left.add(following
                    .backlog
                    .end()
                    .compose(ended -> store.leave(app, replica))
                    .otherwiseEmpty());
        });
        return Future.all(left);
    }

    /** This process's name in the fleet. */
    public String replica() {
        return replica;
    }

    /** What is known of an app, which is followed from now on. Any thread may call. */
    public Coherence app(String app) {
        return following(app).coherence;
    }

    /** Every app that is followed. */
    public List<Coherence> apps() {
        return apps.values().stream().map(following -> following.coherence).toList();
    }

    /** Succeeds when the app's window is open: at once if it is, else after a beat. */
    public Future<Void> renew(Vertx vertx, Coherence app) {
        return reach(vertx, app, 0);
    }

    /** Succeeds when the app's window is open and a stamp is applied, or the store says that it has not given it out. */
    Future<Void> reach(Vertx vertx, Coherence app, long stamp) {
        return app.isCoherent() && stamp <= app.applied()
                ? Future.succeededFuture()
                : loop.future()
                        .compose(there -> Loops.call(vertx, there, () -> {
                            Following following = following(app.app());
                            return beat(following).compose(once -> beatUnless(following, stamp <= app.applied()));
                        }));
    }

    /* The second of two, for the first may have been under way before what is wanted was given out. */
    private Future<Void> beatUnless(Following following, boolean reached) {
        return reached ? Future.succeededFuture() : beat(following);
    }

    /**
     * Succeeds when no replica serves what the invalidation ended, or the caller waits no longer.
     *
     * @param waitMs how long it would wait at most
     */
    Future<Ending> settled(Vertx vertx, String app, Invalidation invalidation, long waitMs) {
        return loop.future()
                .compose(there -> Loops.call(vertx, there, () -> settle(following(app), invalidation, waitMs)));
    }

    /** Succeeds when the store has taken whatever was queued of an app before. */
    Future<Void> replayed(Vertx vertx, Coherence app) {
        return app.isExpecting()
                ? loop.future()
                        .compose(there -> Loops.call(
                                vertx, there, () -> following(app.app()).backlog.replay()))
                : Future.succeededFuture();
    }

    /**
     * Has an invalidation that the store did not take wait until it does. Fails, for the reason that it was not taken for, if too many wait.
     *
     * @param sinceNanos when it came
     */
    Future<Void> queue(Vertx vertx, String app, Wish wish, long sinceNanos, Throwable why) {
        return loop.future()
                .compose(there -> Loops.call(
                        vertx,
                        there,
                        () -> !stopped && following(app).backlog.add(wish, sinceNanos)
                                ? Future.succeededFuture()
                                : Future.failedFuture(why)));
    }

    /** How many invalidations wait for the store, and what became of others. */
    Backlog.Bound queued() {
        return queued;
    }

    /** Tells the changes of an app after a place, on this verticle's loop, until the subscription is ended. */
    public Future<Subscription> subscribe(Vertx vertx, String app, Place after, Consumer<Change> heard) {
        app(app);
        return loop.future()
                .compose(there -> Loops.call(vertx, there, () -> {
                    Following following = following(app);
                    Coherence coherence = following.coherence;
                    return beatUnless(following, isReached(coherence, after))
                            .compose(once -> beatUnless(following, isReached(coherence, after)))
                            .map(reached -> subscription(following, after, heard, there));
                }));
    }

    /* A subscriber may know more than this replica, which has missed something then. */
    private static boolean isReached(Coherence coherence, Place place) {
        return coherence.isCoherent()
                && (place.isNone() || (place.isIn(coherence.epoch()) && place.stamp() <= coherence.applied()));
    }

    private static Subscription subscription(Following following, Place after, Consumer<Change> heard, Context loop) {
        Coherence coherence = following.coherence;
        following.subscribers.add(heard);
        Replay replay = replay(coherence, after);
        Map<Tag, Mark> missed =
                replay == Replay.WHOLE ? coherence.table().since(after.stamp(), MISSED_TAGS_MAX + 1) : Map.of();
        boolean tooMany = missed.size() > MISSED_TAGS_MAX;
        return new Subscription(
                new Place(coherence.epoch(), coherence.applied()),
                tooMany ? Replay.BEHIND : replay,
                tooMany ? Map.of() : missed,
                () -> loop.runOnContext(end -> following.subscribers.remove(heard)));
    }

    private static Replay replay(Coherence coherence, Place after) {
        if (after.isNone()) {
            return Replay.NONE;
        }
        if (!after.isIn(coherence.epoch()) || after.stamp() > coherence.applied()) {
            return Replay.EPOCH;
        }
        return after.stamp() < coherence.table().floor() ? Replay.BEHIND : Replay.WHOLE;
    }

    private Following following(String app) {
        Following known = apps.get(app);
        return known != null ? known : follow(app);
    }

    private synchronized Following follow(String app) {
        Following known = apps.get(app);
        if (known != null) {
            return known;
        }
        Key.checkApp(app);
        if (apps.size() >= config.appsMax()) {
            throw new TooManyAppsException(config.appsMax());
        }
        Coherence coherence = new Coherence(app, rules, clocks);
        Backlog backlog = new Backlog(store, coherence, clocks, queued);
        Following following = new Following(coherence, store, backlog, this::beatAfter);
        apps.put(app, following);
        loop.future()
                .onSuccess(there -> there.runOnContext(begin ->
                        store.listen(app, replica, change -> there.runOnContext(run -> heard(following, change)))));
        return following;
    }

    /* The bus says the number of each beat before the next one, or it is lost. */
    private void regular(Following following) {
        boolean silent = following.answered >= following.regular && following.echoed < following.regular;
        if (silent && following.coherence.isListening()) {
            lost(following);
            store.listenAnew();
        }
        beat(following);
        following.regular = following.beats;
    }

    private Future<Void> beat(Following following) {
        if (stopped) {
            return Future.failedFuture(new StoreException("this replica stops"));
        }
        if (following.beating != null) {
            return following.beating;
        }
        long number = ++following.beats;
        long sentNanos = clocks.nanos();
        following.beatAgain = false;
        Future<Void> beating = store.beat(following.coherence.app(), position(following))
                .compose(pulse -> {
                    following.beating = null;
                    following.answered = number;
                    return take(following, pulse, sentNanos);
                })
                .onFailure(failed -> {
                    following.beating = null;
                    following.coherence.cutOff(!stopped && failed instanceof StoreException);
                    LOG.debug("A beat of app {} failed: {}", following.coherence.app(), failed.getMessage());
                });
        if (!beating.isComplete()) {
            following.beating = beating;
        }
        return beating;
    }

    private Future<Void> take(Following following, Pulse pulse, long sentNanos) {
        if (stopped) {
            return Future.failedFuture(new StoreException("this replica stops"));
        }
        Coherence coherence = following.coherence;
        coherence.cutOff(false);
        if (!pulse.epoch().equals(coherence.epoch())) {
            newEpoch(following, pulse);
        }
        coherence.tell(pulse, sentNanos);
        long before = coherence.applied();
        coherence.table().raiseFloor(pulse.floor());
        merge(coherence, pulse.changed(), pulse.upTo());
        advance(following, pulse.upTo(), pulse.changed());
        following.backlog.replay().onFailure(failed -> LOG.debug("Queued invalidations wait on", failed));
        if (before > 0 && before < pulse.floor()) {
            following.tell(new Change.Lost());
        }
        if (pulse.upTo() > before) {
            following.tell(new Change.Invalidated(pulse.epoch(), before, pulse.upTo(), pulse.changed()));
        }
        following.settlements.passed(pulse.timeMicros());
        following.settlements.acknowledged(pulse.acknowledged());
        if (pulse.upTo() < pulse.head()) {
            // A tag is told at its latest change: one of an earlier stamp may be among what is left.
            coherence.close();
            return beat(following);
        }
        upToDate(following, pulse, sentNanos);
        acknowledgeSoon(following);
        return following.beatAgain ? beat(following) : Future.succeededFuture();
    }

    private void upToDate(Following following, Pulse pulse, long sentNanos) {
        if (pulse.doubt() == 0) {
            following.coherence.trust();
            following.writeBack.forget();
        } else {
            giveBack(following, pulse.epoch());
        }
        following.coherence.open(sentNanos);
    }

    private void newEpoch(Following following, Pulse pulse) {
        Coherence coherence = following.coherence;
        boolean first = coherence.epoch().isEmpty();
        following.settlements.abandon(BEGAN_ANEW);
        coherence.listening(coherence.isListening());
        if (!first && coherence.isCoherent()) {
            following.writeBack.owe(coherence.table().since(pulse.kept()));
            coherence.carryOn(pulse);
        } else {
            following.writeBack.forget();
            coherence.reset(pulse);
        }
        if (!first) {
            LOG.warn(
                    "App {} has a new history of invalidations: {}",
                    coherence.app(),
                    following.writeBack.isOwing()
                            ? "this replica gives back what it lacks"
                            : "what is older is in doubt");
            following.tell(new Change.NewEpoch(pulse.epoch()));
        }
    }

    private void giveBack(Following following, String epoch) {
        following
                .writeBack
                .give(epoch)
                .onFailure(failed -> LOG.debug("Marks are not given back, the next beat tries again", failed))
                .onSuccess(given -> {
                    if (given) {
                        LOG.info("App {} has its history back", following.coherence.app());
                        beat(following);
                    }
                });
    }

    private void heard(Following following, Change change) {
        Coherence coherence = following.coherence;
        switch (change) {
            case Change.Written written -> {
                near.dropUnless(written.key(), written.revision());
                leases.written(written.key(), written.revision());
                following.tell(change);
            }
            case Change.Released released -> leases.changed(released.key());
            case Change.Invalidated invalidated -> invalidated(following, invalidated);
            case Change.Applied applied -> {
                if (applied.epoch().equals(coherence.epoch())) {
                    following.settlements.applied(applied.replica(), applied.stamp());
                }
            }
            case Change.Acknowledged all -> {
                if (all.epoch().equals(coherence.epoch())) {
                    following.settlements.acknowledged(all.stamp());
                }
            }
            case Change.Echo echo -> following.echoed = Math.max(following.echoed, echo.beat());
            case Change.Lost lost -> lost(following);
            case Change.Live live -> {
                coherence.listening(true);
                leases.changedUnheard(coherence.app());
                following.regular = 0;
                beatAfter(following);
            }
            case Change.NewEpoch told -> beat(following);
        }
    }

    private void lost(Following following) {
        Coherence coherence = following.coherence;
        if (coherence.isListening()) {
            LOG.warn("The bus of app {} is lost: reads are confirmed by the store until it is back", coherence.app());
            coherence.listening(false);
            following.tell(new Change.Lost());
        }
    }

    private void invalidated(Following following, Change.Invalidated change) {
        Coherence coherence = following.coherence;
        merge(coherence, change.marks(), change.stamp());
        awaited(following, change);
        if (!change.epoch().equals(coherence.epoch()) || change.previous() > coherence.applied()) {
            beatAfter(following);
            return;
        }
        if (change.stamp() > coherence.applied()) {
            advance(following, change.stamp(), change.marks());
            following.tell(change);
        }
        acknowledgeSoon(following);
    }

    private void awaited(Following following, Change.Invalidated change) {
        String waiter = change.waiter();
        if (rules.acks() == Rules.Acks.EAGER && !waiter.isEmpty() && !waiter.equals(replica)) {
            following.waiters.merge(waiter, change.stamp(), Math::max);
        }
    }

    /* Who looks again for what the marks have ended is given a ticket of after them: so it is told when they are applied. */
    private void advance(Following following, long stamp, Map<Tag, Mark> marks) {
        following.coherence.advance(stamp);
        if (!marks.isEmpty()) {
            leases.invalidated(following.coherence.app(), marks.keySet());
        }
        following.backlog.applied();
        following.settlements.applied(replica, following.coherence.applied());
    }

    /* A beat that is sent after what was just heard: the one under way may have been answered before. */
    private void beatAfter(Following following) {
        if (following.beating == null) {
            beat(following);
        } else {
            following.beatAgain = true;
        }
    }

    private static void merge(Coherence coherence, Map<Tag, Mark> marks, long changedAt) {
        marks.forEach((tag, mark) -> coherence.table().merge(tag, mark, changedAt));
    }

    /* One acknowledgement for whatever was applied in this turn of the loop, and one at a time, to those who wait for one. */
    private void acknowledgeSoon(Following following) {
        if (following.acknowledging || following.waiters.isEmpty()) {
            return;
        }
        following.acknowledging = true;
        context.runOnContext(turn -> {
            Set<String> waiters = following.takeWaiters();
            if (waiters.isEmpty()) {
                following.acknowledging = false;
                return;
            }
            store.acknowledge(following.coherence.app(), position(following), waiters)
                    .onComplete(done -> {
                        following.acknowledging = false;
                        if (done.failed()) {
                            LOG.debug("An acknowledgement failed, the next beat makes it", done.cause());
                        }
                        acknowledgeSoon(following);
                    });
        });
    }

    private Future<Ending> settle(Following following, Invalidation invalidation, long waitMs) {
        if (invalidation.epoch().equals(following.coherence.epoch())) {
            return following.settlements.settle(vertx, invalidation, rules.acks() == Rules.Acks.WINDOW, waitMs);
        }
        return beat(following)
                .compose(told -> invalidation.epoch().equals(following.coherence.epoch())
                        ? settle(following, invalidation, waitMs)
                        : Future.failedFuture(new StoreException(BEGAN_ANEW)));
    }

    private Position position(Following following) {
        Coherence coherence = following.coherence;
        return new Position(replica, coherence.epoch(), coherence.applied(), following.beats);
    }
}
