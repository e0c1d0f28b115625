package dev.freshet.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever the gateway does, pages are served in time; and when it is well again they are cached again, unaided. */
class FailuresIT extends OnFleet {

    /** With {@code -Dfreshet.failures.requests=10000} it takes a quarter of an hour. */
    private static final int REQUESTS_PER_FAILURE = Integer.getInteger("freshet.failures.requests", 200);

    private static final int AT_ONCE = 8;
    private static final int KEYS = 20;
    private static final Duration ADAPTER_DEADLINE = Duration.ofMillis(500);

    /** One deadline of the adapter, and what eight pages at once take on a machine that has other things to do. */
    private static final Duration PAGE_DEADLINE = ADAPTER_DEADLINE.plusMillis(1_500);

    private static final double OVER_MAX = 1.1;

    private static BadLine line;
    private static NextServer server;

    /** What goes wrong, and how it is made well. */
    enum Failure {
        STOPPED {
            @Override
            void begin() {
                fleet.gateway(3).kill();
            }

            @Override
            void end() {
                fleet.gateway(3).restart();
            }
        },
        HUNG {
            @Override
            void begin() {
                fleet.gateway(3).freeze();
            }

            @Override
            void end() {
                fleet.gateway(3).thaw();
            }
        },
        REFUSING {
            @Override
            void begin() {
                line.become(BadLine.Mode.REFUSES);
            }
        },
        ANSWERING_GARBAGE {
            @Override
            void begin() {
                line.become(BadLine.Mode.GARBAGE);
            }
        },
        CUT_MID_BODY {
            @Override
            void begin() {
                line.become(BadLine.Mode.CUTS);
            }
        };

        abstract void begin();

        void end() {
            line.become(BadLine.Mode.GOOD);
        }
    }

    @BeforeAll
    static void start() {
        line = new BadLine(fleet.gateway(3).url());
        server = fleet.startAt(line.url(), ADAPTER_DEADLINE);
    }

    @AfterAll
    static void stop() {
        server.close();
        line.close();
    }

    @ParameterizedTest
    @EnumSource
    void rule1_gatewayFails_pagesAreServedInTimeAndCachedAgainAfter(Failure failure) {
        List<String> paths = paths(failure);
        paths.forEach(path -> assertThat(server.get(path).value()).isEqualTo("initial"));

        failure.begin();
        long[] tookMs;
        try {
            tookMs = askAll(paths);
        } finally {
            failure.end();
        }

        Arrays.sort(tookMs);
        System.out.printf(
                "%s: %d pages, none failed, p50 %d ms, p99 %d ms, max %d ms, %.1f %% of the deadline%n",
                failure,
                tookMs.length,
                tookMs[tookMs.length / 2],
                tookMs[tookMs.length * 99 / 100],
                tookMs[tookMs.length - 1],
                100.0 * tookMs[tookMs.length - 1] / PAGE_DEADLINE.toMillis());
        assertThat((double) tookMs[tookMs.length - 1]).isLessThanOrEqualTo(PAGE_DEADLINE.toMillis() * OVER_MAX);
        awaitSharedAgain(failure);
    }

    private static List<String> paths(Failure failure) {
        List<String> paths = new ArrayList<>();
        for (int i = 0; i < KEYS; i++) {
            for (Kind kind : Kind.all()) {
                paths.add(kind.path(key("failure-" + failure.ordinal() + "-" + i, kind)));
            }
        }
        return paths;
    }

    /** How long each of the pages took, in milliseconds; each answered well. */
    private static long[] askAll(List<String> paths) {
        try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
            List<CompletableFuture<Long>> took = new ArrayList<>();
            for (int i = 0; i < REQUESTS_PER_FAILURE; i++) {
                String path = paths.get(i % paths.size());
                took.add(CompletableFuture.supplyAsync(() -> ask(path), threads));
            }
            return took.stream().mapToLong(CompletableFuture::join).toArray();
        }
    }

    private static long ask(String path) {
        long from = System.nanoTime();
        Page page = server.get(path);
        long tookMs = Duration.ofNanos(System.nanoTime() - from).toMillis();
        assertThat(page.status()).as(page.toString()).isEqualTo(200);
        assertThat(page.value()).as(page.toString()).isEqualTo("initial");
        return tookMs;
    }

    /** Returns once what this process computes is read by another. */
    private static void awaitSharedAgain(Failure failure) {
        AtomicInteger tries = new AtomicInteger();
        await("the cache is used again").atMost(Duration.ofSeconds(30)).until(() -> {
            String key = "shared-again-" + failure.ordinal() + "-" + tries.incrementAndGet();
            String path = Kind.USE_CACHE.path(key);
            server.get(path);
            fleet.server(1).get(path);
            return fleet.origin().calls(key) == 1;
        });
    }
}
