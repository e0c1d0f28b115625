package dev.freshet;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.edge.Scope;
import dev.freshet.edge.Token;
import dev.freshet.http.ConsoleRoutes;
import dev.freshet.http.HttpConfig;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The console's server: what it lets in, and what it tells. Requests are written out, for no client would send some of them. */
class ConsoleTest {
    private static final String SHOP = "/console/api/apps/shop";
    private static final String WISH = "{\"tags\":[\"posts\"],\"mode\":\"hard\"}";
    private static final String JSON = "Content-Type: application/json\r\n";

    private final Vertx vertx = Vertx.vertx();
    private Freshet freshet;

    @AfterEach
    void stop() {
        await(freshet.stop());
        await(vertx.close());
    }

    private void start(Token... tokens) {
        freshet = await(Freshet.start(
                vertx,
                Configs.of(
                        new HttpConfig("127.0.0.1", 0, 1 << 20),
                        Config.DEFAULT.edge().with(List.of(tokens), Optional.empty()),
                        Optional.empty())));
    }

    /** What was answered. */
    private record Answer(int status, String head, String body) {
        JsonObject json() {
            return new JsonObject(body);
        }
    }

    private static Answer send(int port, String method, String path, String headers, String body) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(10_000);
            String host = headers.contains("Host: ") ? "" : "Host: 127.0.0.1:" + port + "\r\n";
            String request = method + " " + path + " HTTP/1.1\r\n" + host + headers + "Connection: close\r\n"
                    + "Content-Length: " + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body;
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            String text = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int end = text.indexOf("\r\n\r\n");
            return new Answer(Integer.parseInt(text.substring(9, 12)), text.substring(0, end), text.substring(end + 4));
        }
    }

    private Answer get(String path, String headers) throws IOException {
        return send(freshet.adminPort(), "GET", path, headers, "");
    }

    private Answer get(String path) throws IOException {
        return get(path, "");
    }

    private Answer invalidate(String headers) throws IOException {
        return send(freshet.adminPort(), "POST", SHOP + "/invalidations", headers, WISH);
    }

    private Answer data(String method, String path, String headers, String body) throws IOException {
        return send(freshet.port(), method, "/v1/apps/shop" + path, headers, body);
    }

    private static String bearer(Token.Minted minted) {
        return "Authorization: Bearer " + minted.secret() + "\r\n";
    }

    @Test
    void page_itsFiles_areThoseOfTheFolderAndNoOther() throws IOException {
        start();

        try (Stream<Path> files = Files.list(Path.of("src/main/resources/console"))) {
            for (Path file : files.toList()) {
                assertThat(get("/console/" + file.getFileName()).body()).isEqualTo(Files.readString(file));
            }
        }
        assertThat(get("/console/").body()).isEqualTo(get("/console/index.html").body());
        assertThat(get("/console/uplot.js").body()).contains("export { uPlot as default }");
        assertThat(get("/console/uplot-licence.txt").body()).contains("MIT License");
        assertThat(get("/console").status()).isEqualTo(308);
        assertThat(get("/console/none.js").status()).isEqualTo(404);
        assertThat(get("/console/..%2flogback.xml").status()).isEqualTo(404);
        assertThat(send(freshet.adminPort(), "POST", "/console/", "", "").status())
                .isEqualTo(405);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/console/", "/console/main.js", "/console/api/state", SHOP + "/replicas"})
    void answer_any_saysWhatABrowserMayMakeOfIt(String path) throws IOException {
        start();

        assertThat(get(path).head().toLowerCase())
                .contains("content-security-policy: default-src 'none'; script-src 'self';")
                .contains("frame-ancestors 'none'")
                .contains("x-content-type-options: nosniff")
                .contains("referrer-policy: no-referrer")
                .contains("cache-control: no-store")
                .doesNotContain("access-control-allow", "set-cookie");
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, 200",
        "127.0.0.1:8485, 200",
        "[::1]:8485, 200",
        "localhost:8485, 200",
        "console.localhost, 200",
        "10.1.2.3, 200",
        "rebound.example, 421",
        "127.0.0.1.rebound.example, 421",
        "localhost.rebound.example:8485, 421",
        "1.2.3.4.5, 421"
    })
    void host_thatIsANameOfSomebodyElse_isRefusedWhereNobodyIsAskedWhoTheyAre(String host, int status)
            throws IOException {
        start();

        assertThat(get("/console/", "Host: " + host + "\r\n").status()).isEqualTo(status);
        assertThat(get("/console/api/state", "Host: " + host + "\r\n").status()).isEqualTo(status);
    }

    @Test
    void host_whereTokensAreAskedFor_isAny() throws IOException {
        start(Token.mint("any", Set.of("*"), EnumSet.of(Scope.ADMIN_READ)).token());

        assertThat(get("/console/", "Host: freshet.example\r\n").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Sec-Fetch-Site: cross-site",
                "Sec-Fetch-Site: same-site",
                "Sec-Fetch-Site: none",
                "Origin: null",
                "Origin: http://rebound.example",
                "Origin: http://127.0.0.1",
                "Origin: http://127.0.0.1:1",
                "Origin: ://"
            })
    void api_askedByThePageOfAnother_refusesAndChangesNothing(String header) throws IOException {
        start();
        data("PUT", "/deployments/v1/entries/k", "Cache-Groups: \"posts\"\r\n", "x");

        assertThat(invalidate(JSON + header + "\r\n").status()).isEqualTo(403);
        assertThat(get("/console/api/state", header + "\r\n").status()).isEqualTo(403);
        assertThat(data("GET", "/deployments/v1/entries/k", "", "").status()).isEqualTo(200);
    }

    @Test
    void invalidation_ofItsOwnPage_isMade_butNotByAForm() throws IOException {
        start();
        data("PUT", "/deployments/v1/entries/k", "Cache-Groups: \"posts\"\r\n", "x");
        String own = "Origin: http://127.0.0.1:" + freshet.adminPort() + "\r\nSec-Fetch-Site: same-origin\r\n";

        assertThat(invalidate(own + "Content-Type: text/plain\r\n").status()).isEqualTo(415);
        assertThat(data("GET", "/deployments/v1/entries/k", "", "").status()).isEqualTo(200);
        assertThat(invalidate(own + JSON).json().getLong("stamp")).isPositive();
        assertThat(data("GET", "/deployments/v1/entries/k", "", "").status()).isEqualTo(404);
    }

    @Test
    void tokens_eachMayDoWhatItsScopesSay() throws IOException {
        Token.Minted reads = Token.mint("reads", Set.of("shop"), EnumSet.of(Scope.ADMIN_READ));
        Token.Minted writes = Token.mint("writes", Set.of("shop"), EnumSet.of(Scope.ADMIN_READ, Scope.ADMIN_WRITE));
        Token.Minted foreign = Token.mint("foreign", Set.of("other"), EnumSet.allOf(Scope.class));
        Token.Minted client = Token.mint(
                "client", Set.of("*"), EnumSet.complementOf(EnumSet.of(Scope.ADMIN_READ, Scope.ADMIN_WRITE)));
        start(reads.token(), writes.token(), foreign.token(), client.token());
        data("GET", "/clock", bearer(client), "");

        assertThat(get("/console/api/access").json().getBoolean("tokens")).isTrue();
        assertThat(get("/console/api/state").status()).isEqualTo(401);
        assertThat(get("/console/api/state", bearer(client)).status()).isEqualTo(403);
        for (String path : List.of("/replicas", "/deployments", "/tags/posts", "/deployments/v1/why/k")) {
            assertThat(get(SHOP + path).status()).as(path).isEqualTo(401);
            assertThat(get(SHOP + path, bearer(client)).status()).as(path).isEqualTo(403);
            assertThat(get(SHOP + path, bearer(foreign)).status()).as(path).isEqualTo(403);
            assertThat(get(SHOP + path, bearer(reads)).status()).as(path).isEqualTo(200);
        }
        assertThat(invalidate(JSON).status()).isEqualTo(401);
        assertThat(invalidate(JSON + bearer(client)).status()).isEqualTo(403);
        assertThat(invalidate(JSON + bearer(foreign)).status()).isEqualTo(403);
        assertThat(invalidate(JSON + bearer(reads)).status()).isEqualTo(403);
        assertThat(invalidate(JSON + bearer(writes)).status()).isEqualTo(200);
        assertThat(get("/console/api/state", bearer(foreign)).json().getJsonArray("apps"))
                .isEmpty();
        assertThat(get("/console/api/state", bearer(reads)).json().getJsonObject("token"))
                .isEqualTo(new JsonObject().put("id", "reads").put("writes", false));
    }

    @Test
    void app_thatNobodyHasAskedFor_isNotFollowedByLookingAtIt() throws IOException {
        start();

        for (String path : List.of("/replicas", "/deployments", "/tags/posts", "/invalidations")) {
            assertThat(get(SHOP + path).status()).as(path).isEqualTo(404);
        }
        assertThat(invalidate(JSON).status()).isEqualTo(404);
        assertThat(get("/console/api/state").json().getJsonArray("apps")).isEmpty();
        assertThat(get("/console/api/apps/SHOP/replicas").status()).isEqualTo(400);
    }

    @Test
    void state_afterARead_tellsTheAppTheChecksAndTheSeconds() throws Exception {
        start();
        data("PUT", "/deployments/v1/entries/k", "Cache-Groups: \"posts\"\r\n", "x");
        data("GET", "/deployments/v1/entries/k", "", "");

        until(() -> sum("store") + sum("near") >= 1);
        JsonObject state = get("/console/api/state").json();
        assertThat(state.getString("phase")).isEqualTo("ready");
        assertThat(state.getJsonArray("checks")).hasSize(5);
        JsonObject app = state.getJsonArray("apps").getJsonObject(0);
        assertThat(app.getString("app")).isEqualTo("shop");
        assertThat(app.getBoolean("coherent")).isTrue();
        List<?> last = rows(state).getLast();
        long time = (Long) last.getFirst();
        assertThat(rows(get("/console/api/state?after=" + time).json()))
                .allSatisfy(row -> assertThat((Long) row.getFirst()).isGreaterThan(time));
        assertThat(rows(get("/console/api/state?after=x").json()).size()).isPositive();
    }

    @SuppressWarnings("unchecked")
    private static List<List<?>> rows(JsonObject state) {
        return (List<List<?>>) (List<?>) state.getJsonObject("samples").getJsonArray("rows").stream()
                .map(row -> ((JsonArray) row).getList())
                .toList();
    }

    private double sum(String column) throws IOException {
        JsonObject state = get("/console/api/state").json();
        int at =
                state.getJsonObject("samples").getJsonArray("columns").getList().indexOf(column);
        return rows(state).stream()
                .mapToDouble(row -> ((Number) row.get(at)).doubleValue())
                .sum();
    }

    @Test
    void state_whileStopping_saysSo() throws Exception {
        start();
        var left = freshet.leave();

        assertThat(get("/console/api/state").json().getString("phase")).isEqualTo("stopping");
        await(left);
    }

    @Test
    void events_forMoreViewersThanMayBe_areRefused() throws IOException {
        start();
        data("GET", "/clock", "", "");
        List<Socket> viewers = new ArrayList<>();
        try {
            for (int i = 0; i < ConsoleRoutes.VIEWERS_MAX; i++) {
                Socket viewer = new Socket("127.0.0.1", freshet.adminPort());
                viewers.add(viewer);
                viewer.getOutputStream()
                        .write(("GET " + SHOP + "/invalidations HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes());
                assertThat(new String(viewer.getInputStream().readNBytes(15))).isEqualTo("HTTP/1.1 200 OK");
            }

            Answer refused = get(SHOP + "/invalidations");
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.body()).contains("there are 32 event streams already");
        } finally {
            for (Socket viewer : viewers) {
                viewer.close();
            }
        }
    }

    @Test
    void replicas_andDeployments_areToldOfAnApp() throws IOException {
        start();
        for (String deployment : List.of("v1", "v2")) {
            data("PUT", "/deployments/" + deployment + "/entries/k", "", "x".repeat(1_000));
            data("GET", "/deployments/" + deployment + "/entries/k", "", "");
        }
        data("PUT", "/deployments/v2/entries/l", "", "x".repeat(1_000));
        data("GET", "/deployments/v2/entries/l", "", "");

        // It says by its second beat what the first has brought.
        JsonObject fleet = await().until(
                        () -> get(SHOP + "/replicas").json(),
                        told -> onlyReplica(told).getLong("applied") > 0);
        JsonObject replica = onlyReplica(fleet);
        assertThat(replica.getString("replica"))
                .isEqualTo(get("/console/api/state").json().getString("replica"));
        assertThat(replica.getLong("window")).isBetween(1L, 2_000L);
        assertThat(replica.getLong("lag")).isZero();
        assertThat(replica.getLong("applied")).isEqualTo(fleet.getLong("head"));
        JsonObject near = get(SHOP + "/deployments").json();
        assertThat(near.getInteger("total")).isEqualTo(2);
        JsonObject second = near.getJsonArray("deployments").getJsonObject(1);
        assertThat(second.getString("deployment")).isEqualTo("v2");
        assertThat(second.getLong("entries")).isEqualTo(2);
        assertThat(second.getLong("bytes")).isBetween(2_000L, 4_000L);
    }

    private static JsonObject onlyReplica(JsonObject fleet) {
        return fleet.getJsonArray("replicas").getJsonObject(0);
    }
}
