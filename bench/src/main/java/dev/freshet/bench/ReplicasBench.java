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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;

/** {@code bench/run replicas [replicas] [samples] [rounds]}: how long does an acknowledged invalidation take in a fleet of a thousand? */
final class ReplicasBench {
    private static final String APP = "shop";
    private static final int REPLICAS = 1_000;
    private static final int SAMPLES = 50;
    private static final int ROUNDS = 5;
    private static final int AT_ONCE = 50;
    private static final long APPLY_S_MAX = 30;

    private final int count;
    private final List<InProcess> replicas = new ArrayList<>();

    /** Of the invalidation that is under way. Written by the loops of the replicas. */
    private volatile CountDownLatch applying = new CountDownLatch(0);

    private final AtomicLong lastNanos = new AtomicLong();

    private ReplicasBench(int count) {
        this.count = count;
    }

    static void run(List<String> arguments) throws Exception {
        int replicas = arguments.isEmpty() ? REPLICAS : Integer.parseInt(arguments.getFirst());
        int samples = arguments.size() < 2 ? SAMPLES : Integer.parseInt(arguments.get(1));
        int rounds = arguments.size() < 3 ? ROUNDS : Integer.parseInt(arguments.get(2));
        Report report = new Report(
                "replicas",
                "How long does an acknowledged invalidation take in a fleet of a thousand replicas on one Redis, and when has the last of them applied it? "
                        + "The replicas are the product's own, without HTTP, in one JVM: each has its own subscription and its own connection for beats (every 250 ms) and acknowledgements. "
                        + "They share the cores of this machine with Redis, which a real fleet would not.",
                arguments);
        Vertx vertx = Vertx.vertx();
        try (Child redis = Child.redis(0)) {
            ReplicasBench bench = new ReplicasBench(replicas);
            bench.start(vertx, redis.url());
            bench.round(samples);
            List<Round> all = new ArrayList<>();
            for (int round = 0; round < rounds; round++) {
                all.add(bench.round(samples));
            }
            report.table("what", "p50 ms: min · **median** · max", "p99 ms", "samples");
            report.row(
                    "the last replica has applied it", ms(all, true, 50), ms(all, true, 99), rounds + " × " + samples);
            report.row(
                    "the caller is told that all have",
                    ms(all, false, 50),
                    ms(all, false, 99),
                    rounds + " × " + samples);
            report.end();
            report.text("%,d replicas, of which the fewest acknowledged before their windows ended: %,d."
                    .formatted(
                            replicas, all.stream().mapToInt(Round::named).min().orElse(0)));
        }
        report.write();
    }

    /**
     * One round.
     *
     * @param named the fewest replicas that an invalidation waited for
     */
    private record Round(Histogram applied, Histogram settled, int named) {}

    private void start(Vertx vertx, String url) {
        RedisConfig config = new RedisConfig(url, Duration.ofSeconds(30), 10_000);
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
            round = new Round(
                    round.applied,
                    round.settled,
                    Math.min(round.named, taken.replicas()));
        }
        return round;
    }

    private static Spread ms(List<Round> rounds, boolean applied, double percentile) {
        return Spread.of(rounds.stream()
                .mapToDouble(
                        round -> (applied ? round.applied : round.settled).getValueAtPercentile(percentile) / 1_000.0)
                .toArray());
    }
}
