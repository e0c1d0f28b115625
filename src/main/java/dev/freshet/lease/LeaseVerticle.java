package dev.freshet.lease;

import dev.freshet.entry.Key;
import dev.freshet.loop.Clocks;
import dev.freshet.loop.Loops;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The leases that callers of this replica hold or wait for. One instance: all its state lives on its event loop. */
public final class LeaseVerticle extends VerticleBase {
    /*
     * A line is one key that is being refreshed somewhere. It knows until when its lease is held,
     * so callers that come meanwhile follow without asking the store; and at most one claim of a key
     * is under way, which callers that come meanwhile await.
     *
     * No wake-up is lost: whoever waits was put in line before, or in the very turn in which, the
     * store's refusal was heard; and a change heard while a claim is under way makes its refusal
     * void, so those callers look again. A waiter that hears nothing (a lost message, a dead leader)
     * wakes when the lease ends.
     */

    private static final SecureRandom RANDOM = new SecureRandom();

    private final Claims claims;
    private final LeaseConfig config;
    private final String replica;
    private final Clocks clocks;
    private final Map<Key, Line> lines = new HashMap<>();
    private final Promise<Context> loop = Promise.promise();
    private final AtomicInteger waiters = new AtomicInteger();

    /** Callers of one key. */
    private final class Line {
        /** By the timer that ends the wait. */
        final Map<Long, Promise<Turn>> waiting = new HashMap<>();

        @Nullable
        Future<Claim> claiming;

        boolean changed;
        long heldUntilNanos = clocks.nanos();
        long timer = -1;
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

    /** How many callers wait now. */
    public int waiters() {
        return waiters.get();
    }

    /**
     * Asks to refresh a key.
     *
     * @param seenRevision what the caller found, 0 for no entry
     * @param waitMs how long it would wait for somebody else's value, 0 for not at all
     */
    public Future<Turn> ask(Vertx vertx, Key key, long seenRevision, long waitMs) {
        return loop.future().compose(there -> Loops.call(vertx, there, () -> turn(key, seenRevision, waitMs)));
    }

    /** Gives a lease back: its leader failed. */
    public Future<Boolean> release(Key key, String token) {
        return claims.release(key, token);
    }

    /** A key was written, or its lease was given back: whoever waits looks again. Callable from any thread. */
    public void changed(Key key) {
        loop.future().onSuccess(there -> there.runOnContext(run -> wake(key)));
    }

    private Future<Turn> turn(Key key, long seenRevision, long waitMs) {
        Line line = lines.computeIfAbsent(key, k -> new Line());
        long heldMs = (line.heldUntilNanos - clocks.nanos()) / 1_000_000;
        if (line.claiming == null && heldMs > 0) {
            return follow(line, heldMs, waitMs);
        }
        if (line.claiming != null) {
            return line.claiming.compose(told -> turn(key, seenRevision, waitMs));
        }
        return claim(key, line, seenRevision, waitMs);
    }

    private Future<Turn> claim(Key key, Line line, long seenRevision, long waitMs) {
        line.changed = false;
        Future<Claim> claiming = claims.claim(key, token(), config.ttlMs());
        line.claiming = claiming;
        return claiming.onFailure(failed -> {
                    line.claiming = null;
                    drop(key, line);
                })
                .compose(claim -> {
                    line.claiming = null;
                    return switch (claim) {
                        case Claim.Lead won -> lead(key, line, won, seenRevision);
                        case Claim.Follow lost -> refused(key, line, lost, seenRevision, waitMs);
                    };
                });
    }

    private Future<Turn> refused(Key key, Line line, Claim.Follow lost, long seenRevision, long waitMs) {
        if (line.changed || lost.revision() != seenRevision) {
            drop(key, line);
            return lookAgain();
        }
        hold(key, line, lost.ttlMs());
        return follow(line, lost.ttlMs(), waitMs);
    }

    /*
     * The lease is won, but somebody may have written between the caller's look and the claim: then
     * there is nothing left to do.
     */
    private Future<Turn> lead(Key key, Line line, Claim.Lead lead, long seenRevision) {
        if (lead.revision() == seenRevision) {
            hold(key, line, lead.ttlMs());
            return Future.succeededFuture(new Turn.Lead(lead.token(), lead.ttlMs()));
        }
        drop(key, line);
        return claims.release(key, lead.token()).compose(released -> lookAgain(), failed -> lookAgain());
    }

    private Future<Turn> follow(Line line, long ttlMs, long waitMs) {
        if (waitMs <= 0 || waiters.get() >= config.waitersMax()) {
            return Future.succeededFuture(new Turn.Follow(ttlMs));
        }
        Promise<Turn> turn = Promise.promise();
        long timer = vertx.setTimer(waitMs, late -> {
            line.waiting.remove(late);
            waiters.decrementAndGet();
            turn.complete(new Turn.Follow(Math.max(0, (line.heldUntilNanos - clocks.nanos()) / 1_000_000)));
        });
        line.waiting.put(timer, turn);
        waiters.incrementAndGet();
        return turn.future();
    }

    private void hold(Key key, Line line, long ttlMs) {
        line.heldUntilNanos = clocks.nanos() + ttlMs * 1_000_000;
        if (line.timer >= 0) {
            vertx.cancelTimer(line.timer);
        }
        line.timer = vertx.setTimer(Math.max(1, ttlMs), ended -> wake(key));
    }

    /* Ends a line that nobody else needs. */
    private void drop(Key key, Line line) {
        if (line.claiming == null && line.waiting.isEmpty() && line.timer < 0) {
            lines.remove(key, line);
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
        Map<Long, Promise<Turn>> woken = Map.copyOf(line.waiting);
        line.waiting.clear();
        waiters.addAndGet(-woken.size());
        drop(key, line);
        woken.forEach((timer, turn) -> {
            vertx.cancelTimer(timer);
            turn.complete(new Turn.LookAgain());
        });
    }

    private static Future<Turn> lookAgain() {
        return Future.succeededFuture(new Turn.LookAgain());
    }

    private String token() {
        byte[] random = new byte[12];
        RANDOM.nextBytes(random);
        return replica + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }
}
