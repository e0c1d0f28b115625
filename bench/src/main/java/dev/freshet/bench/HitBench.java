package dev.freshet.bench;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.gateway.Ask;
import dev.freshet.gateway.CoherenceConfig;
import dev.freshet.gateway.Gateway;
import dev.freshet.gateway.Lookup;
import dev.freshet.gateway.Wish;
import dev.freshet.loop.Clocks;
import dev.freshet.near.NearConfig;
import dev.freshet.store.MemoryStore;
import dev.freshet.store.Mode.Hard;
import dev.freshet.store.Store;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** {@code bench/run hit}: what does a near hit cost that is judged by 5 tags, beside a bare get of a cache configured alike? */
@Asks(
        "What does a near hit cost that is judged by 5 tags, beside a bare get of a Caffeine cache that is configured alike? "
                + "The tags have been invalidated before, so each has a mark. The goal: 10 million/s on one core, no allocation, at most 15 % over the bare get.")
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Fork(
        value = 1,
        jvmArgsAppend = {
            "-Xms512m",
            "-Xmx512m",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow"
        })
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 7, time = 1)
public class HitBench {
    private static final String APP = "shop";
    private static final int TAGS = 5;

    @Param({"1", "1024"})
    public int keys;

    private Key[] names = {};
    private int next;
    private @Nullable Vertx vertx;
    private @Nullable Gateway gateway;
    private Cache<Key, Entry> bare = cache(false);
    private Cache<Key, Entry> bareExpiring = cache(true);

    /** Starts a replica over a store in memory, and has it hold near copies. */
    @Setup(Level.Trial)
    public void start() {
        Vertx started = Vertx.vertx();
        vertx = started;
        Store store = new MemoryStore(64 << 20, CoherenceConfig.DEFAULT.rules());
        Gateway made = InProcess.start(started, store, "bench").await().gateway();
        gateway = made;
        List<Key> list = new ArrayList<>();
        for (int i = 0; i < keys; i++) {
            Key key = Key.of(APP, "v1", "key" + i);
            List<Tag> tags = tags(i);
            await(made.invalidate(APP, new Wish(tags, new Hard(), 0, Wish.WAIT)));
            await(made.put(
                    key, Draft.of(Body.of(Buffer.buffer(new byte[1_000])), new Lifetime(3_600_000, 7_200_000), tags)));
            list.add(key);
        }
        list.forEach(this::warm);
        names = list.toArray(Key[]::new);
    }

    private static List<Tag> tags(int key) {
        return IntStream.range(0, TAGS)
                .mapToObj(tag -> new Tag("tag-of-about-24-chars-" + (key * TAGS + tag)))
                .toList();
    }

    private void warm(Key key) {
        for (int i = 0; i < 10_000; i++) {
            if (look(key) instanceof Lookup.Fresh fresh && fresh.source() == Lookup.Source.NEAR) {
                bare.put(key, fresh.entry());
                bareExpiring.put(key, fresh.entry());
                return;
            }
            Thread.onSpinWait();
        }
        throw new IllegalStateException("no near copy of " + key);
    }

    private Lookup look(Key key) {
        Gateway asked = gateway;
        if (asked == null) {
            throw new IllegalStateException();
        }
        return await(asked.get(key, Ask.PLAIN));
    }

    private static <T> T await(Future<T> future) {
        return future.isComplete() ? future.result() : future.await();
    }

    /** Ends the replica. */
    @TearDown(Level.Trial)
    public void stop() {
        if (vertx != null) {
            vertx.close().await();
        }
    }

    private static Cache<Key, Entry> cache(boolean expiring) {
        Caffeine<Key, Entry> caffeine = Caffeine.newBuilder()
                .maximumWeight(NearConfig.DEFAULT.bytes())
                .weigher((Key key, Entry entry) -> entry.weightBytes())
                .executor(Runnable::run);
        return expiring
                ? caffeine.expireAfterWrite(NearConfig.DEFAULT.maxAge().multipliedBy(60))
                        .build()
                : caffeine.build();
    }

    private Key key() {
        next = next + 1 < names.length ? next + 1 : 0;
        return names[next];
    }

    @Benchmark
    public @Nullable Entry bare() {
        return bare.getIfPresent(key());
    }

    @Benchmark
    public @Nullable Entry bareExpiring() {
        return bareExpiring.getIfPresent(key());
    }

    /** And reads the clock once, as whoever judges by a time must. */
    @Benchmark
    public long bareAndClock(Blackhole hole) {
        hole.consume(bare.getIfPresent(key()));
        return Clocks.SYSTEM.nanos();
    }

    /** As the product does it, up to the route. */
    @Benchmark
    public long hit(Blackhole hole) {
        Gateway asked = gateway;
        if (asked == null) {
            return 0;
        }
        long nanos = asked.nanos();
        Entry hit = asked.hit(key(), Ask.PLAIN, nanos);
        hole.consume(hit);
        return hit == null ? 0 : asked.ageMs(hit, nanos);
    }
}
