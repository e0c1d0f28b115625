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
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
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
    private final OpsVerticle ops = new OpsVerticle(
            new OpsConfig("127.0.0.1", 0),
            new Edge(EdgeConfig.DEFAULT, 16, ClientAuth.REQUEST, new EdgeMeters(registry, "operations")),
            new Access(List.of()),
            registry,
            new JsonObject().put("version", "1.2.3"));

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
        assertThat(answer.body()).isEqualTo("there is no such path; there are /livez, /metrics, /readyz, /version\n");
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
