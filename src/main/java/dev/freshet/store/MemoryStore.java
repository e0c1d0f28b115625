package dev.freshet.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Ticket;
import dev.freshet.lease.Claim;
import dev.freshet.tag.Mark;
import dev.freshet.tag.MarkTable;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A store in this process, bounded in bytes: for one replica, and for tests. Any thread may call; every answer is there at once. */
public final class MemoryStore implements Store {
    /*
     * The lease of a key is the lock of its entry: claims, releases and writes of a key are steps of
     * the lease map's compute(), so they are atomic as the scripts of Redis are. What belongs to an
     * app is guarded by its state's monitor, in which changes are told too, so their order is that of
     * the stamps.
     */

    private final long bytesMax;
    private final int marksMax;
    private final InstantSource clock;
    private final Cache<Key, Stored> entries;
    private final Cache<Key, Held> leases;
    private final Map<String, App> apps = new ConcurrentHashMap<>();

    private record Stored(Entry entry, Ticket ticket) {}

    private record Held(String token, long untilMicros) {}

    /** One app's invalidations. Guarded by its monitor, but for the listeners. */
    private static final class App {
        final String epoch = Long.toHexString(System.nanoTime());
        final List<Consumer<Change>> listeners = new CopyOnWriteArrayList<>();
        final Map<String, Long> windows = new HashMap<>();
        final Map<String, Long> applied = new HashMap<>();
        final MarkTable marks;
        long head;
        long acknowledged;

        App(int marksMax) {
            marks = new MarkTable(marksMax);
        }
    }

    /** An empty store by the system's clock. */
    public MemoryStore(long bytesMax, int marksMax) {
        this(bytesMax, marksMax, InstantSource.system());
    }

    /** An empty store by a clock of the caller's. */
    public MemoryStore(long bytesMax, int marksMax, InstantSource clock) {
        this.bytesMax = bytesMax;
        this.marksMax = marksMax;
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
    public Future<Optional<Entry>> read(Key key) {
        return Future.succeededFuture(
                Optional.ofNullable(entries.getIfPresent(key)).map(Stored::entry));
    }

    @Override
    public Future<Claim> claim(Key key, String token, long ttlMs) {
        long now = nowMicros();
        Held held = Objects.requireNonNull(leases.asMap()
                .compute(key, (same, other) -> isLive(other, now) ? other : new Held(token, now + 1_000 * ttlMs)));
        long leftMs = (held.untilMicros - now) / 1_000;
        return Future.succeededFuture(
                held.token.equals(token)
                        ? new Claim.Lead(token, leftMs, revision(key))
                        : new Claim.Follow(leftMs, revision(key)));
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
    public Future<Written> write(Key key, Draft draft, Ticket ticket) {
        long now = nowMicros();
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
        if (before != null && before.ticket.compareTo(ticket) > 0) {
            return new Written.Older();
        }
        long revision = before == null ? now : Math.max(now, before.entry.revision() + 1);
        Entry entry = new Entry(
                key,
                revision,
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
    public Future<Invalidation> invalidate(String name, List<Tag> tags, Mode mode) {
        App app = app(name);
        synchronized (app) {
            long now = nowMicros();
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
            tell(app, new Change.Invalidated(app.epoch, previous, app.head, marks));
            app.windows.values().removeIf(end -> end <= now);
            return Future.succeededFuture(new Invalidation(app.epoch, app.head, now, 0, Map.copyOf(app.windows)));
        }
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
            app.windows.put(position.replica(), now + 1_000 * position.windowMs());
            acknowledge(app, position, now);
            return Future.succeededFuture(new Pulse(
                    app.epoch, app.head, app.head, app.marks.floor(), now, app.acknowledged, app.marks.since(since)));
        }
    }

    @Override
    public Future<Void> acknowledge(String name, Position position) {
        App app = app(name);
        synchronized (app) {
            if (position.epoch().equals(app.epoch)) {
                acknowledge(app, position, nowMicros());
            }
        }
        return Future.succeededFuture();
    }

    /* The lowest stamp that those have applied who may serve from their near caches. */
    private void acknowledge(App app, Position position, long now) {
        app.applied.merge(position.replica(), position.applied(), Math::max);
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
    public void listen(String name, Consumer<Change> heard) {
        App app = app(name);
        synchronized (app) {
            app.listeners.add(heard);
            heard.accept(new Change.Live());
        }
    }

    @Override
    public Future<Void> close() {
        entries.invalidateAll();
        return Future.succeededFuture();
    }

    private App app(String name) {
        return apps.computeIfAbsent(name, key -> new App(marksMax));
    }

    private static void tell(App app, Change change) {
        app.listeners.forEach(listener -> listener.accept(change));
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
