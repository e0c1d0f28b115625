package dev.freshet;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Three replicas on one Redis, in calm: G1, G2 and G4. */
class ReplicasIT extends OnReplicas {
    private static final int ROUNDS = 1_000;
    private static final int VERSIONS = 300;

    @Test
    void read_afterAnInvalidationIsAnswered_isNeverWhatItEnded() {
        int stale = 0;
        for (int round = 0; round < ROUNDS; round++) {
            String value = "value " + round;
            String key = "rounds/deployments/v1/entries/key" + round % 3;
            String tag = "tag" + round % 5;
            assertThat(put(round, key, tag, value, "").statusCode()).isIn(201, 204);
            for (int replica = 0; replica < 3; replica++) {
                seen(replica, key, value);
                assertThat(get(replica, key).body()).isEqualTo(value);
            }
            boolean soft = round % 4 == 0;
            assertThat(invalidate(round + 1, "rounds", tag, soft).statusCode()).isEqualTo(200);
            for (int replica = 0; replica < 3; replica++) {
                HttpResponse<String> read = get(replica, key);
                boolean right = soft
                        ? read.headers().firstValue("Freshet-State").equals(Optional.of("stale"))
                        : read.statusCode() == 404;
                stale += right ? 0 : 1;
            }
        }
        assertThat(stale).isZero();
    }

    @Test
    void read_whileOthersWriteAndInvalidate_isNeverOlderThanWhatWasEnded() throws Exception {
        String key = "race/deployments/v1/entries/key";
        AtomicInteger ended = new AtomicInteger(-1);
        AtomicLong reads = new AtomicLong();
        AtomicLong hits = new AtomicLong();
        Callable<Void> writer = () -> {
            for (int version = 0; version < VERSIONS; version++) {
                HttpResponse<String> miss = get(version, key);
                String asOf = miss.headers().firstValue("Freshet-As-Of").orElse("");
                put(version + 1, key, "t", Integer.toString(version), asOf);
                get(version + 2, key);
                assertThat(invalidate(version + 2, "race", "t", false).statusCode())
                        .isEqualTo(200);
                ended.set(version);
            }
            return null;
        };
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            var writing = threads.submit(writer);
            List<java.util.concurrent.Future<?>> readers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                int replica = i;
                readers.add(threads.submit(() -> {
                    while (!writing.isDone()) {
                        int before = ended.get();
                        HttpResponse<String> read = get(replica, key);
                        reads.incrementAndGet();
                        if (read.statusCode() == 200) {
                            hits.incrementAndGet();
                            assertThat(Integer.parseInt(read.body())).isGreaterThan(before);
                        }
                    }
                }));
            }
            writing.get(60, SECONDS);
            for (java.util.concurrent.Future<?> reader : readers) {
                reader.get(60, SECONDS);
            }
        }
        assertThat(reads.get()).isGreaterThan(VERSIONS);
        assertThat(hits.get()).isPositive();
    }

    @Test
    void put_computedBeforeAnInvalidation_isNotServed() {
        String key = "late/deployments/v1/entries/key";
        String asOf = get(0, key).headers().firstValue("Freshet-As-Of").orElseThrow();

        invalidate(1, "late", "t", false);
        assertThat(put(2, key, "t", "computed before", asOf).statusCode()).isEqualTo(201);

        for (int replica = 0; replica < 3; replica++) {
            assertThat(get(replica, key).statusCode()).isEqualTo(404);
        }
    }

    /** R21: an old build's writes are in a namespace of their own, which only it reads. */
    @Test
    void deployments_shareInvalidationsAndNothingElse() {
        String one = "build/deployments/v1/entries/key";
        String two = "build/deployments/v2/entries/key";
        put(0, one, "t", "one", "");
        assertThat(get(1, two).statusCode()).isEqualTo(404);
        put(0, two, "t", "two", "");

        assertThat(get(1, one).body()).isEqualTo("one");
        invalidate(2, "build", "t", false);

        assertThat(get(0, one).statusCode()).isEqualTo(404);
        assertThat(get(1, two).statusCode()).isEqualTo(404);
    }

    /* An overwrite is told on the bus, and not waited for: the other replicas see it a moment later. */
    private static void seen(int replica, String key, String value) {
        Awaitility.await()
                .pollInSameThread()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> get(replica, key).body().equals(value));
    }

    private static HttpResponse<String> put(int replica, String key, String tag, String value, String asOf) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(replica, key))
                .PUT(BodyPublishers.ofString(value))
                .header("Cache-Groups", "\"" + tag + "\"")
                .header("Freshet-Lifetime", "revalidate=600, expire=6000");
        return send(asOf.isEmpty() ? request : request.header("Freshet-As-Of", asOf));
    }
}
