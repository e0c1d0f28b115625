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
import dev.freshet.store.StoreException;
import dev.freshet.store.Written;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One replica's way to whichever Redis it knows: every call travels there and back, may be late, and may be lost either way. */
final class Wire implements Store {
    /** After which a caller is told that its call failed, whatever became of it. */
    static final long TIMEOUT_MS = 300;

    final Network network = new Network();
    private final World world;
    private final Machine machine;
    private final Site site;
    private final Map<Loop, Pipe> pipes = new HashMap<>();
    private final List<Runnable> stuck = new ArrayList<>();
    private final BusLine bus;
    private final String replica;
    private @Nullable RedisNode node;
    private long troubledUntil;
    private long refusedAt = -1;

    /** A loop's connection: what is sent arrives in the order of sending, and so do the replies. */
    private static final class Pipe {
        long arrives;
        long replies;
    }

    Wire(World world, Machine machine, Site site, String replica) {
        this.world = world;
        this.machine = machine;
        this.site = site;
        this.replica = replica;
        this.bus = new BusLine(world, this, machine.loop("bus"), replica);
        site.join(this);
    }

    /** The server that it talks with now; null for none. */
    @Nullable
    RedisNode node() {
        return machine.isDead() ? null : node;
    }

    Machine machine() {
        return machine;
    }

    BusLine bus() {
        return bus;
    }

    /** Another server is the master, or none is. */
    void node(@Nullable RedisNode other) {
        if (other == node) {
            return;
        }
        node = other;
        troubledUntil = world.now();
        pipes.clear();
        bus.broken();
    }

    /** What a message takes. */
    long delay() {
        long usual = world.between(60_000, world.oneIn(30) ? 3_000_000 : 400_000);
        return network.slowNanos > 0 ? usual + world.between(0, network.slowNanos) : usual;
    }

    /** Nothing passes from now on. */
    void cut() {
        network.cut = true;
        troubledUntil = Long.MAX_VALUE;
    }

    /** Calls may fail or be late for a while. */
    void troubled(long forNanos) {
        troubledUntil = Math.max(troubledUntil, world.now() + forNanos);
    }

    /** Whether every call was answered soon since then, but for one now and then. */
    boolean answersSince(long nanos) {
        return node != null && troubledUntil < nanos;
    }

    /** Whether nothing was refused since then. */
    boolean acceptedSince(long nanos) {
        return node() != null && refusedAt < nanos;
    }

    /** The cut is over: what was sent into it arrives, or does not. */
    void mend() {
        network.cut = false;
        troubledUntil = world.now();
        List<Runnable> sent = List.copyOf(stuck);
        stuck.clear();
        sent.stream().filter(each -> world.oneIn(2)).forEach(Runnable::run);
    }

    private <T> Future<T> call(String what, boolean writes, Function<RedisNode, T> script) {
        Loop caller = Objects.requireNonNull(world.running());
        Promise<T> told = Promise.promise();
        RedisNode asked = node();
        if (asked == null || network.refused || world.oneIn(network.refusedOneIn)) {
            refusedAt = world.now();
            world.at(world.now() + delay(), caller, () -> told.tryFail(new StoreException("refused: " + what)));
            return told.future();
        }
        Pipe pipe = pipes.computeIfAbsent(caller, loop -> new Pipe());
        pipe.arrives = Math.max(pipe.arrives, world.now() + delay());
        long deadline = world.now() + World.ms(TIMEOUT_MS);
        Sent<T> sent = new Sent<>(what, caller, pipe, asked, writes, deadline, script, told);
        world.at(pipe.arrives, () -> arrive(sent));
        if (pipe.arrives >= deadline) {
            fail(sent);
        }
        return told.future();
    }

    private record Sent<T>(
            String what,
            Loop caller,
            Pipe pipe,
            RedisNode asked,
            boolean writes,
            long deadline,
            Function<RedisNode, T> script,
            Promise<T> told) {}

    private <T> void arrive(Sent<T> sent) {
        if (network.cut) {
            fail(sent);
            stuck.add(() -> world.in(delay(), () -> arrive(sent)));
            return;
        }
        if (!site.isUp(sent.asked)) {
            fail(sent);
            return;
        }
        long wait = site.stallNanos();
        if (wait > 0) {
            world.in(wait, () -> arrive(sent));
            return;
        }
        if (sent.writes && site.refusesWrites(sent.asked)) {
            reply(sent, () -> sent.told.tryFail(new StoreException("NOREPLICAS")));
            return;
        }
        T result = sent.script.apply(sent.asked);
        reply(sent, () -> sent.told.tryComplete(result));
    }

    /* Told at its deadline, for nothing else will be told. */
    private void fail(Sent<?> sent) {
        world.at(sent.deadline, sent.caller, () -> sent.told.tryFail(new StoreException("late: " + sent.what)));
    }

    private void reply(Sent<?> sent, Runnable tell) {
        sent.pipe.replies = Math.max(sent.pipe.replies, world.now() + delay());
        if (network.cut || sent.pipe.replies >= sent.deadline) {
            fail(sent);
        }
        if (!network.cut) {
            world.at(sent.pipe.replies, sent.caller, tell);
        }
    }

    @Override
    public String describe() {
        return "a model of Redis";
    }

    @Override
    public Future<Optional<Entry>> read(Key key, Optional<Entry> copy) {
        return call("read", false, redis -> redis.read(key, copy));
    }

    @Override
    public Future<Claim> claim(Key key, Bid bid, long ttlMs) {
        return call("claim", true, redis -> redis.claim(key, bid, ttlMs));
    }

    @Override
    public Future<Optional<Holder>> holder(Key key) {
        return call("holder", false, redis -> redis.holder(key));
    }

    @Override
    public Future<Boolean> release(Key key, String token) {
        return call("release", true, redis -> redis.release(key, token));
    }

    @Override
    public Future<Written> write(Key key, Draft draft, Ticket ticket) {
        return call("write", true, redis -> redis.write(key, draft, ticket));
    }

    @Override
    public Future<Boolean> remove(Key key) {
        return call("remove", true, redis -> redis.remove(key));
    }

    @Override
    public Future<Invalidation> invalidate(String app, List<Tag> tags, Mode mode, long holdOffMs, String waiter) {
        return call("invalidate", true, redis -> redis.invalidate(app, tags, mode, holdOffMs, waiter));
    }

    @Override
    public Future<Pulse> beat(String app, Position position) {
        return call("beat", true, redis -> redis.beat(app, position));
    }

    @Override
    public Future<Boolean> restore(String app, Restored given) {
        return call("restore", true, redis -> redis.restore(app, given));
    }

    @Override
    public Future<Void> acknowledge(String app, Position position, Set<String> waiters) {
        return call("acknowledge", false, redis -> {
            redis.acknowledge(app, position, waiters);
            return null;
        });
    }

    @Override
    public Future<Set<String>> behind(String app, long stamp, Set<String> replicas) {
        return call("behind", false, redis -> redis.behind(app, stamp, replicas));
    }

    @Override
    public Future<Evidence> evidence(String app, List<Tag> tags) {
        return call("evidence", false, redis -> redis.evidence(app, tags));
    }

    @Override
    public Future<Void> leave(String app, String replica) {
        return call("leave", true, redis -> {
            redis.leave(app, replica);
            return null;
        });
    }

    @Override
    public void listen(String app, String replica, Consumer<Change> heard) {
        bus.listen(heard);
    }

    @Override
    public void listenAnew() {
        bus.loop().run(bus::anew);
    }

    @Override
    public Future<Void> close() {
        return Future.succeededFuture();
    }
}
