package dev.freshet.bench;

import dev.freshet.entry.Key;
import dev.freshet.gateway.CoherenceConfig;
import dev.freshet.lease.LeaseConfig;
import dev.freshet.lease.LeaseVerticle;
import dev.freshet.lease.Seen;
import dev.freshet.lease.Turn;
import dev.freshet.loop.Clocks;
import dev.freshet.store.MemoryStore;
import dev.freshet.tag.Tag;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** {@code bench/run leases}: what does a lease cost, and a caller who waits for one, when 1,000 callers of several event loops come at once? */
@Asks(
        "What does each of 1,000 callers cost who come at once from so many event loops: when each gets the lease of a key of its own, and gives it back; and when one has the lease, and the others wait until it gives it back and then look again? Leases are those of the store in memory, which answers at once.")
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms512m", "-Xmx512m", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LeasesBench {
    private static final int CALLERS = 1_000;
    private static final long WAIT_MS = 30_000;
    private static final long POLL_NANOS = 10_000;

    private static final Seen NOTHING = new Nothing();

    @Param({"1", "4"})
    public int loops;

    private final Vertx vertx = Vertx.vertx();
    private final List<Key> keys = IntStream.range(0, CALLERS)
            .mapToObj(i -> Key.of("shop", "v1", "key" + i))
            .toList();
    private final LeaseVerticle leases = new LeaseVerticle(
            new MemoryStore(1 << 20, CoherenceConfig.DEFAULT.rules()), LeaseConfig.DEFAULT, "bench", Clocks.SYSTEM);
    private List<Context> contexts = List.of();

    /** Starts the leases, and finds loops for their callers. */
    @Setup
    public void start() {
        vertx.deployVerticle(leases).await();
        contexts = Stream.generate(vertx::getOrCreateContext).limit(loops).toList();
    }

    /** Ends all. */
    @TearDown
    public void stop() {
        vertx.close().await();
    }

    private record Nothing() implements Seen {
        @Override
        public long revision() {
            return 0;
        }

        @Override
        public long asOf() {
            return 0;
        }

        @Override
        public long endedAt() {
            return 0;
        }

        @Override
        public List<Tag> tags() {
            return List.of();
        }
    }

    @Benchmark
    @OperationsPerInvocation(CALLERS)
    public void lead() throws InterruptedException {
        ask(keys::get).await();
    }

    @Benchmark
    @OperationsPerInvocation(CALLERS)
    public void follow() throws InterruptedException {
        Key key = keys.getFirst();
        if (!(leases.ask(vertx, key, NOTHING, WAIT_MS).await() instanceof Turn.Lead lead)) {
            throw new IllegalStateException("another leads");
        }
        CountDownLatch told = ask(i -> key);
        while (leases.waiters() < CALLERS) {
            LockSupport.parkNanos(POLL_NANOS);
        }
        giveBack(key, lead);
        told.await();
    }

    /* Each loop asks for its share. */
    private CountDownLatch ask(IntFunction<Key> keyOf) {
        CountDownLatch told = new CountDownLatch(CALLERS);
        for (int loop = 0; loop < loops; loop++) {
            int first = loop;
            contexts.get(loop).runOnContext(run -> {
                for (int i = first; i < CALLERS; i += loops) {
                    Key key = keyOf.apply(i);
                    leases.ask(vertx, key, NOTHING, WAIT_MS).onSuccess(turn -> {
                        if (turn instanceof Turn.Lead lead) {
                            giveBack(key, lead);
                        }
                        told.countDown();
                    });
                }
            });
        }
        return told;
    }

    private void giveBack(Key key, Turn.Lead lead) {
        leases.release(key, lead.token()).onSuccess(released -> leases.changed(key));
    }
}
