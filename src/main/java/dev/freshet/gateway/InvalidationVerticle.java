package dev.freshet.gateway;

import dev.freshet.entry.Key;
import dev.freshet.lease.LeaseVerticle;
import dev.freshet.loop.Clocks;
import dev.freshet.loop.Loops;
import dev.freshet.near.NearCache;
import dev.freshet.store.Change;
import dev.freshet.store.Invalidation;
import dev.freshet.store.Position;
import dev.freshet.store.Pulse;
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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
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
     * applied, not counted, and answered with a beat.
     *
     * Copies are also ended by writes, which the beat does not bring. So near copies are used only
     * while the bus is heard, and all are dropped when it is lost and again when it is back, for
     * what was read in between may have been overwritten unheard.
     */

    private static final Logger LOG = LoggerFactory.getLogger(InvalidationVerticle.class);

    /** What is added to the end of a window before it is believed: timers and clocks are not exact. */
    private static final long SETTLE_SLACK_MICROS = 2_000;

    private static final String BEGAN_ANEW = "the history of invalidations began anew: invalidate again";

    private final Store store;
    private final NearCache near;
    private final LeaseVerticle leases;
    private final CoherenceConfig config;
    private final String replica;
    private final Clocks clocks;
    private final Map<String, Following> apps = new ConcurrentHashMap<>();
    private final Promise<Context> loop = Promise.promise();

    /** Of this verticle's loop: nothing opens a window any more. */
    private boolean stopped;

    /** One app that this replica follows. All but the coherence belongs to the verticle's loop. */
    private final class Following {
        final Coherence coherence;
        final List<Settling> settling = new ArrayList<>();
        final Set<Consumer<Change>> subscribers = new HashSet<>();

        @Nullable
        Future<Void> beating;

        boolean acknowledging;
        long acknowledged;

        Following(String app) {
            coherence = new Coherence(app, config.marksMax(), clocks);
        }
    }

    /** An invalidation that waits for every replica, or with the highest of stamps for the time alone. */
    private record Settling(long stamp, Promise<Void> settled, long timer) {}

    /** Follows nothing yet. */
    public InvalidationVerticle(
            Store store, NearCache near, LeaseVerticle leases, CoherenceConfig config, String replica, Clocks clocks) {
        this.store = store;
        this.near = near;
        this.leases = leases;
        this.config = config;
        this.replica = replica;
        this.clocks = clocks;
    }

    @Override
    public Future<?> start() {
        loop.complete(context);
        vertx.setPeriodic(config.beat().toMillis(), tick -> apps.values().forEach(this::beat));
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        stopped = true;
        List<Future<Void>> left = new ArrayList<>();
        apps.forEach((app, following) -> {
            following.coherence.close();
            abandon(following, "this replica stops");
            left.add(store.leave(app, replica).otherwiseEmpty());
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
        return app.isCoherent()
                ? Future.succeededFuture()
                : loop.future().compose(there -> Loops.call(vertx, there, () -> beat(following(app.app()))));
    }

    /** Succeeds when no replica serves what the invalidation ended. */
    public Future<Void> settled(Vertx vertx, String app, Invalidation invalidation) {
        return loop.future().compose(there -> Loops.call(vertx, there, () -> settle(following(app), invalidation)));
    }

    /**
     * Tells the changes of an app from a stamp on, on this verticle's loop, until the subscription is ended.
     *
     * @param after the last stamp that the subscriber knows; below 0 for the present one
     */
    public Future<Subscription> subscribe(Vertx vertx, String app, long after, Consumer<Change> heard) {
        Coherence known = app(app);
        return loop.future()
                .compose(there -> Loops.call(vertx, there, () -> {
                    Following following = following(app);
                    boolean upToDate = known.isCoherent() && after <= known.applied();
                    return (upToDate ? Future.<Void>succeededFuture() : beat(following))
                            .map(beaten -> subscription(following, after, heard, there));
                }));
    }

    /* A subscriber may know more than this replica, which has missed something then, and has just asked for it. */
    private static Subscription subscription(Following following, long after, Consumer<Change> heard, Context loop) {
        Coherence coherence = following.coherence;
        following.subscribers.add(heard);
        boolean whole = after < 0 || (after >= coherence.table().floor() && after <= coherence.applied());
        return new Subscription(
                coherence.applied(),
                whole,
                whole && after >= 0 ? coherence.table().since(after) : Map.of(),
                () -> loop.runOnContext(end -> following.subscribers.remove(heard)));
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
        Following following = new Following(app);
        apps.put(app, following);
        loop.future()
                .onSuccess(there -> store.listen(app, change -> there.runOnContext(run -> heard(following, change))));
        return following;
    }

    private Future<Void> beat(Following following) {
        if (stopped) {
            return Future.failedFuture(new StoreException("this replica stops"));
        }
        if (following.beating != null) {
            return following.beating;
        }
        long sentNanos = clocks.nanos();
        Future<Void> beating = store.beat(following.coherence.app(), position(following.coherence))
                .compose(pulse -> {
                    following.beating = null;
                    return take(following, pulse, sentNanos);
                })
                .onFailure(failed -> {
                    following.beating = null;
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
        if (!pulse.epoch().equals(coherence.epoch())) {
            newEpoch(following, pulse);
        }
        coherence.tell(pulse, sentNanos);
        long before = coherence.applied();
        coherence.table().raiseFloor(pulse.floor());
        merge(coherence, pulse.changed(), pulse.upTo());
        coherence.advance(pulse.upTo());
        if (before > 0 && before < pulse.floor()) {
            tell(following, new Change.Lost());
        }
        if (!pulse.changed().isEmpty()) {
            tell(following, new Change.Invalidated(pulse.epoch(), before, pulse.upTo(), pulse.changed()));
        }
        acknowledged(following, pulse.acknowledged());
        if (pulse.upTo() < pulse.head()) {
            return beat(following);
        }
        coherence.open(sentNanos, config.window().toMillis());
        if (coherence.applied() > before) {
            acknowledgeSoon(following);
        }
        return Future.succeededFuture();
    }

    private void newEpoch(Following following, Pulse pulse) {
        Coherence coherence = following.coherence;
        if (!coherence.epoch().isEmpty()) {
            LOG.warn("App {} has a new history of invalidations: near copies are dropped", coherence.app());
            tell(following, new Change.Lost());
        }
        following.acknowledged = 0;
        abandon(following, BEGAN_ANEW);
        coherence.reset(pulse.epoch());
        near.dropApp(coherence.app());
    }

    private void heard(Following following, Change change) {
        Coherence coherence = following.coherence;
        switch (change) {
            case Change.Written written -> {
                near.dropUnless(written.key(), written.revision());
                leases.changed(written.key());
                tell(following, change);
            }
            case Change.Released released -> leases.changed(released.key());
            case Change.Invalidated invalidated -> invalidated(following, invalidated);
            case Change.Acknowledged all -> {
                if (all.epoch().equals(coherence.epoch())) {
                    acknowledged(following, all.stamp());
                }
            }
            case Change.Lost lost -> {
                LOG.warn("The bus of app {} is lost: reads go to the store until it is back", coherence.app());
                coherence.listening(false);
                near.dropApp(coherence.app());
                tell(following, change);
            }
            case Change.Live live -> {
                near.dropApp(coherence.app());
                coherence.listening(true);
                beat(following);
            }
        }
    }

    private void invalidated(Following following, Change.Invalidated change) {
        Coherence coherence = following.coherence;
        merge(coherence, change.marks(), change.stamp());
        if (!change.epoch().equals(coherence.epoch()) || change.previous() > coherence.applied()) {
            beat(following);
        } else if (change.stamp() > coherence.applied()) {
            coherence.advance(change.stamp());
            tell(following, change);
            acknowledgeSoon(following);
        }
    }

    private static void merge(Coherence coherence, Map<Tag, Mark> marks, long changedAt) {
        marks.forEach((tag, mark) -> coherence.table().merge(tag, mark, changedAt));
    }

    /* One acknowledgement for whatever was applied in this turn of the loop. */
    private void acknowledgeSoon(Following following) {
        if (following.acknowledging) {
            return;
        }
        following.acknowledging = true;
        context.runOnContext(turn -> {
            following.acknowledging = false;
            store.acknowledge(following.coherence.app(), position(following.coherence))
                    .onFailure(failed -> LOG.debug("An acknowledgement failed, the next beat makes it", failed));
        });
    }

    private Future<Void> settle(Following following, Invalidation invalidation) {
        if (!invalidation.epoch().equals(following.coherence.epoch())) {
            return beat(following)
                    .compose(told -> invalidation.epoch().equals(following.coherence.epoch())
                            ? settle(following, invalidation)
                            : Future.failedFuture(new StoreException(BEGAN_ANEW)));
        }
        if (following.acknowledged >= invalidation.stamp()
                && invalidation.quietUntilMicros() <= invalidation.timeMicros()) {
            return Future.succeededFuture();
        }
        long endMicros = invalidation.windows().values().stream()
                .mapToLong(Long::longValue)
                .reduce(invalidation.quietUntilMicros(), Math::max);
        long waitMs = Math.max(1, (endMicros + SETTLE_SLACK_MICROS - invalidation.timeMicros()) / 1_000);
        Promise<Void> settled = Promise.promise();
        boolean quiet = invalidation.quietUntilMicros() > invalidation.timeMicros();
        long timer = vertx.setTimer(waitMs, ended -> {
            following.settling.removeIf(other -> other.timer == ended);
            settled.tryComplete();
        });
        following.settling.add(new Settling(quiet ? Long.MAX_VALUE : invalidation.stamp(), settled, timer));
        return settled.future();
    }

    private void abandon(Following following, String why) {
        List.copyOf(following.settling).forEach(settling -> {
            vertx.cancelTimer(settling.timer);
            settling.settled.tryFail(new StoreException(why));
        });
        following.settling.clear();
    }

    private void acknowledged(Following following, long stamp) {
        following.acknowledged = Math.max(following.acknowledged, stamp);
        following.settling.removeIf(settling -> {
            boolean done = settling.stamp <= following.acknowledged;
            if (done) {
                vertx.cancelTimer(settling.timer);
                settling.settled.tryComplete();
            }
            return done;
        });
    }

    private static void tell(Following following, Change change) {
        List.copyOf(following.subscribers).forEach(subscriber -> subscriber.accept(change));
    }

    private Position position(Coherence coherence) {
        return new Position(
                replica, coherence.epoch(), coherence.applied(), config.window().toMillis());
    }
}
