package dev.freshet.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Ticket;
import dev.freshet.lease.Bid;
import dev.freshet.lease.Claim;
import dev.freshet.lease.Holder;
import dev.freshet.tag.Mark;
import dev.freshet.tag.MarkTable;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A store in this process, bounded in bytes: for one replica, and for tests. Any thread may call; every answer is there at once. */
public final class MemoryStore implements Store, Fleets {
    /*
     * The lease of a key is the lock of its entry: claims, releases and writes of a key are steps of
     * the lease map's compute(), so they are atomic as the scripts of Redis are. What belongs to an
     * app is guarded by its state's monitor, in which changes are told too, so their order is that of
     * the stamps.
     */

    private final long bytesMax;
    private final Rules rules;
    private final InstantSource clock;
    private final Cache<Key, Stored> entries;
    private final Cache<Key, Held> leases;
    private final Map<String, App> apps = new ConcurrentHashMap<>();

    private record Stored(Entry entry, Ticket ticket) {}

    private record Held(String token, long untilMicros) {}

    /** Who hears an app's changes, and the echoes of one replica. */
    private record Listener(String replica, Consumer<Change> heard) {}

    /** An invalidation that is to be made again after a hold-off. */
    private record Later(long atMicros, List<Tag> tags, Mode mode) {}

    /** One app's invalidations. Guarded by its monitor, but for the listeners. */
    private static final class App {
        final String epoch;
        final List<Listener> listeners = new CopyOnWriteArrayList<>();
        final Map<String, Long> windows = new HashMap<>();
        final Map<String, Long> applied = new HashMap<>();
        final List<Later> later = new ArrayList<>();
        final MarkTable marks;
        long head;
        long acknowledged;

        App(int marksMax, long nowMicros) {
            epoch = nowMicros + "." + Long.toHexString(System.nanoTime());
            marks = new MarkTable(marksMax);
        }
    }

    /** An empty store by the system's clock. */
    public MemoryStore(long bytesMax, Rules rules) {
        this(bytesMax, rules, InstantSource.system());
    }

    /** An empty store by a clock of the caller's. */
    public MemoryStore(long bytesMax, Rules rules, InstantSource clock) {
        this.bytesMax = bytesMax;
        this.rules = rules;
        this.clock = clock;
        Ticker ticker = () -> TimeUnit.MICROSECONDS.toNanos(nowMicros());
        entries = Caffeine.newBuilder()
                .maximumWeight(bytesMax)
                .weigher((Key key, Stored stored) -> stored.entry.weightBytes())
                .expireAfter(Expiry.writing((Key key, Stored stored) ->
                        Duration.ofMillis(stored.entry.lifetime().keptMs())))
                .ticker(ticker)
                .executor(Runnable::run)
                .build();
        leases = Caffeine.newBuilder()
                .expireAfter(Expiry.writing(
                        (Key key, Held held) -> Duration.ofNanos(1_000 * Math.max(0, held.untilMicros - nowMicros()))))
                .ticker(ticker)
                .executor(Runnable::run)
                .build();
    }

    @Override
    public String describe() {
        return "memory, at most " + (bytesMax >> 20) + " MiB, for this process alone";
    }

    @Override
    public Future<Optional<Entry>> read(Key key, Optional<Entry> copy) {
        return Future.succeededFuture(
                Optional.ofNullable(entries.getIfPresent(key)).map(Stored::entry));
    }

    @Override
    public Future<Claim> claim(Key key, Bid bid, long ttlMs) {
        long now = nowMicros();
        long untilMicros = now + 1_000 * ttlMs;
        AtomicReference<Claim> result = new AtomicReference<>();
        leases.asMap().compute(key, (same, other) -> {
            if (other == null || !isLive(other, now)) {
                result.set(new Claim.Lead(bid.token(), ttlMs, revision(key), false));
                return new Held(bid.token(), untilMicros);
            }
            if (bid.supersedes(other.token)) {
                result.set(new Claim.Lead(bid.successorToken(), ttlMs, revision(key), true));
                return new Held(bid.successorToken(), untilMicros);
            }
            result.set(new Claim.Follow((other.untilMicros - now) / 1_000, revision(key)));
            return other;
        });
        return Future.succeededFuture(result.get());
    }

    @Override
    public Future<Boolean> release(Key key, String token) {
        boolean[] released = {false};
        long now = nowMicros();
        leases.asMap().computeIfPresent(key, (same, held) -> {
            released[0] = isLive(held, now) && held.token.equals(token);
            return released[0] ? null : held;
        });
        if (released[0]) {
            tell(app(key.app()), new Change.Released(key));
        }
        return Future.succeededFuture(released[0]);
    }

    @Override
    public Future<Optional<Holder>> holder(Key key) {
        long now = nowMicros();
        Held held = leases.getIfPresent(key);
        return Future.succeededFuture(Optional.ofNullable(isLive(held, now) ? held : null)
                .map(live -> Holder.of(live.token, (live.untilMicros - now) / 1_000)));
    }

    @Override
    public Future<Written> write(Key key, Draft draft, Ticket given) {
        long now = nowMicros();
        Ticket ticket = new Ticket(given.epoch(), given.asOf(), Math.min(given.grantMicros(), now));
        AtomicReference<Written> result = new AtomicReference<>(new Written.LeaseLost());
        leases.asMap().compute(key, (same, held) -> {
            boolean mine = isLive(held, now) && held.token.equals(draft.lease().orElse(""));
            if (draft.lease().isPresent() && !mine) {
                return held;
            }
            Written written = set(key, draft, ticket, now);
            result.set(written);
            return mine && written instanceof Written.Stored ? null : held;
        });
        if (result.get() instanceof Written.Stored stored) {
            tell(app(key.app()), new Change.Written(key, stored.revision()));
        }
        return Future.succeededFuture(result.get());
    }

    private Written set(Key key, Draft draft, Ticket ticket, long now) {
        Stored before = entries.getIfPresent(key);
        if (before != null && before.ticket.isNewerThan(ticket)) {
            return new Written.Older();
        }
        long revision = before == null ? now : Math.max(now, before.entry.revision() + 1);
        Entry entry = new Entry(
                key,
                revision,
                ticket.epoch(),
                ticket.asOf(),
                now / 1_000 - draft.ageMs(),
                draft.tags(),
                draft.lifetime(),
                draft.type(),
                draft.attributes(),
                draft.body());
        entries.put(key, new Stored(entry, ticket));
        return new Written.Stored(revision, before == null);
    }

    @Override
    public Future<Boolean> remove(Key key) {
        boolean removed = entries.asMap().remove(key) != null;
        if (removed) {
            tell(app(key.app()), new Change.Written(key, 0));
        }
        return Future.succeededFuture(removed);
    }

    @Override
    public Future<Invalidation> invalidate(String name, List<Tag> tags, Mode mode, long holdOffMs, String waiter) {
        App app = app(name);
        synchronized (app) {
            long now = nowMicros();
            mark(app, tags, mode, now, waiter);
            if (holdOffMs > 0) {
                app.later.add(new Later(now + 1_000 * holdOffMs, tags, mode));
            }
            app.windows.values().removeIf(end -> end <= now);
            return Future.succeededFuture(
                    new Invalidation(app.epoch, app.head, now, 0, Map.copyOf(app.windows), Set.of()));
        }
    }

    private static void mark(App app, List<Tag> tags, Mode mode, long now, String waiter) {
        long previous = app.head;
        app.head = Math.max(previous + 1, now);
        Mark mark = switch (mode) {
            case Mode.Hard hard -> Mark.hard(app.head);
            case Mode.Soft soft -> Mark.soft(app.head, deadlineMs(now, soft.expireMs()));
        };
        Map<Tag, Mark> marks = new LinkedHashMap<>();
        for (Tag tag : tags) {
            app.marks.merge(tag, mark, app.head);
            marks.put(tag, app.marks.of(tag));
        }
        tell(app, new Change.Invalidated(app.epoch, previous, app.head, marks, waiter));
    }

    @Override
    public Future<Pulse> beat(String name, Position position) {
        App app = app(name);
        synchronized (app) {
            long now = nowMicros();
            if (app.head == 0) {
                app.head = now;
            }
            long since = position.epoch().equals(app.epoch) ? Math.min(position.applied(), app.head) : 0;
            makeUp(app, now);
            app.windows.put(position.replica(), rules.windowEndMicros(now));
            raise(app, position, now);
            tell(app, position.replica(), new Change.Echo(position.beat()));
            return Future.succeededFuture(new Pulse(
                    app.epoch,
                    app.head,
                    app.head,
                    app.marks.floor(),
                    0,
                    0,
                    now,
                    app.acknowledged,
                    app.marks.since(since)));
        }
    }

    private static void makeUp(App app, long now) {
        List<Later> due =
                app.later.stream().filter(later -> later.atMicros <= now).toList();
        app.later.removeAll(due);
        due.forEach(later -> mark(app, later.tags, later.mode, now, ""));
    }

    private static void tell(App app, String replica, Change change) {
        app.listeners.stream()
                .filter(listener -> listener.replica.equals(replica))
                .forEach(listener -> listener.heard.accept(change));
    }

    /** Nothing is ever in doubt here. */
    @Override
    public Future<Boolean> restore(String name, Restored given) {
        return Future.succeededFuture(true);
    }

    @Override
    public Future<Set<String>> behind(String name, long stamp, Set<String> replicas) {
        App app = app(name);
        synchronized (app) {
            return Future.succeededFuture(replicas.stream()
                    .filter(replica -> app.applied.getOrDefault(replica, 0L) < stamp)
                    .collect(Collectors.toSet()));
        }
    }

    @Override
    public Future<Fleet> fleet(String name) {
        App app = app(name);
        synchronized (app) {
            long now = nowMicros();
            List<Fleet.Member> members = app.windows.keySet().stream()
                    .sorted()
                    .limit(Fleet.MEMBERS_MAX)
                    .map(replica -> member(app, replica, now))
                    .toList();
            return Future.succeededFuture(new Fleet(app.epoch, app.head, now, members));
        }
    }

    /* What is told here is applied at once: there is no lag to tell. */
    private static Fleet.Member member(App app, String replica, long now) {
        long leftMs = Math.max(0, Objects.requireNonNull(app.windows.get(replica)) - now) / 1_000;
        return new Fleet.Member(replica, leftMs, 0, app.applied.getOrDefault(replica, 0L), 0);
    }

    @Override
    public Future<Evidence> evidence(String name, List<Tag> tags) {
        App app = app(name);
        synchronized (app) {
            Map<Tag, Mark> marks = new HashMap<>();
            tags.forEach(tag -> marks.put(tag, app.marks.of(tag)));
            return Future.succeededFuture(new Evidence(app.epoch, app.acknowledged, marks));
        }
    }

    @Override
    public Future<Void> acknowledge(String name, Position position, Set<String> waiters) {
        App app = app(name);
        Change applied = new Change.Applied(position.replica(), position.epoch(), position.applied());
        waiters.forEach(waiter -> tell(app, waiter, applied));
        return Future.succeededFuture();
    }

    /* The lowest stamp that those have applied who may serve from their near caches. */
    private void raise(App app, Position position, long now) {
        long applied = position.epoch().equals(app.epoch) ? position.applied() : 0;
        app.applied.merge(position.replica(), applied, Math::max);
        app.windows.values().removeIf(end -> end <= now);
        app.applied.keySet().retainAll(app.windows.keySet());
        long lowest =
                app.applied.values().stream().mapToLong(Long::longValue).min().orElse(0);
        if (lowest > app.acknowledged) {
            app.acknowledged = lowest;
            tell(app, new Change.Acknowledged(app.epoch, lowest));
        }
    }

    @Override
    public Future<Void> leave(String name, String replica) {
        App app = app(name);
        synchronized (app) {
            app.windows.remove(replica);
            app.applied.remove(replica);
        }
        return Future.succeededFuture();
    }

    @Override
    public void listen(String name, String replica, Consumer<Change> heard) {
        App app = app(name);
        synchronized (app) {
            app.listeners.add(new Listener(replica, heard));
            heard.accept(new Change.Live());
        }
    }

    /** The bus is this process. */
    @Override
    public void listenAnew() {}

    @Override
    public Future<Void> close() {
        entries.invalidateAll();
        return Future.succeededFuture();
    }

    private App app(String name) {
        return apps.computeIfAbsent(name, key -> new App(rules.marksMax(), nowMicros()));
    }

    private static void tell(App app, Change change) {
        app.listeners.forEach(listener -> listener.heard.accept(change));
    }

    private static boolean isLive(@Nullable Held held, long nowMicros) {
        return held != null && held.untilMicros > nowMicros;
    }

    private long revision(Key key) {
        Stored stored = entries.getIfPresent(key);
        return stored == null ? 0 : stored.entry.revision();
    }

    private static long deadlineMs(long nowMicros, long expireMs) {
        long nowMs = nowMicros / 1_000;
        return expireMs > Mark.NEVER - nowMs ? Mark.NEVER : nowMs + expireMs;
    }

    private long nowMicros() {
        var now = clock.instant();
        return TimeUnit.SECONDS.toMicros(now.getEpochSecond()) + now.getNano() / 1_000;
    }
}
