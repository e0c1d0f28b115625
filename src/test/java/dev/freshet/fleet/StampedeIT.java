package dev.freshet.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** G3: of a fleet that wants one value at once, one process computes it. */
class StampedeIT extends OnFleet {

    /** For each of three processes. */
    private static final int TIMES = 20;

    private static final long ORIGIN_MS = 400;

    /** Less than a lease lasts that nobody gives back. */
    private static final Duration LEASE = Duration.ofSeconds(9);

    /** Of such a lease, and of the computation after it. */
    private static final Duration LEASE_MAX = Duration.ofSeconds(25);

    private static final Duration BRIEF = Duration.ofSeconds(2);

    private static final String HOUR = "s-maxage=3600, stale-while-revalidate=82800";

    @ParameterizedTest
    @EnumSource
    void cold_sixtyAtOnce_areAnsweredWithTheValueOfOneCall(Kind kind) {
        String key = key("cold", kind);
        fleet.origin().set(key, "one");
        fleet.origin().slow(key, ORIGIN_MS);

        assertThat(pagesAtOnce(kind.path(key), TIMES)).extracting(Page::value).containsOnly("one");
        assertThat(fleet.origin().calls(key)).isEqualTo(1);
    }

    /** All are answered while the origin holds its one call: nobody waits for it. */
    @ParameterizedTest
    @EnumSource
    void staleByTag_sixtyAtOnce_areAnsweredBeforeTheOneCallIs(Kind kind) {
        kind.requireBackgroundRefresh();
        String key = key("marked", kind);
        String path = kind.path(key);
        String old = "old of " + key;
        fleet.origin().set(key, old);
        awaitValues(path, old);
        List<StoredEntries.Entry> stored = fleet.stored().showing(old);
        assertThat(stored).isNotEmpty();

        fleet.origin().set(key, "new of " + key);
        fleet.origin().hold(key, () -> {
            revalidateTag(key);
            assertAnsweredWith(old, kind, path);
            assertThat(fleet.origin().calls(key)).as("refreshes").isLessThanOrEqualTo(2);
        });
        awaitValues(path, "new of " + key);
        assertThat(fleet.origin().calls(key)).isEqualTo(2);
        assertThat(stored)
                .as("who follows stores nothing stale")
                .containsAll(fleet.stored().showing(old));
        assertThat(fleet.stored().showing("new of " + key))
                .isNotEmpty()
                .allSatisfy(entry -> assertThat(entry.revalidateMs()).isEqualTo(3_600_000));
    }

    /** Next remembers what its own process has ended, by the tag and the instant: that was before the value was made. */
    @ParameterizedTest
    @EnumSource
    void staleByTag_whereAllWasEndedBefore_isAnsweredBeforeTheCallIs(Kind kind) {
        kind.requireBackgroundRefresh();
        String key = key("layout", kind);
        String path = kind.path(key);
        fleet.server(1).revalidate("path=/&type=layout");
        fleet.origin().set(key, "old");
        awaitValues(path, "old");

        fleet.origin().set(key, "new");
        fleet.origin().hold(key, () -> {
            revalidateTag(key);
            assertThat(fleet.server(1).get(path).value()).isEqualTo("old");
        });
        awaitValues(path, "new");
    }

    @ParameterizedTest
    @EnumSource
    void staleByTime_sixtyAtOnce_areAnsweredBeforeTheOneCallIs(Kind kind) {
        kind.requireBackgroundRefresh();
        String key = key("brief", kind);
        String path = kind.path(key);
        fleet.origin().set(key, "one");
        assertThat(fleet.server(1).get(path).value()).isEqualTo("one");
        int calls = fleet.origin().calls(key);
        long staleAtNanos = System.nanoTime() + BRIEF.toNanos();
        await("it is older than its lifetime").until(() -> System.nanoTime() > staleAtNanos);

        fleet.origin().set(key, "two");
        fleet.origin().hold(key, () -> {
            assertThat(pagesAtOnce(path, TIMES)).extracting(Page::value).containsOnly("one");
            await("the refresh").atMost(FRESH_MAX).until(() -> fleet.origin().calls(key) > calls);
            assertThat(fleet.origin().calls(key)).isEqualTo(calls + 1);
        });
        awaitValues(path, "two");
    }

    /**
     * What a page is made of is being refreshed elsewhere: it must not take the old for an hour's worth of new. (A page
     * that is rendered around its shell while it is asked for may show the old; it is not kept, and says so.)
     */
    @Test
    void staleByTag_pageRenderedByAFollower_isKeptOnlyWithTheNewValueAndTheLifetimeOfAFreshOne() {
        String key = "followed";
        int calls = cachedAndReplaced(key);

        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Page>> pages = new ArrayList<>();
            fleet.origin().hold(key, () -> {
                revalidateTag(key);
                assertThat(fleet.server(2).get("/cached/" + key).value()).isEqualTo("old followed");
                await("the leader").atMost(FRESH_MAX).until(() -> fleet.origin().calls(key) > calls);
                for (int server : new int[] {1, 2, 3}) {
                    for (String folder : List.of("/isr/", "/api/isr/")) {
                        pages.add(async(threads, () -> fleet.server(server).get(folder + key, LEASE_MAX)));
                    }
                }
                await("they wait").atMost(FRESH_MAX).until(() -> fleet.waiters() >= 2);
            });
            assertThat(pages.stream().map(CompletableFuture::join))
                    .allSatisfy(page -> assertNotKeptUnlessNew(page, "new followed"));
        }
        assertOnlyTheNewIsKept(key, calls + 1);
    }

    /**
     * The same where the page's own process is to refresh what it is made of. Next renders the page twice at once, for the one who
     * asks and to keep it; whichever reads the value first, the other joins. So the page shows the old at once, or waits for the new.
     */
    @Test
    void staleByTag_pageRenderedByTheLeader_isKeptOnlyWithTheNewValueAndTheLifetimeOfAFreshOne() {
        String key = "led";
        int calls = cachedAndReplaced(key);

        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Page>> shown = new ArrayList<>();
            fleet.origin().hold(key, () -> {
                revalidateTag(key);
                shown.add(async(threads, () -> fleet.server(2).get("/isr/" + key, LEASE_MAX)));
                await("the leader").atMost(FRESH_MAX).until(() -> fleet.origin().calls(key) > calls);
            });
            Page page = shown.getFirst().join();
            assertThat(page.status()).isEqualTo(200);
            assertThat(page.value()).isIn("old led", "new led");
            assertNotKeptUnlessNew(page, "new led");
        }
        assertOnlyTheNewIsKept(key, calls + 1);
    }

    /** The origin's calls until the old value was cached; it has a new one by now. */
    private static int cachedAndReplaced(String key) {
        Kind.USE_CACHE.requireBackgroundRefresh();
        fleet.origin().set(key, "old " + key);
        assertThat(fleet.server(1).get(Kind.USE_CACHE.path(key)).value()).isEqualTo("old " + key);
        int calls = fleet.origin().calls(key);
        fleet.origin().set(key, "new " + key);
        return calls;
    }

    private static void assertOnlyTheNewIsKept(String key, int calls) {
        awaitValues("/isr/" + key, "new " + key);
        assertThat(pagesAtOnce("/isr/" + key, 1))
                .allSatisfy(page -> assertThat(page.control()).isEqualTo(HOUR));
        assertThat(fleet.origin().calls(key)).isEqualTo(calls);
        assertThat(fleet.stored().showing("old " + key)).isEmpty();
    }

    private static void assertNotKeptUnlessNew(Page page, String value) {
        if (page.url().contains("/api/") || !page.control().contains("no-store")) {
            assertThat(page.value()).isEqualTo(value);
            assertThat(page.control()).isEqualTo(HOUR);
        }
    }

    /** It answers with an error, and one of those who waited computes at once: its lease is much longer than they wait. */
    @ParameterizedTest
    @EnumSource
    void cold_leadersFunctionThrows_theNextComputesAtOnce(Kind kind) {
        String key = key("thrown", kind);
        String path = kind.path(key);
        fleet.origin().set(key, "one");
        fleet.origin().failNext(key);

        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Page>> pages = new ArrayList<>();
            fleet.origin().hold(key, () -> {
                CompletableFuture<Page> unused =
                        async(threads, () -> fleet.server(1).get(path));
                await("the leader").atMost(FRESH_MAX).until(() -> fleet.origin().calls(key) == 1);
                for (int server : new int[] {2, 3}) {
                    pages.add(async(threads, () -> fleet.server(server).get(path, LEASE)));
                }
                await("the others wait").atMost(FRESH_MAX).until(() -> fleet.waiters() == 2);
            });
            assertThat(pages.stream().map(CompletableFuture::join))
                    .extracting(Page::value)
                    .containsOnly("one");
        }
        assertThat(fleet.origin().calls(key)).isEqualTo(2);
    }

    /** Nobody tells that it failed, so its lease runs out; then one of those who waited computes, for all. */
    @Test
    void cold_leaderKilled_oneOfTheOthersComputesWhenItsLeaseEnds() {
        List<String> keys = Kind.all().stream().map(kind -> key("killed", kind)).toList();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Page>> pages = new ArrayList<>();
            holdAll(keys, () -> {
                for (Kind kind : Kind.all()) {
                    String path = kind.path(key("killed", kind));
                    CompletableFuture<Page> unused =
                            async(threads, () -> fleet.server(1).get(path));
                }
                await("the leader")
                        .atMost(FRESH_MAX)
                        .until(() ->
                                keys.stream().allMatch(key -> fleet.origin().calls(key) == 1));
                for (int i = 0; i < 4 * keys.size(); i++) {
                    Kind kind = Kind.all().get(i % keys.size());
                    NextServer server = fleet.server(2 + i % 2);
                    pages.add(async(threads, () -> server.get(kind.path(key("killed", kind)), LEASE_MAX)));
                }
                await("the others wait").atMost(FRESH_MAX).until(() -> fleet.waiters() >= keys.size());
                fleet.server(1).kill();
            });
            assertThat(pages.stream().map(CompletableFuture::join))
                    .extracting(Page::value)
                    .containsOnly("initial");
        } finally {
            fleet.server(1).restart();
        }
        assertThat(keys).allSatisfy(key -> assertThat(fleet.origin().calls(key)).isEqualTo(2));
    }

    /** A leader is at work on what it read before the action; the page that answers the action shows what came after. */
    @ParameterizedTest
    @CsvSource({"1", "2"})
    void serverAction_whileALeaderComputes_readsItsOwnWrite(int actor) {
        Kind.USE_CACHE_REMOTE.requireBackgroundRefresh();
        String key = "written-" + actor;
        fleet.origin().set(key, "before");
        String path = Kind.USE_CACHE_REMOTE.path(key);
        assertThat(fleet.values(path)).containsOnly("before");
        int calls = fleet.origin().calls(key);
        revalidateTag(key);

        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Page>> answers = new ArrayList<>();
            fleet.origin().hold(key, () -> {
                assertThat(fleet.server(1).get(path).value()).isEqualTo("before");
                await("the leader").atMost(FRESH_MAX).until(() -> fleet.origin().calls(key) > calls);
                fleet.origin().set(key, "after");
                answers.add(async(threads, () -> fleet.server(actor).submit("/action/" + key, "update-form")));
                await("the invalidation")
                        .atMost(FRESH_MAX)
                        .until(() -> fleet.gateway(3)
                                        .mark(Fleet.APP, key)
                                        .get("hard")
                                        .asLong()
                                > 0);
            });
            assertThat(answers.getFirst().join().value()).isEqualTo("after");
        }
        assertThat(fleet.values(path)).containsOnly("after");
        assertThat(pagesAtOnce(path, 2)).extracting(Page::value).containsOnly("after");
    }

    private static void assertAnsweredWith(String value, Kind kind, String path) {
        List<Page> pages = pagesAtOnce(path, TIMES);
        assertThat(pages.stream().filter(page -> !page.value().equals(value)))
                .as("of %d pages, at %s", pages.size(), System.currentTimeMillis())
                .isEmpty();
        if (kind == Kind.ISR_PAGE || kind == Kind.ROUTE_HANDLER) {
            assertThat(pages).extracting(Page::control).containsOnly(HOUR);
        }
    }

    private static void holdAll(List<String> keys, Runnable meanwhile) {
        if (keys.isEmpty()) {
            meanwhile.run();
        } else {
            fleet.origin().hold(keys.getFirst(), () -> holdAll(keys.subList(1, keys.size()), meanwhile));
        }
    }

    private static CompletableFuture<Page> async(ExecutorService threads, Supplier<Page> asking) {
        return CompletableFuture.supplyAsync(asking, threads);
    }
}
