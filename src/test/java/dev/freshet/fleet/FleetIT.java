package dev.freshet.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Three Next.js processes, three gateways and a Redis behave as one cache.
 *
 * <p>Each test has keys of its own, so none sees what another left. All lifetimes are an hour: what ends a value here is
 * an invalidation.
 */
class FleetIT extends OnFleet {

    private static final int ROUNDS = 4;
    private static final long ORIGIN_MS = 300;

    @Test
    void build_withoutGateway_passesAndCallsNone() {
        assertThat(NextBuild.connectionsOfBuild()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void T16_get_computedByAnotherProcess_asksTheOriginOnce(Kind kind) {
        String key = key("shared", kind);
        fleet.origin().set(key, "one");

        assertThat(fleet.values(kind.path(key))).containsOnly("one");
        assertThat(fleet.values(kind.path(key))).containsOnly("one");
        assertThat(fleet.origin().calls(key)).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void get_missingAndAskedOfAllAtOnce_asksTheOriginOnce(Kind kind) {
        String key = key("herd", kind);
        fleet.origin().set(key, "one");
        fleet.origin().slow(key, ORIGIN_MS);

        assertThat(valuesAtOnce(kind.path(key))).containsOnly("one");
        assertThat(fleet.origin().calls(key)).isEqualTo(1);
    }

    /**
     * The app is new to the gateway, which cannot tell it from one whose marks were lost: what is older than the app is not
     * known to be good. So what was built is computed anew, by one process for all.
     */
    @ParameterizedTest
    @CsvSource({"/isr/seed", "/api/isr/seed"})
    void get_renderedByTheBuildOfANewApp_isComputedOnceAndShared(String path) {
        fleet.origin().set("seed", "later");
        int calls = fleet.origin().calls("seed");

        assertThat(fleet.values(path)).isSubsetOf("build", "later");
        List<String> settled = fleet.values(path);
        assertThat(settled).isSubsetOf("build", "later");
        assertThat(settled.stream().distinct()).hasSize(1);
        assertThat(fleet.origin().calls("seed") - calls).isLessThanOrEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void rule4_rule5_revalidateTag_max_servesStaleOnceAndFreshAfterInEachRound(Kind kind) {
        kind.requireBackgroundRefresh();
        String key = key("soft", kind);
        String path = kind.path(key);
        fleet.origin().set(key, "round-0");
        assertThat(fleet.values(path)).containsOnly("round-0");

        for (int round = 1; round <= ROUNDS; round++) {
            String old = "round-" + (round - 1);
            String fresh = "round-" + round;
            int calls = fleet.origin().calls(key);
            fleet.origin().set(key, fresh);
            fleet.origin().hold(key, () -> {
                revalidateTag(key);
                assertThat(fleet.server(2).get(path).value()).isEqualTo(old);
                assertThat(fleet.server(3).get(path).value()).isEqualTo(old);
            });
            awaitFreshInTheOthers(path, fresh);
            assertThat(fleet.values(path)).as("once fresh, always fresh").containsOnly(fresh);
            assertThat(fleet.origin().calls(key) - calls).as("refreshes").isEqualTo(1);
        }
    }

    @ParameterizedTest
    @CsvSource({"update, USE_CACHE", "update, ISR_PAGE", "revalidate, ISR_PAGE"})
    void serverAction_clickedInABrowser_isSeenByEveryProcess(String button, Kind kind) {
        String key = key("click-" + button, kind);
        String path = kind.path(key);
        fleet.origin().set(key, "before");
        awaitKept(kind, path, "before");

        fleet.origin().set(key, "after");
        Browser.Clicked clicked = Browser.click(fleet.server(1).url() + "/action/" + key, "#" + button, urls(path));

        assertThat(clicked.status()).isEqualTo(200);
        assertThat(clicked.read()).as("read as soon as the action answered").containsOnly("after");
        assertThat(fleet.values(path)).containsOnly("after");
        if (button.equals("update")) {
            assertThat(clicked.shown()).isEqualTo("after");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "update-form, USE_CACHE",
        "update-form, ISR_PAGE",
        "update-form, ROUTE_HANDLER",
        "revalidate-form, ISR_PAGE"
    })
    void T6_serverAction_sentAsAForm_isSeenByEveryProcessInEachRound(String form, Kind kind) {
        String key = key(form, kind);
        String path = kind.path(key);
        fleet.origin().set(key, "round-0");
        awaitKept(kind, path, "round-0");

        for (int round = 1; round <= ROUNDS; round++) {
            fleet.origin().set(key, "round-" + round);
            Page answer = fleet.server(1 + round % 3).submit("/action/" + key, form);

            assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
            assertThat(valuesAtOnce(path)).containsOnly("round-" + round);
            assertThat(fleet.values(path)).containsOnly("round-" + round);
            awaitKept(kind, path, "round-" + round);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"USE_CACHE", "ISR_PAGE", "ROUTE_HANDLER"})
    void rule8_deployment_besideAnother_readsNoneOfItsEntriesAndHearsItsInvalidations(Kind kind) {
        String key = key("deployed", kind);
        String path = kind.path(key);
        fleet.origin().set(key, "one");
        try (NextServer beta = fleet.startBeta()) {
            assertThat(fleet.values(path)).containsOnly("one");
            assertThat(fleet.servers())
                    .extracting(server -> server.get(path).build())
                    .containsOnly("alpha");
            assertThat(fleet.origin().calls(key)).isEqualTo(1);

            Page page = beta.get(path);
            assertThat(page.build()).isEqualTo("beta");
            assertThat(fleet.origin().calls(key)).as("beta computes its own").isEqualTo(2);
            assertThat(beta.get(path).value()).isEqualTo("one");
            assertThat(fleet.values(path)).containsOnly("one");
            assertThat(fleet.origin().calls(key)).as("each reads its own").isEqualTo(2);

            fleet.origin().set(key, "two");
            assertThat(fleet.server(1).submit("/action/" + key, "update-form").status())
                    .isEqualTo(200);
            assertThat(beta.get(path).value()).isEqualTo("two");
            assertThat(fleet.values(path)).containsOnly("two");

            fleet.origin().set(key, "three");
            assertThat(beta.submit("/action/" + key, "update-form").status()).isEqualTo(200);
            assertThat(fleet.values(path)).containsOnly("three");
            assertThat(beta.get(path).build()).isEqualTo("beta");
        }
    }

    @Test
    void gateway_killed_leavesPagesSlowerAndItsReturnNeedsNoRestart() {
        for (Kind kind : Kind.all()) {
            fleet.origin().set(key("kill", kind), "kept");
            awaitKept(kind, kind.path(key("kill", kind)), "kept");
        }

        fleet.gateway(1).kill();
        try {
            for (Kind kind : Kind.all()) {
                assertServed(kind, key("kill", kind), "kept");
                assertServed(kind, key("down", kind), "initial");
            }
        } finally {
            fleet.gateway(1).restart();
        }

        for (Kind kind : Kind.all()) {
            awaitShared(kind);
        }
    }

    /** Every process answers, within the time that the tests' client allows, whether or not it has a gateway. */
    private static void assertServed(Kind kind, String key, String value) {
        for (NextServer server : fleet.servers()) {
            Page page = server.get(kind.path(key));
            assertThat(page.status()).as(page.toString()).isEqualTo(200);
            assertThat(page.value()).as(page.toString()).isEqualTo(value);
        }
    }

    /** Returns once a new key that one process computes is read by the others. */
    private static void awaitShared(Kind kind) {
        List<String> tried = new ArrayList<>();
        await("the cache is used again for " + kind).atMost(FRESH_MAX).until(() -> {
            String key = key("back-" + tried.size(), kind);
            tried.add(key);
            return !fleet.values(kind.path(key)).isEmpty() && fleet.origin().calls(key) == 1;
        });
    }

    /** The process that revalidated is left out: Next itself tells it to compute anew. */
    private static void awaitFreshInTheOthers(String path, String value) {
        await(path + " shows " + value)
                .atMost(FRESH_MAX)
                .until(() -> Stream.of(2, 3)
                        .allMatch(
                                server -> fleet.server(server).get(path).value().equals(value)));
    }

    private static List<String> valuesAtOnce(String path) {
        return pagesAtOnce(path, 1).stream().map(Page::value).toList();
    }

    private static List<String> urls(String path) {
        return fleet.servers().stream().map(server -> server.url() + path).toList();
    }
}
