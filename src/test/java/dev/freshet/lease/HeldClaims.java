package dev.freshet.lease;

import static dev.freshet.testing.Futures.until;

import dev.freshet.entry.Key;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

/** Leases that are granted or refused only when a test says so, on the loop that asked. */
final class HeldClaims implements Claims {
    /** A claim that waits for its answer. */
    record Asked(Key key, Bid bid, long ttlMs, Context caller, Promise<Claim> answer) {
        String token() {
            return bid.token();
        }

        void lead(long ttlMs, long revision) {
            tell(new Claim.Lead(token(), ttlMs, revision, false));
        }

        void supersede(long ttlMs, long revision) {
            tell(new Claim.Lead(bid.successorToken(), ttlMs, revision, true));
        }

        void follow(long ttlMs, long revision) {
            tell(new Claim.Follow(ttlMs, revision));
        }

        void fail(String message) {
            caller.runOnContext(run -> answer.fail(message));
        }

        private void tell(Claim claim) {
            caller.runOnContext(run -> answer.complete(claim));
        }
    }

    private final LinkedBlockingQueue<Asked> asked = new LinkedBlockingQueue<>();

    /** The tokens that were given back. */
    final List<String> released = new CopyOnWriteArrayList<>();

    @Override
    public Future<Claim> claim(Key key, Bid bid, long ttlMs) {
        Promise<Claim> answer = Promise.promise();
        asked.add(new Asked(key, bid, ttlMs, Vertx.currentContext(), answer));
        return answer.future();
    }

    /** When the leases that are given back are free. */
    volatile Future<Boolean> releasing = Future.succeededFuture(true);

    @Override
    public Future<Boolean> release(Key key, String token) {
        released.add(token);
        return releasing;
    }

    @Override
    public Future<Optional<Holder>> holder(Key key) {
        return Future.succeededFuture(Optional.empty());
    }

    /** The oldest claim without an answer, which is awaited. */
    Asked next() {
        until(() -> !asked.isEmpty());
        return asked.remove();
    }

    /** How many claims have no answer. */
    int waiting() {
        return asked.size();
    }
}
