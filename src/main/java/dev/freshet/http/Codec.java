package dev.freshet.http;

import dev.freshet.entry.Body;
import dev.freshet.entry.Coding;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Zstd;
import dev.freshet.store.StoreException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compresses bodies that are written, and decodes them for who does not take them as they are kept. Of all event loops. */
public final class Codec {
    /*
     * So much as an event loop may do is decoded in a tenth of a millisecond and compressed in half of one at
     * most, and to hand it over would take a tenth of that. More is done beside it, as is the first of
     * all, which loads the library. It counts as under way meanwhile, so that what waits for its turn is
     * bounded, and for each event loop one is done at a time, which bounds what the library takes.
     */

    /** A body that is not larger is kept as it came. */
    static final int SMALL_BYTES_MAX = 1_024;

    /** The most bytes that are compressed or decoded on an event loop at once. */
    static final int ON_LOOP_BYTES_MAX = 64 << 10;

    private static final Logger LOG = LoggerFactory.getLogger(Codec.class);

    private final Vertx vertx;
    private final HttpConfig config;
    private final UnderWay underWay;
    private final Counter before;
    private final Counter after;

    /** Whether anything was done. Written and read by every event loop. */
    private volatile boolean loaded;

    /** Counts in {@code registry}. */
    public Codec(Vertx vertx, HttpConfig config, UnderWay underWay, MeterRegistry registry) {
        this.vertx = vertx;
        this.config = config;
        this.underWay = underWay;
        before = counter(registry, "before");
        after = counter(registry, "after");
    }

    private static Counter counter(MeterRegistry registry, String side) {
        return Counter.builder("freshet.compression.bytes")
                .description(
                        "Bytes of bodies that store.compression was tried on, `before` as they came, and `after` as they are"
                                + " kept. `after` near `before`: set it to none, nothing is saved")
                .tag("side", side)
                .register(registry);
    }

    /** A draft as it is to be kept. */
    Future<Draft> encoded(Draft draft) {
        Body plain = draft.body();
        return config.coding() == Coding.NONE || plain.length() <= SMALL_BYTES_MAX
                ? Future.succeededFuture(draft)
                : work(plain.length(), () -> smaller(plain)).map(draft::with);
    }

    /* What does not become smaller by a tenth is not worth decoding at each read. */
    private Body smaller(Body plain) {
        Body coded = Zstd.encode(plain);
        Body kept = coded.keptLength() <= plain.length() - plain.length() / 10 ? coded : plain;
        before.increment(plain.length());
        after.increment(kept.keptLength());
        return kept;
    }

    /** A body as it came. Fails with a {@link StoreException} if it is damaged. */
    Future<Body> decoded(Body body) {
        return decoded(List.of(body)).map(bodies -> bodies.getFirst().orElseThrow(Codec::damaged));
    }

    /** Bodies as they came, in order; those that are damaged are empty. */
    Future<List<Optional<Body>>> decoded(List<Body> bodies) {
        long bytes = bodies.stream()
                .filter(Body::isCoded)
                .mapToLong(Body::length)
                .filter(this::mayBe)
                .sum();
        return work(bytes, () -> bodies.stream().map(this::plain).toList());
    }

    private Optional<Body> plain(Body body) {
        if (!body.isCoded()) {
            return Optional.of(body);
        }
        Optional<Body> plain = mayBe(body.length()) ? Zstd.decode(body) : Optional.empty();
        if (plain.isEmpty()) {
            LOG.error("The store holds a body that cannot be decoded, or is larger than limits.body-bytes");
        }
        return plain;
    }

    private boolean mayBe(long length) {
        return length <= config.bodyBytesMax();
    }

    /** What a body is that cannot be decoded. */
    static StoreException damaged() {
        return new StoreException("the store answered a damaged entry");
    }

    private <T> Future<T> work(long bytes, Callable<T> work) {
        if (loaded && bytes <= ON_LOOP_BYTES_MAX) {
            try {
                return Future.succeededFuture(work.call());
            } catch (Exception failed) {
                return Future.failedFuture(failed);
            }
        }
        try {
            underWay.take(bytes);
        } catch (Problem tooMuch) {
            return Future.failedFuture(tooMuch);
        }
        return vertx.executeBlocking(work).map(Objects::requireNonNull).onComplete(done -> {
            loaded = true;
            underWay.giveBack(bytes);
        });
    }
}
