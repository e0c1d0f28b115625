package dev.freshet.gateway;

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
import dev.freshet.store.StoreException;
import dev.freshet.store.Written;
import dev.freshet.tag.Tag;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * One replica's way to a store that it shares with others. Any call can be held back before it is made or before it is
 * answered, or be failed; what the bus tells can be held, lost or made up. Held answers are told on the loop that asked.
 */
final class HeldStore implements Store {
    /** What can be held or failed. */
    enum Call {
        READ,
        CLAIM,
        RELEASE,
        WRITE,
        REMOVE,
        INVALIDATE,
        BEAT,
        RESTORE,
        ACKNOWLEDGE,
        BEHIND,
        EVIDENCE,
        LEAVE
    }

    private enum Way {
        THROUGH,
        HELD,
        UNANSWERED,
        FAILING
    }

    /** Changes what a beat answers. */
    volatile UnaryOperator<Pulse> pulses = UnaryOperator.identity();

    /** Changes what an invalidation answers. */
    volatile UnaryOperator<Invalidation> invalidations = UnaryOperator.identity();

    /** Changes what a claim answers. */
    volatile UnaryOperator<Claim> claims = UnaryOperator.identity();

    /** Changes what the store remembers. */
    volatile UnaryOperator<Evidence> evidence = UnaryOperator.identity();

    /** Changes what giving marks back answers. */
    volatile UnaryOperator<Boolean> restores = UnaryOperator.identity();

    /** An invalidation that reached the store. */
    record Sent(List<Tag> tags, Mode mode, long holdOffMs) {}

    /** Every invalidation that reached the store. */
    final List<Sent> sent = new CopyOnWriteArrayList<>();

    /** What was given back. */
    final List<Restored> restored = new CopyOnWriteArrayList<>();

    private final Store store;
    private final Map<Call, Way> ways = new EnumMap<>(Call.class);
    private final Map<Call, Deque<Runnable>> held = new EnumMap<>(Call.class);
    private final Map<Call, Integer> calls = new EnumMap<>(Call.class);
    private final List<Consumer<Change>> listeners = new ArrayList<>();
    private final List<Change> unheard = new ArrayList<>();
    private boolean silent;
    private int listenedAnew;

    HeldStore(Store store) {
        this.store = store;
        for (Call call : Call.values()) {
            ways.put(call, Way.THROUGH);
            held.put(call, new ArrayDeque<>());
            calls.put(call, 0);
        }
    }

    /** From now on this call does not reach the store until it is released. */
    synchronized void hold(Call call) {
        ways.put(call, Way.HELD);
    }

    /** From now on the store does this call, and its answer is held until it is released. */
    synchronized void holdAnswer(Call call) {
        ways.put(call, Way.UNANSWERED);
    }

    /** From now on this call fails. */
    synchronized void fail(Call call) {
        ways.put(call, Way.FAILING);
    }

    /** Ends whatever was said of this call, and lets go what was held. */
    void release(Call call) {
        Deque<Runnable> waiting;
        synchronized (this) {
            ways.put(call, Way.THROUGH);
            waiting = new ArrayDeque<>(held.get(call));
            held.get(call).clear();
        }
        waiting.forEach(Runnable::run);
    }

    /** Lets go the oldest that is held, and nothing else. */
    void releaseOne(Call call) {
        Runnable oldest;
        synchronized (this) {
            oldest = held.get(call).remove();
        }
        oldest.run();
    }

    /** How many of this call are held. */
    synchronized int holding(Call call) {
        return held.get(call).size();
    }

    /** How many of this call were made. */
    synchronized int calls(Call call) {
        return calls.get(call);
    }

    /** From now on the bus tells nothing. Nobody is told of that. */
    synchronized void silence() {
        silent = true;
        unheard.clear();
    }

    /** From now on the bus tells what happens. Nothing is told of what happened meanwhile. */
    synchronized void unsilence() {
        silent = false;
    }

    /** What the bus did not tell since it fell silent. */
    synchronized List<Change> unheard() {
        return List.copyOf(unheard);
    }

    /** Tells a change, whether it happened or not. */
    synchronized void tell(Change change) {
        listeners.forEach(listener -> listener.accept(change));
    }

    @Override
    public String describe() {
        return store.describe();
    }

    @Override
    public Future<Optional<Entry>> read(Key key, Optional<Entry> copy) {
        return call(Call.READ, () -> store.read(key, copy));
    }

    @Override
    public Future<Claim> claim(Key key, Bid bid, long ttlMs) {
        return call(Call.CLAIM, () -> store.claim(key, bid, ttlMs).map(claims));
    }

    @Override
    public Future<Optional<Holder>> holder(Key key) {
        return store.holder(key);
    }

    @Override
    public Future<Boolean> release(Key key, String token) {
        return call(Call.RELEASE, () -> store.release(key, token));
    }

    @Override
    public Future<Written> write(Key key, Draft draft, Ticket ticket) {
        return call(Call.WRITE, () -> store.write(key, draft, ticket));
    }

    @Override
    public Future<Boolean> remove(Key key) {
        return call(Call.REMOVE, () -> store.remove(key));
    }

    @Override
    public Future<Invalidation> invalidate(String app, List<Tag> tags, Mode mode, long holdOffMs, String waiter) {
        return call(Call.INVALIDATE, () -> {
            sent.add(new Sent(tags, mode, holdOffMs));
            return store.invalidate(app, tags, mode, holdOffMs, waiter).map(invalidations);
        });
    }

    @Override
    public Future<Pulse> beat(String app, Position position) {
        return call(Call.BEAT, () -> store.beat(app, position).map(pulses));
    }

    @Override
    public Future<Boolean> restore(String app, Restored given) {
        return call(Call.RESTORE, () -> {
            restored.add(given);
            return store.restore(app, given).map(restores);
        });
    }

    @Override
    public Future<Set<String>> behind(String app, long stamp, Set<String> replicas) {
        return call(Call.BEHIND, () -> store.behind(app, stamp, replicas));
    }

    @Override
    public Future<Evidence> evidence(String app, List<Tag> tags) {
        return call(Call.EVIDENCE, () -> store.evidence(app, tags).map(evidence));
    }

    @Override
    public Future<Void> acknowledge(String app, Position position, Set<String> waiters) {
        return call(Call.ACKNOWLEDGE, () -> store.acknowledge(app, position, waiters));
    }

    @Override
    public Future<Void> leave(String app, String replica) {
        return call(Call.LEAVE, () -> store.leave(app, replica));
    }

    @Override
    public void listen(String app, String replica, Consumer<Change> heard) {
        synchronized (this) {
            listeners.add(heard);
        }
        store.listen(app, replica, change -> hear(heard, change));
    }

    /** Ends in {@link Change.Live}, when the bus is not silent. */
    @Override
    public synchronized void listenAnew() {
        listenedAnew++;
        if (!silent) {
            tell(new Change.Live());
        }
    }

    /** How often the bus was given up. */
    synchronized int listenedAnew() {
        return listenedAnew;
    }

    @Override
    public Future<Void> close() {
        return store.close();
    }

    private synchronized void hear(Consumer<Change> heard, Change change) {
        if (silent) {
            unheard.add(change);
        } else {
            heard.accept(change);
        }
    }

    private <T> Future<T> call(Call call, Supplier<Future<T>> work) {
        Way way;
        synchronized (this) {
            way = ways.get(call);
            calls.merge(call, 1, Integer::sum);
            if (way == Way.HELD) {
                return later(call, work);
            }
        }
        return switch (way) {
            case FAILING -> Future.failedFuture(new StoreException("no answer to " + call));
            case UNANSWERED -> {
                Future<T> answer = work.get();
                synchronized (this) {
                    yield later(call, () -> answer);
                }
            }
            case THROUGH, HELD -> work.get();
        };
    }

    private <T> Future<T> later(Call call, Supplier<Future<T>> work) {
        Promise<T> told = Promise.promise();
        Context caller = Vertx.currentContext();
        Runnable go = () -> work.get().onComplete(told);
        held.get(call).add(caller == null ? go : () -> caller.runOnContext(run -> go.run()));
        return told.future();
    }
}
