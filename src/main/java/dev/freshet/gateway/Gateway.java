package dev.freshet.gateway;

import dev.freshet.entry.Draft;
import dev.freshet.entry.EarlyRefresh;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Freshness;
import dev.freshet.entry.Key;
import dev.freshet.entry.Ticket;
import dev.freshet.gateway.Lookup.Source;
import dev.freshet.gateway.Settlements.Ending;
import dev.freshet.gateway.Settlements.Outcome;
import dev.freshet.lease.LeaseVerticle;
import dev.freshet.lease.Seen;
import dev.freshet.lease.Turn;
import dev.freshet.loop.Clocks;
import dev.freshet.loop.Loops;
import dev.freshet.near.Copy;
import dev.freshet.near.Landing;
import dev.freshet.near.NearCache;
import dev.freshet.store.Change;
import dev.freshet.store.Invalidation;
import dev.freshet.store.Store;
import dev.freshet.store.StoreException;
import dev.freshet.store.Written;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The cache as its clients see it. One for all event loops of a replica; each result is told on the caller's. */
public final class Gateway {
    /*
     * How a read goes.
     *
     *  1. A near hit, if the window is open: a near copy that is fresh by the marks is served at once.
     *  2. Else the window is opened, by a beat if need be, and the entry is read from the store; a
     *     copy in hand is confirmed. One that an invalidation has ended is not, if the caller would refresh
     *     it: the claim tells whether the store has another by now.
     *  3. Freshness judges it, by the marks as they are now.
     *  4. Fresh: served; near its end one who would refresh it is elected to. Stale or gone: the lease
     *     decides who refreshes, if the caller would.
     *  5. A follower who would wait is told when the lease ends, and goes to 1.
     *
     * The window is asked before each judgement, which follows everything that takes time: so a
     * process that was halted does not serve what was invalidated before it was asked. Who joins a
     * flight judges what it brings by the marks as they are when it lands; and if it brings nothing that
     * may be served, reads anew, for it began before the caller came, and may have missed a write that
     * was answered before.
     *
     * While the store does not answer, a near copy is served past its window, and says so, if the
     * configuration lets it.
     */

    /** How often a caller looks again at once before it is answered as a follower. */
    private static final int LOOKS_MAX = 8;

    /** Who would refresh what is stale while the store does not answer may ask again in a second. */
    private static final Turn LATER = new Turn.Follow(1_000);

    private final Vertx vertx;
    private final Store store;
    private final NearCache near;
    private final LeaseVerticle leases;
    private final InvalidationVerticle invalidations;
    private final Meters meters;
    private final Clocks clocks;
    private final Sampler sampler;
    private final long outageNanos;

    /** A gateway over its parts. */
    public Gateway(
            Vertx vertx,
            Store store,
            NearCache near,
            LeaseVerticle leases,
            InvalidationVerticle invalidations,
            Meters meters,
            CoherenceConfig config,
            Clocks clocks) {
        this.vertx = vertx;
        this.store = store;
        this.near = near;
        this.leases = leases;
        this.invalidations = invalidations;
        this.meters = meters;
        this.clocks = clocks;
        this.sampler = new Sampler(store, meters, config.verify());
        this.outageNanos = config.outageMax().toNanos();
    }

    /** One caller's read, which may take several looks. */
    private record Read(Coherence app, Key key, Ask ask, long deadlineNanos, int looks, boolean anew) {
        long leftMs(Clocks clocks) {
            return Math.max(0, TimeUnit.NANOSECONDS.toMillis(deadlineNanos - clocks.nanos()));
        }

        Read again() {
            return new Read(app, key, ask, deadlineNanos, looks + 1, false);
        }

        Read afterJoining() {
            return new Read(app, key, ask, deadlineNanos, looks, true);
        }

        boolean collapsed() {
            return looks > 0;
        }
    }

    /*
     * Most reads end here, at the cost of a map's get, one reading of the clock and no allocation. Whoever may be elected to
     * refresh the entry early needs a look, so that the lot is drawn once.
     */

    /**
     * The entry that {@link #get} would find fresh, if a near copy tells at once; else null.
     *
     * @param nanos {@link #nanos} since the request came
     */
    public @Nullable Entry hit(Key key, Ask ask, long nanos) {
        return hit(key, ask, nanos, any -> true);
    }

    /** The same, if it is one that the caller can use. */
    public @Nullable Entry hit(Key key, Ask ask, long nanos, Predicate<Entry> usable) {
        Coherence app = invalidations.app(key.app());
        Copy copy = ask.early() ? null : copy(app, key, nanos);
        if (copy == null || !usable.test(copy.entry()) || app.judge(copy, ask.softTags(), nanos) != Freshness.FRESH) {
            return null;
        }
        Entry entry = copy.entry();
        sampler.sample(app, entry, ask.softTags());
        meters.nearHit();
        return entry;
    }

    /** Up to where this replica knows an app's invalidations: whatever it finds for who asks after this is judged by these at least. */
    public Place place(String app) {
        return invalidations.app(app).place();
    }

    /** A reading of the clock, in ns. */
    public long nanos() {
        return clocks.nanos();
    }

    /** How long ago the computation of an entry began, in ms, at a reading of the clock. */
    public long ageMs(Entry entry, long nanos) {
        return entry.ageMs(invalidations.app(entry.key().app()).msAt(nanos));
    }

    /** Reads an entry. */
    public Future<Lookup> get(Key key, Ask ask) {
        long nanos = clocks.nanos();
        Entry hit = hit(key, ask, nanos);
        return hit != null
                ? Future.succeededFuture(new Lookup.Fresh(hit, ageMs(hit, nanos), Source.NEAR, false))
                : get(key, ask, nanos);
    }

    /**
     * The same of an entry that {@link #hit} did not find at once.
     *
     * @param nanos {@link #nanos} since the request came
     */
    public Future<Lookup> get(Key key, Ask ask, long nanos) {
        Coherence app = invalidations.app(key.app());
        long deadlineNanos = nanos + TimeUnit.MILLISECONDS.toNanos(ask.waitMs());
        return Loops.back(
                vertx,
                look(new Read(app, key, ask, deadlineNanos, 0, false), nanos).onSuccess(meters::read));
    }

    private @Nullable Copy copy(Coherence app, Key key, long nanos) {
        return app.mayUseNear(nanos) ? near.get(key, app.term(), nanos) : null;
    }

    private Future<Lookup> look(Read read, long nanos) {
        Lookup kept = read.app.isCutOff() ? kept(read, nanos) : null;
        return kept != null
                ? Future.succeededFuture(kept)
                : lookNearAndFar(read, nanos).recover(failed -> {
                    Lookup late = failed instanceof StoreException ? kept(read, clocks.nanos()) : null;
                    return late != null ? Future.succeededFuture(late) : Future.failedFuture(failed);
                });
    }

    /* What the store confirmed a while ago, if it does not answer now. Nobody leads then, for nothing could be written. */
    private @Nullable Lookup kept(Read read, long nanos) {
        Coherence app = read.app;
        Copy copy = app.mayServeCutOff(nanos) ? near.last(read.key, nanos, outageNanos) : null;
        if (copy == null) {
            return null;
        }
        Entry entry = copy.entry();
        Freshness freshness = app.judgeInOutage(entry, read.ask.softTags(), nanos);
        if (freshness.isStale()) {
            return stale(read, entry, freshness, Source.OUTAGE, read.ask.lease() ? LATER : null);
        }
        return freshness == Freshness.FRESH
                ? new Lookup.Fresh(entry, entry.ageMs(app.msAt(nanos)), Source.OUTAGE, read.collapsed())
                : null;
    }

    private Future<Lookup> lookNearAndFar(Read read, long nanos) {
        Coherence app = read.app;
        Copy copy = copy(app, read.key, nanos);
        Freshness freshness = copy == null ? null : app.judge(copy, read.ask.softTags(), nanos);
        if (copy != null && freshness != null && freshness != Freshness.GONE) {
            sampler.sample(app, copy.entry(), read.ask.softTags());
            return found(read, copy.entry(), freshness, Source.NEAR, app.msAt(nanos));
        }
        if (copy != null && freshness == Freshness.GONE && read.ask.lease() && isKept(copy.entry(), app.msAt(nanos))) {
            return missed(read, copy.entry());
        }
        return invalidations
                .renew(vertx, app)
                .compose(open -> near.fetch(read.key, app.term(), copied -> store.read(read.key, copied)))
                .compose(landing -> weigh(read, landing, 0));
    }

    /* What is past its age alone the store may have forgotten, and the claim would be in vain. */
    private static boolean isKept(Entry entry, long nowMs) {
        return Freshness.byAge(entry, nowMs) != Freshness.GONE;
    }

    private Future<Lookup> weigh(Read read, Landing landing, int renewals) {
        Coherence app = read.app;
        long nanos = clocks.nanos();
        Entry entry = landing.entry().orElse(null);
        Freshness judged = entry != null
                ? app.judge(entry, read.ask.softTags(), nanos)
                : app.isOpen(nanos) ? Freshness.GONE : null;
        if (judged == null) {
            return renewals < LOOKS_MAX
                    ? invalidations.renew(vertx, app).compose(open -> weigh(read, landing, renewals + 1))
                    : Future.failedFuture(new StoreException("the coherence window closes before a read ends"));
        }
        if (entry != null && judged != Freshness.GONE) {
            return found(read, entry, judged, Source.STORE, app.msAt(nanos));
        }
        return landing.joined() && !read.anew ? look(read.afterJoining(), nanos) : missed(read, entry);
    }

    private Future<Lookup> found(Read read, Entry entry, Freshness freshness, Source source, long nowMs) {
        if (!freshness.isStale()) {
            long ageMs = entry.ageMs(nowMs);
            Lookup fresh = new Lookup.Fresh(entry, ageMs, source, read.collapsed());
            return read.ask.early()
                            && EarlyRefresh.isDue(
                                    entry,
                                    ageMs,
                                    1 - ThreadLocalRandom.current().nextDouble())
                    ? early(read, entry, source, fresh)
                    : Future.succeededFuture(fresh);
        }
        if (!read.ask.lease()) {
            return Future.succeededFuture(stale(read, entry, freshness, source, null));
        }
        return turn(read, seen(read, entry), read.ask.waitStale() ? read.leftMs(clocks) : 0)
                .recover(failed ->
                        failed instanceof StoreException ? Future.succeededFuture(LATER) : Future.failedFuture(failed))
                .compose(turn -> turn instanceof Turn.LookAgain
                        ? lookAgain(read)
                        : Future.succeededFuture(stale(read, entry, freshness, source, turn)));
    }

    /* Nothing keeps a fresh entry from being served: neither who else refreshes it, nor a store that does not answer. */
    private Future<Lookup> early(Read read, Entry entry, Source source, Lookup fresh) {
        return turn(read, seen(read, entry), 0).otherwise(new Turn.Follow(0)).compose(turn -> switch (turn) {
            case Turn.LookAgain changed -> lookAgain(read);
            case Turn.Follow other -> Future.succeededFuture(fresh);
            case Turn.Lead elected ->
                Future.succeededFuture(new Lookup.Early(
                        entry, entry.ageMs(read.app.nowMs()), source, elected, read.app.ticket(), read.collapsed()));
        });
    }

    private static Lookup stale(Read read, Entry entry, Freshness why, Source source, @Nullable Turn turn) {
        long ageMs = entry.ageMs(read.app.nowMs());
        return new Lookup.Stale(
                entry, ageMs, source, why, Optional.ofNullable(turn), read.app.ticket(), read.collapsed());
    }

    private Future<Lookup> missed(Read read, @Nullable Entry gone) {
        if (!read.ask.lease()) {
            return Future.succeededFuture(new Lookup.Miss(Optional.empty(), read.app.ticket(), read.collapsed()));
        }
        return turn(read, seen(read, gone), read.leftMs(clocks))
                .compose(turn -> turn instanceof Turn.LookAgain
                        ? lookAgain(read)
                        : Future.succeededFuture(
                                new Lookup.Miss(Optional.of(turn), read.app.ticket(), read.collapsed())));
    }

    private static Seen seen(Read read, @Nullable Entry entry) {
        return entry == null
                ? new Sight(read.app, 0, List.of())
                : new Sight(read.app, entry.revision(), tags(read, entry));
    }

    private static List<Tag> tags(Read read, Entry entry) {
        List<Tag> softTags = read.ask.softTags();
        return softTags.isEmpty()
                ? entry.tags()
                : Stream.concat(entry.tags().stream(), softTags.stream()).toList();
    }

    private record Sight(Coherence app, long revision, List<Tag> tags) implements Seen {
        @Override
        public long asOf() {
            return app.applied();
        }

        @Override
        public long endedAt() {
            return app.endedAt(tags);
        }
    }

    /* A caller who looked again and again, while others wrote and wrote, follows. */
    private Future<Turn> turn(Read read, Seen seen, long waitMs) {
        return read.looks < LOOKS_MAX
                ? leases.ask(vertx, read.key, seen, waitMs)
                : Future.succeededFuture(new Turn.Follow(0));
    }

    private Future<Lookup> lookAgain(Read read) {
        near.drop(read.key);
        return look(read.again(), clocks.nanos());
    }

    /** Writes an entry. */
    public Future<Written> put(Key key, Draft draft) {
        Coherence app = invalidations.app(key.app());
        return Loops.back(
                vertx,
                invalidations
                        .reach(vertx, app, draft.ticket().map(Ticket::asOf).orElse(0L))
                        .compose(open -> store.write(
                                key, draft, draft.ticket().map(app::taken).orElseGet(app::ticket)))
                        .onSuccess(written -> {
                            meters.written(written);
                            near.drop(key);
                            leases.changed(key);
                        }));
    }

    /** Removes an entry. Whether there was one. */
    public Future<Boolean> delete(Key key) {
        return Loops.back(vertx, store.remove(key).onSuccess(removed -> {
            meters.removed(removed);
            near.drop(key);
            leases.changed(key);
        }));
    }

    /** A leader failed: the next follower leads. Whether the token held the lease. */
    public Future<Boolean> release(Key key, String token) {
        return Loops.back(vertx, leases.release(key, token).onSuccess(released -> leases.changed(key)));
    }

    /** Invalidates tags. Succeeds when that is in force everywhere, or the caller waits no longer. */
    public Future<Settled> invalidate(String app, Wish wish) {
        Coherence coherence = invalidations.app(app);
        return Loops.back(
                vertx,
                invalidations
                        .renew(vertx, coherence)
                        .compose(open -> invalidations.replayed(vertx, coherence))
                        .compose(earlier -> {
                            long sentNanos = clocks.nanos();
                            String waiter = wish.waitMs() > 0 ? invalidations.replica() : "";
                            return store.invalidate(app, wish.tags(), wish.mode(), wish.holdOffMs(), waiter)
                                    .onSuccess(taken -> meters.invalidated(wish.mode()))
                                    .compose(taken -> settled(app, taken, wish.waitMs(), sentNanos));
                        }));
    }

    /** Does the same for a caller who does not wait: if the store does not take the invalidation, it waits for it, as far as there is room. */
    public Future<Settled> invalidateOrQueue(String app, Wish wish) {
        long nanos = clocks.nanos();
        return invalidate(app, wish)
                .recover(failed -> failed instanceof StoreException
                        ? Loops.back(vertx, invalidations.queue(vertx, app, wish, nanos, failed))
                                .map(queued -> {
                                    meters.invalidated(wish.mode());
                                    return Settled.QUEUED;
                                })
                        : Future.failedFuture(failed));
    }

    private Future<Settled> settled(String app, Invalidation taken, long waitMs, long sentNanos) {
        if (waitMs == 0) {
            return Future.succeededFuture(new Settled(taken.stamp(), 0, false, Set.of(), 0));
        }
        return invalidations.settled(vertx, app, taken, waitMs).compose(ending -> {
            long nanos = clocks.nanos() - sentNanos;
            meters.settled(ending.outcome(), nanos);
            return behind(app, taken, ending, nanos)
                    .map(behind -> Stream.concat(behind.stream(), taken.away().stream())
                            .collect(Collectors.toSet()))
                    .map(behind -> new Settled(
                            taken.stamp(),
                            taken.windows().size(),
                            ending.outcome() != Outcome.NOT_YET,
                            behind,
                            TimeUnit.NANOSECONDS.toMillis(nanos)));
        });
    }

    /* By the store's word all have applied it whose windows are open, and one may have ended meanwhile. */
    private Future<Set<String>> behind(String app, Invalidation taken, Ending ending, long nanos) {
        boolean byAll = ending.outcome() == Outcome.BY_ALL && !taken.mayHaveLostAWindow(nanos);
        return byAll || ending.silent().isEmpty()
                ? Future.succeededFuture(Set.of())
                : store.behind(app, taken.stamp(), ending.silent()).otherwise(ending.silent());
    }

    /** Why an entry is served or not, by itself: soft tags are a request's. Reads the store, and takes no lease. */
    public Future<Why> why(Key key) {
        Coherence app = invalidations.app(key.app());
        return Loops.back(
                vertx,
                invalidations
                        .renew(vertx, app)
                        .compose(open -> store.holder(key)
                                .compose(holder -> store.read(key, Optional.empty())
                                        .map(entry -> new Why(entry.map(found -> judged(app, found)), holder)))));
    }

    private Why.Judged judged(Coherence app, Entry entry) {
        long nanos = clocks.nanos();
        Freshness freshness = app.judge(entry, List.of(), nanos);
        if (freshness == null) {
            throw new StoreException("the coherence window closes before a read ends");
        }
        return Why.judge(app, entry, freshness, app.msAt(nanos));
    }

    /** What is remembered of a tag. */
    public Future<Mark> mark(String app, Tag tag) {
        return clock(app).map(coherence -> coherence.of(tag));
    }

    /** Where this replica stands with an app. */
    public Future<Coherence> clock(String app) {
        Coherence coherence = invalidations.app(app);
        return Loops.back(vertx, invalidations.renew(vertx, coherence).map(coherence));
    }

    /** Tells an app's changes; see {@link InvalidationVerticle#subscribe}. */
    public Future<Subscription> subscribe(String app, Place after, Consumer<Change> heard) {
        return Loops.back(vertx, invalidations.subscribe(vertx, app, after, heard));
    }

    /** Every app that this replica serves. */
    public List<Coherence> apps() {
        return invalidations.apps();
    }

    /** What the near cache holds of an app, by deployment. */
    public Future<SortedMap<String, NearCache.Share>> near(String app) {
        return vertx.executeBlocking(() -> near.shares(app), false).map(Objects::requireNonNull);
    }

    /** This process's name in the fleet. */
    public String replica() {
        return invalidations.replica();
    }
}
