package dev.freshet.sim;

import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Ticket;
import dev.freshet.lease.Bid;
import dev.freshet.lease.Claim;
import dev.freshet.lease.Holder;
import dev.freshet.store.Change;
import dev.freshet.store.Evidence;
import dev.freshet.store.Invalidation;
import dev.freshet.store.Mode;
import dev.freshet.store.Position;
import dev.freshet.store.Pulse;
import dev.freshet.store.Restored;
import dev.freshet.store.Store;
import dev.freshet.store.Written;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** The model of Redis without a network before it. */
record DirectStore(RedisNode redis) implements Store {
    @Override
    public String describe() {
        return "a model of Redis";
    }

    @Override
    public Future<Optional<Entry>> read(Key key, Optional<Entry> copy) {
        return Future.succeededFuture(redis.read(key, copy));
    }

    @Override
    public Future<Claim> claim(Key key, Bid bid, long ttlMs) {
        return Future.succeededFuture(redis.claim(key, bid, ttlMs));
    }

    @Override
    public Future<Optional<Holder>> holder(Key key) {
        return Future.succeededFuture(redis.holder(key));
    }

    @Override
    public Future<Boolean> release(Key key, String token) {
        return Future.succeededFuture(redis.release(key, token));
    }

    @Override
    public Future<Written> write(Key key, Draft draft, Ticket ticket) {
        return Future.succeededFuture(redis.write(key, draft, ticket));
    }

    @Override
    public Future<Boolean> remove(Key key) {
        return Future.succeededFuture(redis.remove(key));
    }

    @Override
    public Future<Invalidation> invalidate(String app, List<Tag> tags, Mode mode, long holdOffMs, String waiter) {
        return Future.succeededFuture(redis.invalidate(app, tags, mode, holdOffMs, waiter));
    }

    @Override
    public Future<Pulse> beat(String app, Position position) {
        return Future.succeededFuture(redis.beat(app, position));
    }

    @Override
    public Future<Boolean> restore(String app, Restored given) {
        return Future.succeededFuture(redis.restore(app, given));
    }

    @Override
    public Future<Void> acknowledge(String app, Position position, Set<String> waiters) {
        redis.acknowledge(app, position, waiters);
        return Future.succeededFuture();
    }

    @Override
    public Future<Set<String>> behind(String app, long stamp, Set<String> replicas) {
        return Future.succeededFuture(redis.behind(app, stamp, replicas));
    }

    @Override
    public Future<Evidence> evidence(String app, List<Tag> tags) {
        return Future.succeededFuture(redis.evidence(app, tags));
    }

    @Override
    public Future<Void> leave(String app, String replica) {
        redis.leave(app, replica);
        return Future.succeededFuture();
    }

    @Override
    public void listen(String app, String replica, Consumer<Change> heard) {
        redis.subscribe(new RedisNode.Subscriber() {
            @Override
            public void hear(String of, Change change) {
                if (of.equals(app)) {
                    heard.accept(change);
                }
            }

            @Override
            public void hearOwn(String of, String to, Change change) {
                if (of.equals(app) && to.equals(replica)) {
                    heard.accept(change);
                }
            }
        });
        heard.accept(new Change.Live());
    }

    @Override
    public void listenAnew() {}

    @Override
    public Future<Void> close() {
        return Future.succeededFuture();
    }
}
