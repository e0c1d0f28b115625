package dev.freshet.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.testing.GatewayProcess;
import dev.freshet.testing.RedisServer;
import dev.freshet.testing.Tools;
import dev.freshet.testing.Web;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Replicas are replaced one after the other while they are asked: behind a balancer that goes by {@code /readyz}, with clients that
 * try once more when a connection that was idle turns out to be closed. {@code -Dfreshet.restarts=10} replaces each so often.
 */
class RollingRestartIT {
    private static final int RESTARTS = Integer.getInteger("freshet.restarts", 1);
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1) / 100;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final Duration MOST = Duration.ofMinutes(1);
    private static final int KEYS = 50;
    /** A JVM that has just started shares the cores with all others here. */
    private static final Map<String, String> PATIENT = Map.of("FRESHET_REDIS_TIMEOUT", "2s");

    private static final List<Integer> OK = List.of(200, 201, 204, 404);

    /** @param status 0 for none at all */
    private record Answer(int status, long ms) {}

    private final Path logs = Tools.repository().resolve("target/restarts");
    private final RedisServer redis = RedisServer.start();
    private final List<GatewayProcess> replicas = Stream.of("one", "two", "three")
            .map(name -> new GatewayProcess(name, redis.uri(), logs, PATIENT))
            .toList();
    private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
    private final AtomicInteger again = new AtomicInteger();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private volatile List<GatewayProcess> ready = List.of();
    private volatile boolean over;

    @AfterEach
    void stop() {
        over = true;
        threads.close();
        replicas.forEach(GatewayProcess::close);
        redis.close();
    }

    @Test
    void replicasAreReplacedUnderLoad_noRequestFails() {
        replicas.forEach(GatewayProcess::awaitReady);
        threads.execute(this::balance);
        await().until(() -> ready.size() == replicas.size());
        threads.execute(this::load);
        await("all are warm")
                .atMost(MOST)
                .until(() -> answers.size() > 300
                        && answers.stream()
                                .skip(Math.max(0, answers.size() - 200))
                                .allMatch(answer -> OK.contains(answer.status())));
        answers.clear();

        for (int i = 0; i < RESTARTS; i++) {
            for (GatewayProcess replica : replicas) {
                assertThat(replica.terminate()).isZero();
                replica.restart();
                await("it is asked again").atMost(MOST).until(() -> ready.contains(replica));
                int before = answers.size();
                await("it serves").atMost(MOST).until(() -> answers.size() > before + 100);
            }
        }
        over = true;

        long[] ms = answers.stream().mapToLong(Answer::ms).sorted().toArray();
        System.out.printf(
                Locale.ROOT,
                "rolling restarts: %d of each of %d replicas; %,d requests, %d of them sent twice; p50 %d ms, p99 %d ms, slowest %d ms%n",
                RESTARTS,
                replicas.size(),
                ms.length,
                again.get(),
                ms[ms.length / 2],
                ms[ms.length * 99 / 100],
                ms[ms.length - 1]);
        assertThat(answers).extracting(Answer::status).isSubsetOf(OK);
    }

    private void balance() {
        while (!over) {
            ready = replicas.stream().filter(GatewayProcess::isReady).toList();
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private void load() {
        long dueNanos = System.nanoTime();
        for (int i = 0; !over; i++) {
            int turn = i;
            threads.execute(() -> ask(turn));
            dueNanos += PAUSE_NANOS;
            LockSupport.parkNanos(dueNanos - System.nanoTime());
        }
    }

    private void ask(int turn) {
        long startNanos = System.nanoTime();
        int status;
        try {
            status = send(turn, turn);
        } catch (UncheckedIOException closed) {
            again.incrementAndGet();
            status = once(turn);
        }
        answers.add(new Answer(status, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos)));
    }

    private int once(int turn) {
        try {
            return send(turn, turn + 1);
        } catch (UncheckedIOException failed) {
            return 0;
        }
    }

    private int send(int turn, int replica) {
        List<GatewayProcess> able = ready;
        String app = able.get(replica % able.size()).url() + "/v1/apps/shop";
        String entry = app + "/deployments/v1/entries/key" + turn / 20 % KEYS;
        HttpRequest.Builder request = switch (turn % 20) {
            case 0 ->
                Web.to(entry)
                        .PUT(BodyPublishers.ofString("value"))
                        .header("Cache-Groups", "\"posts\"")
                        .header("Freshet-Lifetime", "revalidate=3600, expire=7200");
            case 1 ->
                Web.to(app + "/invalidations")
                        .POST(BodyPublishers.ofString("{\"tags\":[\"posts\"],\"mode\":\"soft\"}"))
                        .header("Content-Type", "application/json");
            default -> Web.to(entry);
        };
        return Web.send(request).statusCode();
    }
}
