package dev.freshet;

import static dev.freshet.testing.Futures.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.edge.Scope;
import dev.freshet.edge.Token;
import dev.freshet.testing.ChildProcess;
import dev.freshet.testing.RedisServer;
import dev.freshet.testing.Tools;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The console in a real browser, over two replicas on a real Redis. What it looks like is kept in {@code target/console}. */
class ConsoleIT {
    private static final Duration MAX = Duration.ofSeconds(90);
    private static final Path SCRIPTS = Tools.repository().resolve("src/test/console");
    private static final Path FOLDER = Tools.repository().resolve("target/console");
    private static final Path RUN = FOLDER.resolve("run");

    private final RedisServer redis = RedisServer.start();
    private final List<Vertx> loops = new ArrayList<>();
    private final List<Freshet> replicas = new ArrayList<>();

    /** Puts the scripts beside what they import, which is installed when another is wanted. */
    @BeforeAll
    static void install() throws IOException {
        Path npm = Tools.require("npm");
        Path lock = RUN.resolve("package-lock.json");
        boolean installed = Files.exists(RUN.resolve("node_modules/.package-lock.json"))
                && Files.mismatch(lock, SCRIPTS.resolve("package-lock.json")) < 0;
        copy(SCRIPTS, RUN);
        if (!installed) {
            ChildProcess.start(new ChildProcess.Command(
                            "npm-install",
                            RUN,
                            Map.of(),
                            FOLDER.resolve("npm-install.log"),
                            List.of(npm.toString(), "install", "--no-audit", "--no-fund")))
                    .awaitSuccess(MAX);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> sources = Files.list(from)) {
            for (Path source : sources.filter(Files::isRegularFile).toList()) {
                Files.copy(source, to.resolve(source.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    @AfterEach
    void stop() {
        replicas.forEach(replica -> await(replica.stop(), MAX));
        loops.forEach(vertx -> await(vertx.close(), MAX));
        redis.close();
    }

    private void start(int replicasWanted, List<Token> tokens) {
        Config config = Configs.on(redis.uri(), tokens);
        for (int i = 0; i < replicasWanted; i++) {
            Vertx vertx = Vertx.vertx();
            loops.add(vertx);
            replicas.add(await(Freshet.start(vertx, config), MAX));
        }
    }

    private String console() {
        return "http://127.0.0.1:" + replicas.getFirst().adminPort();
    }

    private String api(int replica) {
        return "http://127.0.0.1:" + replicas.get(replica).port();
    }

    private ChildProcess script(String name, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Tools.require("node").toString(),
                name + ".mjs",
                Tools.require("chromium", "chromium-browser", "google-chrome").toString(),
                console()));
        command.addAll(List.of(arguments));
        return ChildProcess.start(
                new ChildProcess.Command(name, RUN, Map.of(), FOLDER.resolve(name + ".log"), command));
    }

    /* What the charts' package says of its types is in the package alone. */
    @Test
    void page_andWhatOpensIt_haveTheTypesThatTheySay() throws IOException {
        copy(Tools.repository().resolve("src/main/resources/console"), RUN.resolve("page"));
        Files.writeString(RUN.resolve("page/uplot.d.ts"), "export { default } from 'uplot';\n");

        ChildProcess.start(new ChildProcess.Command(
                        "types",
                        RUN,
                        Map.of(),
                        FOLDER.resolve("types.log"),
                        List.of(Tools.require("node").toString(), "node_modules/typescript/bin/tsc", "-p", ".")))
                .awaitSuccess(MAX);
    }

    @Test
    void views_wideAndNarrow_lightAndDark_areQuietAndAccessible() {
        start(2, List.of());

        script("views", FOLDER.toString(), api(0), api(1)).awaitSuccess(MAX.multipliedBy(3));
        assertThat(FOLDER.resolve("overview-390-dark.png")).isNotEmptyFile();
    }

    @Test
    void events_invalidatedElsewhere_isShownWithinASecond() {
        start(2, List.of());

        script("events", api(1), api(0)).awaitSuccess(MAX);
    }

    @Test
    void keysAndTags_thatAreMarkup_doNothing() {
        start(1, List.of());

        script("markup", api(0)).awaitSuccess(MAX);
    }

    @Test
    void tokens_thatMayRead_changeNothing() throws Exception {
        Token.Minted reads = Token.mint("reader", Set.of("shop"), EnumSet.of(Scope.ADMIN_READ));
        Token.Minted writes = Token.mint("writer", Set.of("*"), EnumSet.of(Scope.ADMIN_READ, Scope.ADMIN_WRITE));
        Token.Minted foreign = Token.mint("foreign", Set.of("other"), EnumSet.of(Scope.ADMIN_READ));
        Token.Minted client = Token.mint("client", Set.of("shop"), EnumSet.of(Scope.EVENTS_READ));
        start(1, List.of(reads.token(), writes.token(), foreign.token(), client.token()));
        assertThat(clock(client)).isEqualTo(200);

        script("tokens", reads.secret(), writes.secret(), foreign.secret()).awaitSuccess(MAX);
    }

    /* The app has to have been asked for, or there is none to show. */
    private int clock(Token.Minted token) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                            HttpRequest.newBuilder(URI.create(api(0) + "/v1/apps/shop/clock"))
                                    .header("Authorization", "Bearer " + token.secret())
                                    .build(),
                            BodyHandlers.ofString())
                    .statusCode();
        }
    }

    @Test
    void store_killed_isSaidAndRecovers() throws Exception {
        start(1, List.of());
        for (String name : List.of("watching", "seen", "recovered")) {
            Files.deleteIfExists(FOLDER.resolve(name));
        }
        assertThat(get(api(0) + "/v1/apps/shop/clock")).isEqualTo(200);

        ChildProcess page = script("outage", FOLDER.toString());
        says(page, "watching");
        redis.kill();
        says(page, "seen");
        redis.restart();
        says(page, "recovered");
        await(replicas.removeFirst().stop(), MAX);
        page.awaitSuccess(MAX);
    }

    private static int get(String url) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString())
                    .statusCode();
        }
    }

    private static void says(ChildProcess page, String what) {
        Awaitility.await(what).atMost(MAX).until(() -> !page.isAlive() || Files.exists(FOLDER.resolve(what)));
        assertThat(FOLDER.resolve(what)).as(page.tail()).exists();
    }
}
