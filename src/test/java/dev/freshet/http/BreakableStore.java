package dev.freshet.http;

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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** A store that fails for the keys it is told to, and whose beats may be answered otherwise. */
final class BreakableStore implements Store {
    private final Store store;
    private final ConcurrentHashMap<Key, RuntimeException> broken = new ConcurrentHashMap<>();
    private final List<Consumer<Change>> listeners = new CopyOnWriteArrayList<>();
    private volatile Future<Void> writes = Future.succeededFuture();
    private volatile Future<Void> reads = Future.succeededFuture();
    private final List<Key> read = new CopyOnWriteArrayList<>();
    volatile UnaryOperator<Pulse> pulses = UnaryOperator.identity();
    private volatile Optional<RuntimeException> invalidationFailure = Optional.empty();
    private final Set<Key> full = ConcurrentHashMap.newKeySet();
    private final Set<String> written = ConcurrentHashMap.newKeySet();

    BreakableStore(Store store) {
        this.store = store;
    }

    void breakOn(Key key, RuntimeException failure) {
        broken.put(key, failure);
    }

    /** Nothing is written until then. */
    void holdWrites(Future<Void> until) {
        writes = until;
    }

    /** Nothing is read until then. */
    void holdReads(Future<Void> until) {
        reads = until;
    }

    /** How often a key was read, or is to be. */
    long reads(Key key) {
        return read.stream().filter(key::equals).count();
    }

    /** Whether and how invalidations fail. */
    void breakInvalidations(Optional<RuntimeException> failure) {
        invalidationFailure = failure;
    }

    /** There is no room for a key. */
    void fill(Key key) {
        full.add(key);
    }

    /** Tells a change that did not come from the store. */
    void tell(Change change) {
        listeners.forEach(listener -> listener.accept(change));
    }

    /** The digests that anything was ever written under. */
    Set<String> written() {
        return written;
    }

    private <T> Future<T> unlessBroken(Key key, Supplier<Future<T>> call) {
        RuntimeException failure = broken.get(key);
        return failure == null ? call.get() : Future.failedFuture(failure);
    }

    @Override
    public String describe() {
        return store.describe();
    }

    @Override
    public Future<Optional<Entry>> read(Key key, Optional<Entry> copy) {
        read.add(key);
        return unlessBroken(key, () -> reads.compose(free -> store.read(key, copy)));
    }

    @Override
    public Future<Written> write(Key key, Draft draft, Ticket ticket) {
        written.add(key.digest());
        return unlessBroken(
                key,
                () -> full.contains(key)
                        ? Future.succeededFuture(new Written.Full())
                        : writes.compose(free -> store.write(key, draft, ticket)));
    }

    @Override
    public Future<Boolean> remove(Key key) {
        return unlessBroken(key, () -> store.remove(key));
    }

    @Override
    public Future<Invalidation> invalidate(String app, List<Tag> tags, Mode mode, long holdOffMs, String waiter) {
        return invalidationFailure
                .<Future<Invalidation>>map(Future::failedFuture)
                .orElseGet(() -> store.invalidate(app, tags, mode, holdOffMs, waiter));
    }

    @Override
    public Future<Pulse> beat(String app, Position position) {
        return store.beat(app, position).map(pulses);
    }

    @Override
    public Future<Boolean> restore(String app, Restored given) {
        return store.restore(app, given);
    }

    @Override
    public Future<Set<String>> behind(String app, long stamp, Set<String> replicas) {
        return store.behind(app, stamp, replicas);
    }

    @Override
    public Future<Evidence> evidence(String app, List<Tag> tags) {
        return store.evidence(app, tags);
    }

    @Override
    public void listenAnew() {
        store.listenAnew();
    }

    @Override
    public Future<Void> acknowledge(String app, Position position, Set<String> waiters) {
        return store.acknowledge(app, position, waiters);
    }

    @Override
    public Future<Void> leave(String app, String replica) {
        return store.leave(app, replica);
    }

    @Override
    public void listen(String app, String replica, Consumer<Change> heard) {
        listeners.add(heard);
        store.listen(app, replica, heard);
    }

    @Override
    public Future<Claim> claim(Key key, Bid bid, long ttlMs) {
        return unlessBroken(key, () -> store.claim(key, bid, ttlMs));
    }

    @Override
    public Future<Boolean> release(Key key, String token) {
        return unlessBroken(key, () -> store.release(key, token));
    }

    @Override
    public Future<Optional<Holder>> holder(Key key) {
        return unlessBroken(key, () -> store.holder(key));
    }

    @Override
    public Future<Void> close() {
        return store.close();
    }
}
