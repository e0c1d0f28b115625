package dev.freshet.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.testing.GatewayProcess;
import dev.freshet.testing.RedisServer;
import dev.freshet.testing.Tools;
import dev.freshet.testing.Web;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * G6: Redis goes away and comes back, again and again, while a replica is asked 500 times a second.
 * {@code -Dfreshet.outages=20} has each kind of outage happen so often.
 */
class OutageIT {
    private static final int OUTAGES = Integer.getInteger("freshet.outages", 2);
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1) / 500;
    private static final int KEYS = 20;

    /** So many, and the window is long over. */
    private static final int ANSWERS_OF_A_WINDOW = 1_000;

    private static final String DEPLOYMENT = "/v1/apps/shop/deployments/v1";
    private static final String ENTRIES = DEPLOYMENT + "/entries/";

    /** The kinds of an outage. */
    private enum Kind {
        /** kill -9. */
        KILLED,
        /** SIGSTOP. */
        FROZEN,
        /** The network swallows whatever is sent, either way. */
        SILENT
    }

    /**
     * One answer.
     *
     * @param resident whether it is of a key that has a near copy
     * @param status 0 for none at all
     */
    private record Answer(boolean resident, int status, long ms, boolean outage) {}

    private final Path folder = Tools.repository().resolve("target/outages");
    private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
    private final RedisServer redis = started();
    private final FaultProxy proxy = new FaultProxy(URI.create(redis.uri()).getPort());
    private final GatewayProcess gateway =
            new GatewayProcess("outages", "redis://127.0.0.1:" + proxy.port(), folder).awaitReady();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private volatile boolean over;
    /** Redis may have lost the end of its history while no window was open: then what is older than the new one is not served. */
    private volatile boolean forgotten;

    private RedisServer started() {
        try {
            Path kept = folder.resolve("redis");
            Files.createDirectories(kept);
            return RedisServer.startKept(kept);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeEach
    void warm() {
        for (int i = 0; i < KEYS; i++) {
            String key = "near" + i;
            await().until(() -> {
                if (get(key).statusCode() != 200) {
                    put(key);
                }
                return isNear(key);
            });
        }
    }

    private boolean isNear(String key) {
        return status(get(key)).contains("detail=near");
    }

    @AfterEach
    void stop() {
        over = true;
        threads.close();
        gateway.close();
        proxy.close();
        redis.close();
    }

    private int put(String key) {
        return Web.send(Web.to(gateway.url() + ENTRIES + key)
                        .PUT(BodyPublishers.ofString("value of " + key))
                        .header("Freshet-Lifetime", "revalidate=3600, expire=7200"))
                .statusCode();
    }

    private static String status(HttpResponse<String> answer) {
        return answer.headers().firstValue("Cache-Status").orElse("");
    }

    @Test
    void redisComesAndGoes_nearKeysAreAnsweredAndAllRecovers() {
        threads.execute(this::load);
        List<Long> backMs = new ArrayList<>();
        for (int i = 0; i < OUTAGES; i++) {
            for (Kind kind : Kind.values()) {
                backMs.add(outage(kind, i % 2 == 0 ? ANSWERS_OF_A_WINDOW : 0));
            }
        }

        System.out.printf(
                Locale.ROOT,
                "outages: %d of each kind; near keys: %s, %,d of them in an outage; others: %s; as before after %s ms%n",
                OUTAGES,
                times(true),
                answers.stream().filter(Answer::outage).count(),
                times(false),
                backMs);
        assertThat(answers)
                .as("none hangs, which is status 0")
                .allSatisfy(answer ->
                        assertThat(answer.status).isIn(answer.resident ? List.of(200) : List.of(200, 404, 503)));
    }

    private String times(boolean resident) {
        long[] ms = answers.stream()
                .filter(answer -> answer.resident == resident)
                .mapToLong(Answer::ms)
                .sorted()
                .toArray();
        return "%,d answers, p50 %d ms, p99 %d ms, slowest %d ms"
                .formatted(ms.length, ms[ms.length / 2], ms[ms.length * 99 / 100], ms[ms.length - 1]);
    }

    /**
     * Has Redis go away, and come back. How long it then took until all was as before, in ms.
     *
     * @param more how many answers it stays away for once it is missed
     */
    private long outage(Kind kind, int more) {
        int before = answers.size();
        String history = gateway.history("shop");
        switch (kind) {
            case KILLED -> redis.kill();
            case FROZEN -> redis.freeze();
            case SILENT -> proxy.rule(FaultProxy.Rule.held(FaultProxy.Which.ALL, FaultProxy.Way.BOTH));
        }
        await("an outage").until(() -> answers.stream().skip(before).anyMatch(Answer::outage));
        int during = answers.size();
        await("it goes on").until(() -> answers.size() >= during + more);
        switch (kind) {
            case KILLED -> {
                forgotten = true;
                redis.restart();
            }
            case FROZEN -> redis.thaw();
            case SILENT -> proxy.rule(FaultProxy.Rule.PASS);
        }
        long backNanos = System.nanoTime();
        await("it serves as before").pollInterval(Duration.ofMillis(10)).untilAsserted(() -> {
            assertThat(get("other").statusCode()).isEqualTo(404);
            assertThat(gateway.history("shop").equals(history)).isEqualTo(!forgotten);
            // What is taken before that is older than any mark that may be lost.
            for (int i = 0; forgotten && i < KEYS; i++) {
                assertThat(put("near" + i)).isLessThan(300);
            }
            HttpResponse<String> near = get("near0");
            assertThat(status(near))
                    .as(() -> "%s of a Redis %s\n%s\n%s".formatted(near, kind, why("near0"), gateway.tail()))
                    .contains(forgotten ? "hit" : "detail=near");
        });
        long backMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - backNanos);
        if (forgotten) {
            warm();
            forgotten = false;
        }
        return backMs;
    }

    private String why(String key) {
        return Web.send(Web.to(gateway.url() + DEPLOYMENT + "/why/" + key)).body();
    }

    private HttpResponse<String> get(String key) {
        return Web.send(Web.to(gateway.url() + ENTRIES + key));
    }

    private void load() {
        long dueNanos = System.nanoTime();
        for (int i = 0; !over; i++) {
            boolean resident = i % 2 == 0;
            String key = (resident ? "near" : "other") + i / 2 % KEYS;
            threads.execute(() -> ask(resident, key));
            dueNanos += PAUSE_NANOS;
            LockSupport.parkNanos(dueNanos - System.nanoTime());
        }
    }

    private void ask(boolean resident, String key) {
        long startNanos = System.nanoTime();
        boolean known = resident && !forgotten;
        int status = 0;
        boolean outage = false;
        try {
            HttpResponse<String> answer = get(key);
            status = answer.statusCode();
            outage = status(answer).contains("detail=outage");
        } catch (RuntimeException e) {
            if (over) {
                return;
            }
        }
        answers.add(new Answer(
                known && !forgotten, status, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos), outage));
    }
}
