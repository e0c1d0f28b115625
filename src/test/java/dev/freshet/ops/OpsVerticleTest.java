package dev.freshet.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.edge.Access;
import dev.freshet.edge.Edge;
import dev.freshet.edge.EdgeConfig;
import dev.freshet.edge.EdgeMeters;
import dev.freshet.testing.Futures;
import io.micrometer.core.instrument.Counter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpsVerticleTest {
    private final Vertx vertx = Vertx.vertx();
    private final HttpClient http = HttpClient.newHttpClient();
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private volatile boolean alive = true;
    private volatile Future<Health.Finding> finding = Future.succeededFuture(Health.Finding.well("1 of 2"));
    private final Parts parts = Parts.over(vertx, registry);
    private final OpsVerticle ops = new OpsVerticle(
            new OpsConfig("127.0.0.1", 0),
            new Edge(EdgeConfig.DEFAULT, 16, ClientAuth.REQUEST, new EdgeMeters(registry, "operations")),
            new Access(List.of()),
            registry,
            new JsonObject().put("version", "1.2.3"),
            new Health(() -> alive, Map.of("one", () -> finding)),
            new Console(
                    parts.gateway(),
                    registry,
                    new JsonObject(),
                    new Health(() -> alive, Map.of("slow", this::looked)),
                    loop -> request -> {}));
    private final AtomicInteger looks = new AtomicInteger();
    private volatile Promise<Health.Finding> slow = Promise.promise();

    private Future<Health.Finding> looked() {
        looks.incrementAndGet();
        return slow.future();
    }

    @BeforeEach
    void start() {
        Futures.await(vertx.deployVerticle(ops));
    }

    @AfterEach
    void stop() {
        http.close();
        Futures.await(vertx.close());
    }

    @Test
    void livez_always_is200() throws Exception {
        assertThat(send("GET", "/livez").statusCode()).isEqualTo(200);
    }

    @Test
    void readyz_beforeWhileAndAfterBeingReady_saysSo() throws Exception {
        assertThat(send("GET", "/readyz").statusCode()).isEqualTo(503);
        ops.ready(true);
        assertThat(send("GET", "/readyz").statusCode()).isEqualTo(200);
        ops.ready(false);
        assertThat(send("GET", "/readyz").statusCode()).isEqualTo(503);
    }

    @Test
    void livez_whileALoopStandsStill_is503() throws Exception {
        alive = false;

        assertThat(send("GET", "/livez").statusCode()).isEqualTo(503);
    }

    @Test
    void startupz_onceReady_staysSo() throws Exception {
        assertThat(send("GET", "/startupz").statusCode()).isEqualTo(503);
        ops.ready(true);
        assertThat(send("GET", "/startupz").statusCode()).isEqualTo(200);
        ops.ready(false);
        assertThat(send("GET", "/startupz").statusCode()).isEqualTo(200);
    }

    /* The best of many, for the machine may be busy: what is asked is that nothing slow takes part. */
    @Test
    void readyz_takesLessThanAMillisecond() throws Exception {
        ops.ready(true);
        long best = Long.MAX_VALUE;
        try (Socket socket = new Socket("127.0.0.1", ops.port())) {
            socket.setTcpNoDelay(true);
            byte[] answer = new byte[1_024];
            for (int i = 0; i < 300; i++) {
                long begun = System.nanoTime();
                socket.getOutputStream().write("GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n".getBytes());
                assertThat(socket.getInputStream().read(answer)).isPositive();
                best = Math.min(best, System.nanoTime() - begun);
            }
        }

        assertThat(best).as("nanoseconds").isLessThan(1_000_000);
    }

    @Test
    void check_wellSickOrFailed_saysSoWithItsReason() throws Exception {
        assertThat(send("GET", "/health/checks/one").statusCode()).isEqualTo(200);
        assertThat(new JsonObject(send("GET", "/health/checks/one").body()))
                .isEqualTo(new JsonObject().put("well", true).put("reason", "1 of 2"));
        finding = Future.succeededFuture(Health.Finding.below("things", 9, 10));
        assertThat(send("GET", "/health/checks/one").statusCode()).isEqualTo(503);
        finding = Future.failedFuture("it does not answer");
        assertThat(send("GET", "/health/checks/one").body()).contains("it does not answer");
        assertThat(send("GET", "/health/checks/one").statusCode()).isEqualTo(503);
        assertThat(send("POST", "/health/checks/one").statusCode()).isEqualTo(405);
    }

    @Test
    void console_askedWhileACheckTakesItsTime_makesNoOther_andTellsWhatItFoundNext() throws Exception {
        assertThat(checksOfTheConsole()).isEqualTo(new JsonArray());
        assertThat(checksOfTheConsole()).isEqualTo(new JsonArray());
        assertThat(looks).hasValue(1);

        slow.complete(Health.Finding.sick("it took long"));
        slow = Promise.promise();
        Futures.until(() -> !checksOfTheConsole().isEmpty());
        assertThat(checksOfTheConsole().getJsonObject(0))
                .isEqualTo(
                        new JsonObject().put("name", "slow").put("well", false).put("reason", "it took long"));
        assertThat(looks).hasValue(2);
    }

    @Test
    void console_ofMoreAppsThanAreTold_tellsAsManyAsMayBe() throws Exception {
        for (int i = 0; i < Console.APPS_MAX + 5; i++) {
            parts.invalidations().app("app" + i);
        }

        assertThat(new JsonObject(send("GET", "/console/api/state").body()).getJsonArray("apps"))
                .hasSize(Console.APPS_MAX);
    }

    private JsonArray checksOfTheConsole() throws Exception {
        return new JsonObject(send("GET", "/console/api/state").body()).getJsonArray("checks");
    }

    @Test
    void version_isJson() throws Exception {
        HttpResponse<String> answer = send("GET", "/version");

        assertThat(answer.headers().firstValue("content-type")).contains("application/json");
        assertThat(new JsonObject(answer.body())).isEqualTo(new JsonObject().put("version", "1.2.3"));
    }

    @Test
    void metrics_isPrometheusText() throws Exception {
        Counter.builder("of.a.test").register(registry).increment();

        HttpResponse<String> answer = send("GET", "/metrics");

        assertThat(answer.headers().firstValue("content-type")).contains("text/plain; version=0.0.4; charset=utf-8");
        assertThat(answer.body()).contains("of_a_test_total 1.0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/livezz", "/LIVEZ", "/v1/apps/a/clock", "/..%2Flivez"})
    void path_unknown_is404(String path) throws Exception {
        HttpResponse<String> answer = send("GET", path);

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body())
                .isEqualTo(
                        "there is no such path; there are /console/, /health/checks/one, /livez, /metrics, /readyz, /startupz,"
                                + " /version\n");
    }

    @ParameterizedTest
    @CsvSource({"POST, /livez", "PUT, /readyz", "DELETE, /metrics", "OPTIONS, /version"})
    void method_otherThanGet_is405(String method, String path) throws Exception {
        HttpResponse<String> answer = send(method, path);

        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(answer.headers().firstValue("allow")).contains("GET, HEAD");
    }

    @Test
    void head_isGetWithoutTheBody() throws Exception {
        HttpResponse<String> answer = send("HEAD", "/livez");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("cache-control")).contains("no-store");
        assertThat(answer.body()).isEmpty();
    }

    private HttpResponse<String> send(String method, String path) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + ops.port() + path);
        return http.send(
                HttpRequest.newBuilder(uri)
                        .method(method, BodyPublishers.noBody())
                        .build(),
                BodyHandlers.ofString());
    }
}
