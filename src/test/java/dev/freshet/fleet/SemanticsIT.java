package dev.freshet.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Next promises of each way to end a value holds across processes: here one of them ends it, and another reads. */
class SemanticsIT extends OnFleet {

    @ParameterizedTest
    @CsvSource({"none, USE_CACHE", "none, ISR_PAGE", "none, FETCH", "0, USE_CACHE", "0, ISR_PAGE", "0, FETCH"})
    void revalidateTag_withoutAProfileOrThatExpiresAtOnce_isReadByNobodyAfter(String profile, Kind kind) {
        String key = key("ended-" + profile, kind);
        String path = kind.path(key);
        fleet.origin().set(key, "before");
        awaitKept(kind, path, "before");

        fleet.origin().set(key, "after");
        awaitMarked(key, () -> fleet.server(1).revalidate("tag=" + key + "&profile=" + profile));

        assertThat(fleet.server(2).get(path).value()).isEqualTo("after");
        assertThat(fleet.values(path)).containsOnly("after");
    }

    @ParameterizedTest
    @CsvSource({
        "seconds, USE_CACHE",
        "minutes, USE_CACHE",
        "hours, USE_CACHE",
        "days, USE_CACHE",
        "weeks, USE_CACHE",
        "max, USE_CACHE",
        "default, USE_CACHE",
        "3600, USE_CACHE",
        "hours, ISR_PAGE",
        "3600, ISR_PAGE",
        "hours, ROUTE_HANDLER"
    })
    void revalidateTag_withAProfile_servesStaleWhileOneRefreshes(String profile, Kind kind) {
        Feature.PROFILES.require();
        kind.requireBackgroundRefresh();
        String key = key("softened-" + profile, kind);
        String path = kind.path(key);
        fleet.origin().set(key, "before");
        awaitValues(path, "before");
        int calls = fleet.origin().calls(key);

        fleet.origin().set(key, "after");
        fleet.origin().hold(key, () -> {
            awaitMarked(key, () -> fleet.server(1).revalidate("tag=" + key + "&profile=" + profile));
            assertThat(fleet.server(2).get(path).value()).isEqualTo("before");
        });
        awaitValues(path, "after");
        assertThat(fleet.origin().calls(key) - calls).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "path=/grouped/%s, /grouped/",
        "path=/(group)/grouped/[key]&type=page, /grouped/",
        "path=/(group)&type=layout, /grouped/",
        "path=/isr/%s, /isr/",
        "path=/isr/[key]&type=page, /isr/",
        "path=/&type=layout, /isr/"
    })
    void T20_revalidatePath_ofAPageOrALayout_endsItForAll(String query, String folder) {
        String key = "path-" + Integer.toHexString(query.hashCode());
        String path = folder + key;
        fleet.origin().set(key, "before");
        awaitValues(path, "before");

        fleet.origin().set(key, "after");
        fleet.server(1).revalidate(query.formatted(key).replace("[", "%5B").replace("]", "%5D"));

        awaitValues(path, "after");
    }

    @Test
    void serverAction_thatRedirects_showsTheNewValueThereAndEverywhere() {
        String key = "redirected";
        String path = Kind.USE_CACHE_REMOTE.path(key);
        fleet.origin().set(key, "before");
        awaitValues(path, "before");

        fleet.origin().set(key, "after");
        Page answer = fleet.server(1).submit("/action/" + key, "redirect-form");

        assertThat(answer.status()).isEqualTo(303);
        assertThat(fleet.values(path)).containsOnly("after");
    }

    @Test
    void serverAction_thatRefreshes_endsNothing() {
        String key = "refreshed";
        String path = Kind.USE_CACHE_REMOTE.path(key);
        fleet.origin().set(key, "kept");
        awaitValues(path, "kept");
        int calls = fleet.origin().calls(key);

        Page answer = fleet.server(1).submit("/action/" + key, "refresh-form");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(fleet.values(path)).containsOnly("kept");
        assertThat(fleet.origin().calls(key)).isEqualTo(calls);
    }

    @Test
    void T14_serverAction_whoseInvalidationCannotBeDelivered_failsAndIsDeliveredLater() {
        String key = "undelivered";
        String path = Kind.USE_CACHE.path(key);
        fleet.origin().set(key, "before");
        awaitValues(path, "before");

        fleet.origin().set(key, "after");
        fleet.gateway(1).kill();
        try {
            Page answer = fleet.server(1).submit("/action/" + key, "update-form");
            assertThat(answer.status()).as("the user is told").isEqualTo(500);
            assertThat(fleet.server(1).get(path).value())
                    .as("honoured where it was called")
                    .isEqualTo("after");
            assertThat(fleet.server(2).get(path).value()).isEqualTo("before");
        } finally {
            fleet.gateway(1).restart();
        }
        awaitValues(path, "after");
    }

    @ParameterizedTest
    @CsvSource({"USE_CACHE", "ISR_PAGE"})
    void draftMode_readsTheOriginAndWritesNothing(Kind kind) {
        String key = key("draft", kind);
        String path = kind.path(key);
        fleet.origin().set(key, "published");
        awaitValues(path, "published");

        fleet.origin().set(key, "draft");
        String cookie = fleet.server(1)
                .get("/api/draft", "Accept", "*/*")
                .headers()
                .firstValue("set-cookie")
                .orElseThrow()
                .replaceFirst(";.*", "");
        HttpResponse<String> answer = fleet.server(1).get(path, "Cookie", cookie);

        assertThat(Page.value(answer.body())).isEqualTo("draft");
        assertThat(fleet.values(path)).containsOnly("published");
    }

    @Test
    void pagesRouter_renderedAnewOnDemand_isSharedByAll() {
        String key = "legacy";
        String path = "/legacy/" + key;
        fleet.origin().set(key, "before");
        awaitValues(path, "before");
        assertThat(fleet.origin().calls(key)).isEqualTo(1);

        fleet.origin().set(key, "after");
        fleet.server(1).renderAnew(path);

        awaitValues(path, "after");
        assertThat(fleet.server(3).get(path).cache()).isEqualTo("HIT");
        assertThat(fleet.origin().calls(key)).isEqualTo(2);
    }

    /** Next then does no tag logic of its own for pages that are kept whole. */
    @Test
    void T15_processWithoutMemory_refreshesAndEndsPagesByTheirTags() {
        Feature.PROFILES.require();
        String key = "without-memory";
        String path = Kind.ISR_PAGE.path(key);
        fleet.origin().set(key, "one");
        awaitValues(path, "one");
        try (NextServer server = fleet.startWithoutMemory()) {
            assertThat(server.get(path).cache()).isEqualTo("HIT");

            fleet.origin().set(key, "two");
            fleet.origin().hold(key, () -> {
                awaitMarked(key, () -> server.revalidate("tag=" + key));
                assertThat(server.get(path).value()).isEqualTo("one");
            });
            await("the refresh")
                    .atMost(FRESH_MAX)
                    .until(() -> server.get(path).value().equals("two"));

            fleet.origin().set(key, "three");
            awaitMarked(key, () -> server.revalidate("tag=" + key + "&profile=none"));
            assertThat(server.get(path).value()).isEqualTo("three");
        }
    }

    @Test
    void T24_navigationWithoutItsHash_isSentOnAndThenSharesThePage() {
        Feature.RSC_HASH.require();
        String key = "navigated";
        String path = Kind.ISR_PAGE.path(key);
        fleet.origin().set(key, "value");
        awaitValues(path, "value");

        HttpResponse<String> sent = fleet.server(2).get(path, "RSC", "1");
        assertThat(sent.statusCode()).isEqualTo(307);
        HttpResponse<String> answer =
                fleet.server(2).get(sent.headers().firstValue("location").orElseThrow(), "RSC", "1");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("content-type")).hasValue("text/x-component");
        assertThat(answer.body()).contains("value");
        assertThat(fleet.origin().calls(key)).isEqualTo(1);
    }

    /** A pod that is new serves what the others have rendered, with the lifetime they gave it, and renders nothing. */
    @ParameterizedTest
    @CsvSource({"ISR_PAGE", "ROUTE_HANDLER"})
    void freshPod_servesThePagesOfOthersAsHit(Kind kind) {
        String key = key("pod", kind);
        String path = kind.path(key);
        fleet.origin().set(key, "value");
        awaitValues(path, "value");
        try (NextServer pod = fleet.startWithoutMemory()) {
            Page page = pod.get(path);

            assertThat(page.cache()).isEqualTo("HIT");
            assertThat(page.value()).isEqualTo("value");
            assertThat(page.control()).startsWith("s-maxage=3600");
            assertThat(fleet.origin().calls(key)).isEqualTo(1);
        }
    }

    /** Has {@code end} done, and returns once every gateway knows of the mark. */
    private static void awaitMarked(String tag, Runnable end) {
        var before = fleet.gateway(1).mark(Fleet.APP, tag);
        end.run();
        await("the mark of " + tag)
                .atMost(FRESH_MAX)
                .until(() -> fleet.gateways().stream()
                        .noneMatch(gateway -> gateway.mark(Fleet.APP, tag).equals(before)));
    }
}
