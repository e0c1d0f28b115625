package dev.freshet.near;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Copies of entries in this process, and the reads that are under way to fetch them. Any thread may call. */
public final class NearCache {
    /*
     * A write may land between the read of an entry and its fill. So drop() first marks the flight as
     * overtaken and then removes the copy, while land() asks whether the flight was overtaken in the
     * one atomic step that puts the copy: a fill before the removal is removed, a fill after it does
     * not happen. A caller that comes after a drop starts a flight of its own, for what the
     * overtaken one brings may be older than what the caller has been told of.
     *
     * Invalidations need no such care. A copy is judged by the marks at each read, whenever it was
     * filled.
     */

    /** One read of the store that several callers await. */
    private static final class Flight {
        final Promise<Optional<Entry>> landing = Promise.promise();
        volatile boolean overtaken;
    }

    private final Cache<Key, Entry> copies;
    private final ConcurrentHashMap<Key, Flight> flights = new ConcurrentHashMap<>();

    /** An empty cache. */
    public NearCache(NearConfig config) {
        this(config, Ticker.systemTicker());
    }

    /** An empty cache whose copies age by {@code ticker}. */
    public NearCache(NearConfig config, Ticker ticker) {
        copies = Caffeine.newBuilder()
                .maximumWeight(config.bytes())
                .weigher((Key key, Entry entry) -> entry.weightBytes())
                .expireAfterWrite(config.maxAge())
                .ticker(ticker)
                .executor(Runnable::run)
                .build();
    }

    /** The copy of a key, if there is one. */
    public @Nullable Entry get(Key key) {
        return copies.getIfPresent(key);
    }

    /** Reads a key by {@code read}, or joins whoever reads it already, and keeps a copy. */
    public Future<Optional<Entry>> fetch(Key key, Supplier<Future<Optional<Entry>>> read) {
        Flight mine = new Flight();
        Flight flight = flights.compute(key, (same, known) -> known != null && !known.overtaken ? known : mine);
        if (flight.equals(mine)) {
            Future.succeededFuture().compose(begun -> read.get()).onComplete(result -> {
                if (result.succeeded()) {
                    result.result().ifPresentOrElse(entry -> land(flight, entry), () -> copies.invalidate(key));
                }
                flights.remove(key, flight);
                flight.landing.handle(result);
            });
        }
        return flight.landing.future();
    }

    private void land(Flight flight, Entry entry) {
        copies.asMap().compute(entry.key(), (key, copy) -> {
            boolean newer = copy == null || copy.revision() < entry.revision();
            return newer && !flight.overtaken ? entry : copy;
        });
    }

    /** Forgets the copy of a key, and whatever read of it is under way. */
    public void drop(Key key) {
        Flight flight = flights.get(key);
        if (flight != null) {
            flight.overtaken = true;
        }
        copies.invalidate(key);
    }

    /** Forgets the copy of a key unless it is of this revision. */
    public void dropUnless(Key key, long revision) {
        Entry copy = copies.getIfPresent(key);
        if (copy == null || copy.revision() != revision) {
            drop(key);
        }
    }

    /** Forgets every copy of an app, and whatever reads are under way. */
    public void dropApp(String app) {
        flights.forEach((key, flight) -> {
            if (key.app().equals(app)) {
                flight.overtaken = true;
            }
        });
        copies.asMap().keySet().removeIf(key -> key.app().equals(app));
    }

    /** Roughly the bytes it holds. */
    public long bytes() {
        return copies.policy()
                .eviction()
                .map(eviction -> eviction.weightedSize().orElse(0))
                .orElse(0L);
    }

    /** The most bytes that it holds. */
    public long bytesMax() {
        return copies.policy().eviction().map(eviction -> eviction.getMaximum()).orElse(0L);
    }

    /** How many copies it holds. */
    public long size() {
        return copies.estimatedSize();
    }
}
