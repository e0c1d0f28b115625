package dev.freshet.bench;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.loop.Clocks;
import dev.freshet.near.Landing;
import dev.freshet.near.NearCache;
import dev.freshet.near.NearConfig;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/** {@code bench/run flights}: what does it cost to read by a flight, to join one, and to do either while others do? */
@Asks(
        "What does a read by way of a flight cost beside the store, which answers at once: of keys that nobody else reads; of one key that every thread reads; and to join a flight that is under way, together with its landing? By one thread, and by four at the same time.")
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms512m", "-Xmx512m"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class FlightsBench {
    private static final int MANY = 4;
    private static final int JOINING = 100;
    private static final int KEYS = 1 << 10;

    private final NearCache near = new NearCache(NearConfig.DEFAULT, Clocks.SYSTEM);
    private final List<Entry> entries =
            IntStream.range(0, KEYS).mapToObj(FlightsBench::entry).toList();

    /** Keys of one thread, if there is a choice. */
    @State(Scope.Thread)
    public static class Mine {
        private int next = (int) Thread.currentThread().threadId() * 97;

        Entry next(List<Entry> entries) {
            return entries.get(next++ & KEYS - 1);
        }
    }

    private static Entry entry(int number) {
        return new Entry(
                Key.of("shop", "v1", "entry" + number),
                1,
                1,
                1,
                List.of(),
                Lifetime.UNLIMITED,
                Draft.OCTETS,
                "",
                Body.of(Buffer.buffer(new byte[1_000])));
    }

    private Future<Landing> fetch(Entry entry) {
        return near.fetch(entry.key(), 1, known -> Future.succeededFuture(Optional.of(entry)));
    }

    private Future<Landing> join(Entry entry) {
        Promise<Optional<Entry>> answer = Promise.promise();
        Future<Landing> last = near.fetch(entry.key(), 1, known -> answer.future());
        for (int i = 1; i < JOINING; i++) {
            last = near.fetch(entry.key(), 1, known -> answer.future());
        }
        answer.complete(Optional.of(entry));
        return last;
    }

    @Benchmark
    @Threads(1)
    public Future<Landing> manyKeys(Mine mine) {
        return fetch(mine.next(entries));
    }

    @Benchmark
    @Threads(MANY)
    public Future<Landing> manyKeysBy4(Mine mine) {
        return fetch(mine.next(entries));
    }

    @Benchmark
    @Threads(MANY)
    public Future<Landing> oneKeyBy4() {
        return fetch(entries.getFirst());
    }

    @Benchmark
    @Threads(1)
    @OperationsPerInvocation(JOINING)
    public Future<Landing> join(Mine mine) {
        return join(mine.next(entries));
    }

    @Benchmark
    @Threads(MANY)
    @OperationsPerInvocation(JOINING)
    public Future<Landing> joinBy4(Mine mine) {
        return join(mine.next(entries));
    }
}
