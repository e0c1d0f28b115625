package dev.freshet.lease;

import dev.freshet.entry.Key;
import dev.freshet.loop.Clocks;
import dev.freshet.loop.Loops;
import dev.freshet.tag.Tag;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** The leases that callers of this replica hold or wait for. One instance: all its state lives on its event loop. */
public final class LeaseVerticle extends VerticleBase {
    /*
     * A line is one key that is being refreshed somewhere. It knows until when its lease is held,
     * so callers that come meanwhile follow without asking the store; and at most one claim of a key
     * is under way, which callers that come meanwhile join.
     *
     * No wake-up is lost. A caller has looked, and found nothing fresh; then one of these holds:
     *
     *  - Its own claim is refused. The refusal names the revision of that moment: if it is not the one the
     *    caller found, the caller looks again. If it is, whatever is written later is told later; told
     *    before the refusal arrives, it makes the refusal void, and told after it, it finds the caller in
     *    line, who got there in the turn in which the refusal was heard.
     *  - It has joined a claim. If a change is told before the claim is answered, it looks again.
     *  - The line is known to be held. A change that was told since that was learned would have ended
     *    the line. One that was told before, of a revision that the caller did not find, is
     *    remembered: the caller looks again. So the next change, or the end of the lease, finds it in line.
     *  - There is no room in line: it is answered, and waits for nothing.
     *
     * Who holds the line may compute in vain: what is to be refreshed was ended, and what is computed
     * would be no younger. Who knows of an end that the holder is not known to have begun after claims the
     * lease all the same. Whoever takes the holder's place holds the line; those in it stay there, and
     * one who came before the end is told of the value as soon as the others. If nobody comes, one of
     * those in line has to: so the first of them is told of such an end, and looks again. No end is lost
     * either, for it is known before it is told: told before a caller is in line, it is known to who
     * gets there. Once for each line is enough, since a successor has no successor.
     *
     * A message that is lost wakes nobody. So all lines of an app end when its bus is back, and every
     * line ends with its lease, for which the leader may have died.
     *
     * Whoever is woken looks again, rather than being handed what woke it: a write may have come too
     * late to be fresh, and the look is what tells.
     */

    private static final SecureRandom RANDOM = new SecureRandom();

    private final Claims claims;
    private final LeaseConfig config;
    private final String replica;
    private final Clocks clocks;
    private final Map<Key, Line> lines = new HashMap<>();

    /** The lines in which somebody is told when a tag is invalidated. */
    private final Map<Watch, Set<Line>> watches = new HashMap<>();

    private final Promise<Context> loop = Promise.promise();
    private final AtomicInteger waiters = new AtomicInteger();
    private final Map<Limit, LongAdder> exceeded = new EnumMap<>(Limit.class);
    private final LongAdder superseded = new LongAdder();

    /** What bounds the callers that wait. */
    public enum Limit {
        /** {@link LeaseConfig#waitersMax}. */
        WAITERS,
        /** {@link LeaseConfig#waitersPerKeyMax}. */
        WAITERS_PER_KEY,
        /** {@link LeaseConfig#keysMax}. */
        KEYS
    }

    /** A tag of an app. */
    private record Watch(String app, Tag tag) {}

    /** Who waits in a line. */
    private record Waiter(Promise<Turn> turn, Seen seen) {}

    /** Callers of one key. */
    private final class Line {
        final Key key;

        /** By the timer that ends the wait. */
        final SequencedMap<Long, Waiter> waiting = new LinkedHashMap<>();

        /** Where it is among {@link #watches}: nowhere unless somebody waits, nor once one was told. */
        List<Watch> watched = List.of();

        /** Whether one was told of an end. */
        boolean told;

        @Nullable
        Future<Claim> claiming;

        /** Those who await {@link #claiming} and did not make it. */
        int joined;

        boolean changed;

        /** The newest that is known to have been written. */
        long writtenRevision;

        long heldUntilNanos = clocks.nanos();

        /** The newest end that its holder has begun after, or whose knowers have been refused. */
        long outlives;

        long timer = -1;

        Line(Key key) {
            this.key = key;
        }

        long heldMs() {
            return Math.max(0, (heldUntilNanos - clocks.nanos()) / 1_000_000);
        }
    }

    /**
     * Leases for this replica.
     *
     * @param replica goes into each token
     */
    public LeaseVerticle(Claims claims, LeaseConfig config, String replica, Clocks clocks) {
        this.claims = claims;
        this.config = config;
        this.replica = replica;
        this.clocks = clocks;
        for (Limit limit : Limit.values()) {
            exceeded.put(limit, new LongAdder());
        }
    }

    @Override
    public Future<?> start() {
        loop.complete(context);
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        List.copyOf(lines.keySet()).forEach(this::wake);
        return Future.succeededFuture();
    }

    /** How many keys it knows of a lease for. Exact on its own loop. */
    int lines() {
        return lines.size();
    }

    /** How many tags it listens for. Exact on its own loop. */
    int watches() {
        return watches.size();
    }

    /** How many callers wait now. */
    public int waiters() {
        return waiters.get();
    }

    /** How many callers could not wait because of a limit. */
    public long exceeded(Limit limit) {
        return Objects.requireNonNull(exceeded.get(limit)).sum();
    }

    /** How many leases callers of this replica took from a leader who computed in vain. */
    public long superseded() {
        return superseded.sum();
    }

    /**
     * Asks to refresh a key.
     *
     * @param waitMs how long the caller would wait for somebody else's value, 0 for not at all
     */
    public Future<Turn> ask(Vertx vertx, Key key, Seen seen, long waitMs) {
        return loop.future().compose(there -> Loops.call(vertx, there, () -> turn(key, seen, waitMs)));
    }

    /** Gives a lease back: its leader failed. */
    public Future<Boolean> release(Key key, String token) {
        return claims.release(key, token);
    }

    /** A key was written, or its lease was given back: whoever waits looks again. Callable from any thread. */
    public void changed(Key key) {
        written(key, 0);
    }

    /** The same, with what was written. */
    public void written(Key key, long revision) {
        loop.future()
                .onSuccess(there -> there.runOnContext(run -> {
                    Line line = lines.get(key);
                    if (line != null) {
                        line.writtenRevision = Math.max(line.writtenRevision, revision);
                        wake(key);
                    }
                }));
    }

    /** Tags of an app are known to be invalidated: in each line that waits for what was ended by that, one looks again. Callable from any thread. */
    public void invalidated(String app, Collection<Tag> tags) {
        loop.future()
                .onSuccess(there -> there.runOnContext(run ->
                        tags.forEach(tag -> List.copyOf(watches.getOrDefault(new Watch(app, tag), Set.of()))
                                .forEach(this::tellOne))));
    }

    /** Changes of an app may have gone unheard: whoever waits for one of its keys looks again. Callable from any thread. */
    public void changedUnheard(String app) {
        loop.future()
                .onSuccess(there -> there.runOnContext(run -> lines.keySet().stream()
                        .filter(key -> key.app().equals(app))
                        .toList()
                        .forEach(this::wake)));
    }

    private Future<Turn> turn(Key key, Seen seen, long waitMs) {
        Line line = lines.get(key);
        if (line == null) {
            if (lines.size() >= config.keysMax()) {
                exceed(Limit.KEYS);
                return alone(key, seen);
            }
            line = new Line(key);
            lines.put(key, line);
        }
        if (line.claiming != null) {
            return join(line, line.claiming, seen, waitMs);
        }
        if (line.heldMs() == 0) {
            return claim(line, seen, waitMs);
        }
        if (seen.revision() < line.writtenRevision) {
            return lookAgain();
        }
        return seen.endedAt() > line.outlives ? claim(line, seen, waitMs) : follow(line, seen, waitMs);
    }

    /* Its claim alone tells what becomes of it: it is in no line, so nothing could wake it. */
    private Future<Turn> alone(Key key, Seen seen) {
        return claims.claim(key, bid(seen), config.ttlMs()).compose(claim -> {
            boolean same = claim.revision() == seen.revision();
            return switch (claim) {
                case Claim.Lead won -> same ? won(won) : giveBack(key, won);
                case Claim.Follow lost -> same ? Future.succeededFuture(new Turn.Follow(lost.ttlMs())) : lookAgain();
            };
        });
    }

    private Future<Turn> won(Claim.Lead lead) {
        if (lead.superseding()) {
            superseded.increment();
        }
        return Future.succeededFuture(new Turn.Lead(lead.token(), lead.ttlMs()));
    }

    /* Who joined is told after the one who claimed, who leaves the line held or ends it. */
    private Future<Turn> join(Line line, Future<Claim> claiming, Seen seen, long waitMs) {
        if (!admits(line)) {
            return Future.succeededFuture(new Turn.Follow(line.heldMs()));
        }
        line.joined++;
        waiters.incrementAndGet();
        return claiming.onComplete(told -> {
                    line.joined--;
                    waiters.decrementAndGet();
                })
                .compose(told -> line.heldMs() == 0 || line.changed ? lookAgain() : follow(line, seen, waitMs));
    }

    private Future<Turn> claim(Line line, Seen seen, long waitMs) {
        line.changed = false;
        long sentNanos = clocks.nanos();
        Bid bid = bid(seen);
        Future<Claim> claiming = claims.claim(line.key, bid, config.ttlMs());
        line.claiming = claiming;
        return claiming.onFailure(failed -> {
                    line.claiming = null;
                    drop(line);
                })
                .compose(claim -> {
                    line.claiming = null;
                    return switch (claim) {
                        case Claim.Lead won -> lead(line, won, seen.revision(), bid, sentNanos);
                        case Claim.Follow lost -> {
                            if (line.changed || lost.revision() != seen.revision()) {
                                drop(line);
                                yield lookAgain();
                            }
                            hold(line, lost.ttlMs(), bid.endedAt(), sentNanos);
                            yield follow(line, seen, waitMs);
                        }
                    };
                });
    }

    /*
     * The lease is won, but somebody may have written between the caller's look and the claim: then
     * there is nothing left to do.
     */
    private Future<Turn> lead(Line line, Claim.Lead lead, long seenRevision, Bid bid, long sentNanos) {
        if (lead.revision() == seenRevision) {
            hold(line, lead.ttlMs(), Math.max(bid.asOf(), bid.endedAt()), sentNanos);
            return won(lead);
        }
        drop(line);
        return giveBack(line.key, lead);
    }

    private Future<Turn> giveBack(Key key, Claim.Lead lead) {
        return claims.release(key, lead.token())
                .onSuccess(released -> wake(key))
                .compose(released -> lookAgain(), failed -> lookAgain());
    }

    private Future<Turn> follow(Line line, Seen seen, long waitMs) {
        if (sentBack(line, seen)) {
            return lookAgain();
        }
        if (waitMs <= 0 || !admits(line)) {
            return Future.succeededFuture(new Turn.Follow(line.heldMs()));
        }
        Promise<Turn> turn = Promise.promise();
        long timer = vertx.setTimer(waitMs, late -> leave(line, late, new Turn.Follow(line.heldMs())));
        line.waiting.put(timer, new Waiter(turn, seen));
        waiters.incrementAndGet();
        if (line.watched.isEmpty() && !line.told) {
            watch(line, seen.tags());
        }
        return turn.future();
    }

    private void leave(Line line, long timer, Turn turn) {
        Waiter left = Objects.requireNonNull(line.waiting.remove(timer));
        if (line.waiting.isEmpty()) {
            unwatch(line);
        }
        waiters.decrementAndGet();
        vertx.cancelTimer(timer);
        left.turn.complete(turn);
    }

    private void watch(Line line, List<Tag> tags) {
        line.watched = tags.stream()
                .distinct()
                .map(tag -> new Watch(line.key.app(), tag))
                .toList();
        line.watched.forEach(watch ->
                watches.computeIfAbsent(watch, first -> new LinkedHashSet<>()).add(line));
    }

    private void unwatch(Line line) {
        line.watched.forEach(watch ->
                watches.computeIfPresent(watch, (same, those) -> those.remove(line) && those.isEmpty() ? null : those));
        line.watched = List.of();
    }

    private void tellOne(Line line) {
        Map.Entry<Long, Waiter> first = line.waiting.firstEntry();
        if (sentBack(line, first.getValue().seen)) {
            leave(line, first.getKey(), new Turn.LookAgain());
        }
    }

    /* Whether this one is, since the line's holder computes in vain; then no other of it will be. */
    private boolean sentBack(Line line, Seen seen) {
        if (line.told || seen.endedAt() <= line.outlives) {
            return false;
        }
        line.told = true;
        unwatch(line);
        return true;
    }

    /* Whether one more caller may wait; if not, that is counted. */
    private boolean admits(Line line) {
        if (line.waiting.size() + line.joined >= config.waitersPerKeyMax()) {
            return exceed(Limit.WAITERS_PER_KEY);
        }
        return waiters.get() < config.waitersMax() || exceed(Limit.WAITERS);
    }

    private boolean exceed(Limit limit) {
        Objects.requireNonNull(exceeded.get(limit)).increment();
        return false;
    }

    /* It may have ended while the answer was on its way: so it counts from the sending of the claim. */
    private void hold(Line line, long ttlMs, long outlives, long sentNanos) {
        line.outlives = outlives;
        line.heldUntilNanos = sentNanos + ttlMs * 1_000_000;
        if (line.timer >= 0) {
            vertx.cancelTimer(line.timer);
        }
        long leftMs = Math.ceilDiv(line.heldUntilNanos - clocks.nanos(), 1_000_000L);
        line.timer = vertx.setTimer(Math.max(1, leftMs), ended -> wake(line.key));
    }

    /* Ends a line that nobody else needs. */
    private void drop(Line line) {
        if (line.claiming == null && line.waiting.isEmpty() && line.timer < 0) {
            lines.remove(line.key, line);
        }
    }

    private void wake(Key key) {
        Line line = lines.get(key);
        if (line == null) {
            return;
        }
        line.changed = true;
        if (line.timer >= 0) {
            vertx.cancelTimer(line.timer);
            line.timer = -1;
        }
        Map<Long, Waiter> woken = new LinkedHashMap<>(line.waiting);
        line.waiting.clear();
        unwatch(line);
        waiters.addAndGet(-woken.size());
        drop(line);
        woken.forEach((timer, waiter) -> {
            vertx.cancelTimer(timer);
            waiter.turn.complete(new Turn.LookAgain());
        });
    }

    private static Future<Turn> lookAgain() {
        return Future.succeededFuture(new Turn.LookAgain());
    }

    private Bid bid(Seen seen) {
        byte[] random = new byte[12];
        RANDOM.nextBytes(random);
        String name = replica + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        return new Bid(name, seen.asOf(), seen.endedAt());
    }
}
