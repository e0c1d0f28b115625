package dev.freshet.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/** A test on the fleet of {@link Fleet#ofFreshet}, which is started for the first of them and ended after the last. */
@ExtendWith(OnFleet.Shared.class)
abstract class OnFleet {

    static final Duration FRESH_MAX = Duration.ofSeconds(15);

    /** What many pages at once may take on a machine that has other things to do. */
    private static final Duration HERD_MAX = Duration.ofSeconds(60);

    static Fleet fleet;

    /** Starts the fleet, and adds the end of each process's output to a failure. */
    static final class Shared implements BeforeAllCallback, TestExecutionExceptionHandler {
        @Override
        public void beforeAll(ExtensionContext context) {
            fleet = context.getRoot()
                    .getStore(ExtensionContext.Namespace.create(Fleet.class))
                    .computeIfAbsent(Fleet.class, key -> Fleet.ofFreshet(), Fleet.class);
        }

        @Override
        public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
            if (fleet != null && !(failure instanceof TestAbortedException)) {
                failure.addSuppressed(new Exception(fleet.tails(), null, false, false) {});
            }
            throw failure;
        }
    }

    /**
     * Has the first process revalidate {@code tag}, and returns once every gateway knows. (The route handler answers
     * without waiting for its cache handlers.)
     */
    static void revalidateTag(String tag) {
        Feature.PROFILES.require();
        JsonNode before = fleet.gateway(1).mark(Fleet.APP, tag);
        fleet.server(1).revalidateTag(tag);
        await("the mark")
                .atMost(FRESH_MAX)
                .until(() -> !fleet.gateway(1).mark(Fleet.APP, tag).equals(before));
        JsonNode marked = fleet.gateway(1).mark(Fleet.APP, tag);
        await("the mark at the other gateways")
                .atMost(FRESH_MAX)
                .until(() -> fleet.gateways().stream()
                        .allMatch(gateway -> gateway.mark(Fleet.APP, tag).equals(marked)));
    }

    static void awaitValues(String path, String value) {
        await(path + " shows " + value)
                .atMost(FRESH_MAX)
                .untilAsserted(() -> assertThat(fleet.values(path)).containsOnly(value));
    }

    /** Returns once each process shows {@code value}, and whole pages come from the cache. */
    static void awaitKept(Kind kind, String path, String value) {
        awaitValues(path, value);
        if (kind == Kind.ISR_PAGE || kind == Kind.ROUTE_HANDLER) {
            await(path + " is kept")
                    .atMost(FRESH_MAX)
                    .until(() -> fleet.servers().stream()
                            .allMatch(server -> server.get(path).cache().equals("HIT")));
        }
    }

    /** What the processes answer when each is asked {@code times} times at once. */
    static List<Page> pagesAtOnce(String path, int times) {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Page>> pages = IntStream.range(0, 3 * times)
                    .mapToObj(i -> CompletableFuture.supplyAsync(
                            () -> fleet.server(1 + i % 3).get(path, HERD_MAX), threads))
                    .toList();
            return pages.stream().map(CompletableFuture::join).toList();
        }
    }

    static String key(String test, Kind kind) {
        return test + "-" + kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
