package dev.freshet.bench;

import dev.freshet.gateway.CoherenceConfig;
import dev.freshet.gateway.Place;
import dev.freshet.gateway.Wish;
import dev.freshet.redis.RedisConfig;
import dev.freshet.redis.RedisStore;
import dev.freshet.store.Change;
import dev.freshet.store.Mode.Hard;
import dev.freshet.store.Store;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;

/** {@code bench/run replicas [replicas] [samples] [rounds]}: how long does an acknowledged invalidation take in a fleet of up to a thousand? */
final class ReplicasBench {
    private static final String APP = "shop";
    private static final int REPLICAS = 1_000;
    private static final int SAMPLES = 50;
    private static final int ROUNDS = 5;
    private static final int AT_ONCE = 50;
    private static final long APPLY_S_MAX = 30;

    private final Vertx vertx;
    private final RedisConfig config;
    private final List<InProcess> replicas = new ArrayList<>();

    /** Of the invalidation that is under way. Written by the loops of the replicas. */
    private volatile CountDownLatch applying = new CountDownLatch(0);

    private final AtomicLong lastNanos = new AtomicLong();

    private ReplicasBench(Vertx vertx, String url) {
        this.vertx = vertx;
        config = new RedisConfig(url, Duration.ofSeconds(30), 10_000);
    }

    static void run(List<String> arguments) throws Exception {
        int most = Arguments.number(arguments, 0, REPLICAS);
        int samples = Arguments.number(arguments, 1, SAMPLES);
        int rounds = Arguments.number(arguments, 2, ROUNDS);
        Report report = new Report(
                "replicas",
                "How long does an acknowledged invalidation take in a fleet of so many replicas on one Redis, and when has the last of them applied it? "
                        + "The replicas are the product's own, without HTTP, in one JVM: each has its own subscription and its own connection for beats (every 250 ms) and acknowledgements. "
                        + "They share the cores of this machine with Redis, which a real fleet would not. Expected: as long for each replica however many there are. "
                        + "Acknowledged is by how many at least; the others' windows ended first.",
                arguments);
        report.table(
                "replicas",
                "the last has applied it, p50 ms: min · **median** · max",
                "p99 ms",
                "the caller is told, p50 ms",
                "p99 ms, told",
                "acknowledged",
                "rounds of " + samples);
        Vertx vertx = Vertx.vertx();
        try (Child redis = Child.redis(0);
                AutoCloseable storesFirst = () -> vertx.close().await()) {
            ReplicasBench bench = new ReplicasBench(vertx, redis.url());
            for (int replicas = 1; replicas <= most; replicas *= 10) {
                bench.start(replicas);
                bench.round(samples);
                Rounds<Round> found = Rounds.of(rounds, () -> bench.round(samples));
                report.row(
                        String.format(Locale.ROOT, "%,d", replicas),
                        found.spread(round -> ms(round.applied, 50)),
                        found.spread(round -> ms(round.applied, 99)),
                        found.spread(round -> ms(round.settled, 50)),
                        found.spread(round -> ms(round.settled, 99)),
                        String.format(
                                Locale.ROOT, "%,.0f", found.spread(Round::named).min()),
                        found);
            }
        }
        report.end().write();
    }

    private static double ms(Histogram micros, double percentile) {
        return micros.getValueAtPercentile(percentile) / 1_000.0;
    }

    /**
     * One round.
     *
     * @param named the fewest replicas that an invalidation waited for
     */
    private record Round(Histogram applied, Histogram settled, int named) {}

    /** Starts replicas until there are so many. */
    private void start(int count) {
        while (replicas.size() < count) {
            List<Future<InProcess>> starting = new ArrayList<>();
            for (int i = replicas.size(); i < Math.min(count, replicas.size() + AT_ONCE); i++) {
                Store store = new RedisStore(vertx, config, CoherenceConfig.DEFAULT.rules());
                starting.add(InProcess.start(vertx, store, "replica-" + i)
                        .compose(replica -> replica.gateway()
                                .subscribe(APP, Place.NONE, this::applied)
                                .map(replica)));
            }
            Future.all(starting).await();
            starting.forEach(replica -> replicas.add(replica.result()));
        }
    }

    private void applied(Change change) {
        if (change instanceof Change.Invalidated) {
            lastNanos.accumulateAndGet(System.nanoTime(), Math::max);
            applying.countDown();
        }
    }

    private Round round(int samples) throws InterruptedException {
        int count = replicas.size();
        Round round = new Round(new Histogram(60_000_000, 3), new Histogram(60_000_000, 3), count);
        for (int i = 0; i < samples; i++) {
            CountDownLatch latch = new CountDownLatch(count);
            applying = latch;
            long begun = System.nanoTime();
            lastNanos.set(begun);
            var taken = replicas.getFirst()
                    .gateway()
                    .invalidate(APP, new Wish(List.of(new Tag("posts")), new Hard(), 0, Wish.WAIT))
                    .await();
            long settled = System.nanoTime();
            if (!latch.await(APPLY_S_MAX, TimeUnit.SECONDS)) {
                throw new IllegalStateException(latch.getCount() + " replicas have not applied it");
            }
            round.settled.recordValue((settled - begun) / 1_000);
            round.applied.recordValue((lastNanos.get() - begun) / 1_000);
            round = new Round(round.applied, round.settled, Math.min(round.named, taken.replicas()));
        }
        return round;
    }
}
