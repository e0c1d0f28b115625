package dev.freshet.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.testing.GatewayProcess;
import dev.freshet.testing.Web;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whichever way an app is built and started, its processes share their values: with standalone output, by webpack, in {@code next
 * dev}. The app has what the other has not: root parameters, locales of the Pages Router, images; and each build names its
 * handlers in another way.
 */
class BuildKindsIT {

    /** {@code -Dfreshet.next.kinds=all} adds webpack, which takes a minute to build. */
    private static final boolean IS_ALL = "all".equals(System.getProperty("freshet.next.kinds"));

    private static final Duration MAX = Duration.ofSeconds(15);

    /** What {@code next dev} may take to compile a page on a machine that has other things to do. */
    private static final Duration COMPILED_MAX = Duration.ofSeconds(60);

    /** Two of each build that a test asked for. */
    private static final Map<NextBuild.Of, List<NextServer>> SERVERS = new EnumMap<>(NextBuild.Of.class);

    private static Origin origin;
    private static GatewayProcess gateway;

    @BeforeAll
    static void start() {
        builds().forEach(NextBuild::made); // with the machine to itself
        origin = new Origin();
        gateway = new GatewayProcess("gateway-kinds", "", NextBuild.LOGS).awaitReady();
    }

    @AfterAll
    static void stop() {
        SERVERS.values().forEach(servers -> servers.forEach(NextServer::close));
        gateway.close();
        origin.close();
    }

    static Stream<NextBuild.Of> builds() {
        return IS_ALL ? Stream.of(NextBuild.Of.STANDALONE, NextBuild.Of.WEBPACK) : Stream.of(NextBuild.Of.STANDALONE);
    }

    static Stream<Arguments> folders() {
        return builds().flatMap(build -> Stream.of("/fr/cached/", "/fr/isr/", "/fr/fetched/", "/legacy/", "/de/legacy/")
                .map(folder -> Arguments.of(build, folder)));
    }

    private static NextServer server(NextBuild.Of build, int number) {
        return SERVERS.computeIfAbsent(
                        build,
                        same -> Stream.of(1, 2)
                                .map(i -> started(build, build.deployment() + "-" + i))
                                .toList())
                .get(number - 1);
    }

    private static NextServer started(NextBuild.Of build, String name) {
        NextServer server = new NextServer(name, build, gateway.url(), origin.url(), Map.of("TRACE", "1"));
        try {
            return server.awaitReady();
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private static String key(String test, NextBuild.Of build) {
        return test + "-" + build.deployment();
    }

    @ParameterizedTest
    @MethodSource("folders")
    void value_computedByOneProcess_isReadByTheOtherUntilThatEndsIt(NextBuild.Of build, String folder) {
        String key = key("shared" + folder.replace('/', '-'), build);
        origin.set(key, "one");

        String shown = server(build, 1).get(folder + key).value();
        assertThat(shown).endsWith("one");
        assertThat(server(build, 2).get(folder + key).value()).isEqualTo(shown);
        assertThat(origin.calls(key)).isEqualTo(1);

        if (!folder.endsWith("/legacy/")) { // pages of the Pages Router have no tags
            origin.set(key, "two");
            awaitMarked(key, () -> server(build, 2).revalidate("tag=" + key + "&profile=none"));
            assertThat(server(build, 1).get(folder + key).value()).endsWith("two");
            assertThat(origin.calls(key)).isEqualTo(2);
        }
    }

    /** The build renders them, and no process that starts, nor the next. */
    @ParameterizedTest
    @MethodSource("builds")
    void freshPod_servesWhatTheBuildHasRendered_withItsLifetime(NextBuild.Of build) {
        for (int number : new int[] {1, 2}) {
            for (String path : List.of("/fr/isr/seed", "/de/legacy/seed")) {
                Page page = server(build, number).get(path);
                assertThat(page.value()).as(page.toString()).endsWith(": build");
                assertThat(page.cache()).as(page.toString()).isEqualTo("HIT");
                assertThat(page.control()).as(page.toString()).startsWith("s-maxage=" + lifetime(path));
            }
        }
        assertThat(origin.calls("seed")).isZero();
    }

    /** A page that is no {@code 'use cache'}, and for which the build has nothing to fetch, lives for ever: by Next for a year. */
    private static int lifetime(String path) {
        return path.contains("/isr/") && !Feature.USE_CACHE.isThere() ? 31_536_000 : 3600;
    }

    @ParameterizedTest
    @MethodSource("builds")
    void rootParameter_ofACachedValue_tellsItsEntriesApart(NextBuild.Of build) {
        Feature.ROOT_PARAMS.require();
        String key = key("rooted", build);
        origin.set(key, "one");

        for (int number : new int[] {1, 2}) {
            assertThat(server(build, number).get("/fr/cached/" + key).value()).isEqualTo("fr: one");
            assertThat(server(build, number).get("/it/cached/" + key).value()).isEqualTo("it: one");
        }
        assertThat(origin.calls(key)).as("each language once").isEqualTo(2);
    }

    @ParameterizedTest
    @MethodSource("builds")
    void localesOfThePagesRouter_areTwoPages(NextBuild.Of build) {
        String key = key("localized", build);
        origin.set(key, "one");

        for (int number : new int[] {1, 2}) {
            assertThat(server(build, number).get("/legacy/" + key).value()).isEqualTo("en: one");
            assertThat(server(build, number).get("/de/legacy/" + key).value()).isEqualTo("de: one");
        }
        assertThat(origin.calls(key)).as("each locale once").isEqualTo(2);
    }

    @ParameterizedTest
    @MethodSource("builds")
    void image_optimizedByOneProcess_isServedByTheOther(NextBuild.Of build) {
        Feature.CACHED_IMAGES.require();
        String path = "/_next/image?url=%2Fpicture.png&w=16&q=75";

        HttpResponse<String> optimized = server(build, 1).get(path, "Accept", "image/webp");
        assertThat(optimized.statusCode()).isEqualTo(200);
        assertThat(optimized.headers().firstValue("x-nextjs-cache")).hasValue("MISS");
        HttpResponse<String> served = server(build, 2).get(path, "Accept", "image/webp");
        assertThat(served.headers().firstValue("x-nextjs-cache")).hasValue("HIT");
        assertThat(served.headers().firstValue("content-type")).hasValue("image/webp");
        assertThat(served.body()).isEqualTo(optimized.body());
    }

    /** As in Next's own {@code use-cache-custom-handler}. */
    @Test
    void calls_ofAReadThatMisses_areRefreshTagsThenGetThenSet() {
        Feature.USE_CACHE.require();
        List<String> calls = calls("missed", "/fr/cached/");

        assertThat(calls.getFirst()).startsWith("refreshTags");
        assertThat(calls.get(1)).isEqualTo("get [" + softTags("missed") + "]");
        assertThat(calls.subList(2, calls.size())).isNotEmpty().containsOnly("set");
    }

    @Test
    void calls_ofAReadThatHits_areRefreshTagsThenGetsThenGetExpirationOnce() {
        Feature.USE_CACHE.require();
        List<String> unused = calls("hit", "/fr/cached/");
        List<String> calls = calls("hit", "/fr/cached/");

        assertThat(calls.getFirst()).startsWith("refreshTags");
        assertThat(calls.subList(1, calls.size() - 1)).isNotEmpty().containsOnly("get [" + softTags("hit") + "]");
        assertThat(calls.getLast()).isEqualTo("getExpiration [" + softTags("hit") + "]");
    }

    @Test
    void calls_ofAPageWithoutACachedFunction_areNone() {
        Feature.USE_CACHE.require();

        assertThat(calls("uncached", "/fr/fetched/")).isEmpty();
    }

    @Test
    void calls_ofAnInvalidation_areOneUpdateTagsWithItsExpiry() {
        Feature.USE_CACHE.require();
        int before = traced().size();
        server(NextBuild.Of.STANDALONE, 1).revalidate("tag=ended&profile=3600");

        await("it is called").atMost(MAX).until(() -> traced().size() > before);
        assertThat(traced().subList(before, traced().size()))
                .containsExactly("updateTags [[\"ended\"],{\"expire\":3600}]");
    }

    private static String softTags(String key) {
        return "[\"_N_T_/layout\",\"_N_T_/[lang]/layout\",\"_N_T_/[lang]/cached/layout\",\"_N_T_/[lang]/cached/[key]/layout\","
                + "\"_N_T_/[lang]/cached/[key]/page\",\"_N_T_/fr/cached/" + key + "\"]";
    }

    /** What a page that is asked for makes Next call of its handler of {@code 'use cache'}. */
    private static List<String> calls(String key, String folder) {
        NextServer server = server(NextBuild.Of.STANDALONE, 1);
        int before = traced().size();
        Page page = server.get(folder + key);
        assertThat(page.status()).as(page.toString()).isEqualTo(200);
        List<String> traced = traced();
        return traced.subList(before, traced.size());
    }

    private static List<String> traced() {
        String log = Folders.read(NextBuild.LOGS.resolve(NextBuild.Of.STANDALONE.deployment() + "-1.log"));
        return log.lines()
                .filter(line -> line.startsWith("TRACE "))
                .map(line -> line.substring("TRACE ".length()))
                .toList();
    }

    @Test
    void dev_sourceEdited_isShownAndNothingOfBefore() {
        origin.set("edited", "one");
        Path source = NextBuild.prepare(NextBuild.Of.DEV).resolve("lib/localized.js");
        try (NextServer server = started(NextBuild.Of.DEV, "dev")) {
            assertThat(inDevelopment(server)).endsWith(": one");

            Folders.write(source, Folders.read(source).replace("}: ${", "}, edited: ${"));
            await("the edited page")
                    .atMost(COMPILED_MAX)
                    .until(() -> inDevelopment(server).endsWith(", edited: one"));
            assertThat(inDevelopment(server)).endsWith(", edited: one");
        }
    }

    /**
     * As a browser asks that was told of an edit: before 16.3 it is its cookie that tells Next. It has another one after each; here each
     * request has, for nobody says when what was edited is compiled.
     */
    private static String inDevelopment(NextServer server) {
        String url = server.url() + "/fr/cached/edited";
        String edit = "__next_hmr_refresh_hash__=" + System.nanoTime();
        return new Page(url, Web.send(Web.to(url).timeout(COMPILED_MAX).header("Cookie", edit))).value();
    }

    private static void awaitMarked(String tag, Runnable end) {
        var before = gateway.mark(Fleet.APP, tag);
        end.run();
        await("the mark of " + tag)
                .atMost(MAX)
                .until(() -> !gateway.mark(Fleet.APP, tag).equals(before));
    }
}
