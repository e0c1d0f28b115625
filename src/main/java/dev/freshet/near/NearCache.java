package dev.freshet.near;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.loop.Clocks;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
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
     * Writes are heard in terms: from when hearing begins until it may have failed. A copy holds the
     * term in which its reading began. It may be served in that term and no other; in another it is
     * what the next read asks the store about, and if it still is the stored one it is a copy of that
     * term, without its body having been sent.
     *
     * Invalidations need no such care. A copy is judged at each read by the marks of then, whenever it
     * was filled, and remembers at most that it was fresh by those of one version.
     */

    /** One read of the store that several callers await. */
    private static final class Flight {
        final Promise<Optional<Entry>> landing = Promise.promise();
        final long begunNanos;
        final long term;
        volatile boolean overtaken;

        Flight(long begunNanos, long term) {
            this.begunNanos = begunNanos;
            this.term = term;
        }
    }

    private final Cache<Key, Copy> copies;
    private final ConcurrentHashMap<Key, Flight> flights = new ConcurrentHashMap<>();
    private final long maxAgeNanos;
    private final Clocks clocks;

    /** An empty cache. */
    public NearCache(NearConfig config, Clocks clocks) {
        this.maxAgeNanos = config.maxAge().toNanos();
        this.clocks = clocks;
        copies = Caffeine.newBuilder()
                .maximumWeight(config.bytes())
                .weigher((Key key, Copy copy) -> copy.entry().weightBytes())
                .executor(Runnable::run)
                .build();
    }

    /**
     * The copy of a key, if there is one that may be served in this term.
     *
     * @param nanos the clock
     */
    public @Nullable Copy get(Key key, long term, long nanos) {
        Copy copy = copies.getIfPresent(key);
        return copy != null && copy.term() == term && nanos - copy.seenNanos() < maxAgeNanos ? copy : null;
    }

    /**
     * The copy of a key, of whatever term.
     *
     * @param nanos the clock
     * @param moreNanos by how much its age may exceed that of one that is served in its term
     */
    public @Nullable Copy last(Key key, long nanos, long moreNanos) {
        Copy copy = copies.getIfPresent(key);
        return copy != null && nanos - copy.seenNanos() < maxAgeNanos + moreNanos ? copy : null;
    }

    /**
     * Reads a key by {@code read}, or joins whoever reads it already in this term, and keeps a copy.
     *
     * @param term which the copy will be of
     * @param read is given the copy that there is, of whatever term, and answers it if it still is the stored one
     */
    public Future<Landing> fetch(Key key, long term, Function<Optional<Entry>, Future<Optional<Entry>>> read) {
        Flight mine = new Flight(clocks.nanos(), term);
        Flight flight = flights.compute(
                key, (same, known) -> known != null && !known.overtaken && known.term == term ? known : mine);
        if (flight.equals(mine)) {
            Optional<Entry> known =
                    Optional.ofNullable(copies.getIfPresent(key)).map(Copy::entry);
            Future.succeededFuture().compose(begun -> read.apply(known)).onComplete(result -> {
                if (result.succeeded()) {
                    result.result().ifPresentOrElse(entry -> land(flight, entry), () -> copies.invalidate(key));
                }
                flights.remove(key, flight);
                flight.landing.handle(result);
            });
        }
        return flight.landing.future().map(entry -> new Landing(entry, !flight.equals(mine)));
    }

    /* A read that began later has seen what is stored later: revisions of two histories tell nothing of each other. */
    private void land(Flight flight, Entry entry) {
        copies.asMap().compute(entry.key(), (key, copy) -> {
            boolean later = copy == null || copy.seenNanos() - flight.begunNanos <= 0;
            return later && !flight.overtaken ? new Copy(entry, flight.begunNanos, flight.term) : copy;
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
        Copy copy = copies.getIfPresent(key);
        if (copy == null || copy.entry().revision() != revision) {
            drop(key);
        }
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

    /** What there is of one deployment. */
    public record Share(long entries, long bytes) {
        Share with(long more) {
            return new Share(entries + 1, bytes + more);
        }
    }

    /** What it holds of an app, by deployment. Takes a look at each copy: not for an event loop. */
    public SortedMap<String, Share> shares(String app) {
        SortedMap<String, Share> shares = new TreeMap<>();
        copies.asMap().forEach((key, copy) -> {
            if (key.app().equals(app)) {
                long bytes = copy.entry().weightBytes();
                shares.merge(key.deployment(), new Share(1, bytes), (all, one) -> all.with(bytes));
            }
        });
        return shares;
    }

    /** How many copies it holds. */
    public long size() {
        return copies.estimatedSize();
    }
}
