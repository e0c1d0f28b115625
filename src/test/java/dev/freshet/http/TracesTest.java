package dev.freshet.http;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.edge.EdgeConfig;
import dev.freshet.entry.Key;
import dev.freshet.store.StoreException;
import dev.freshet.testing.Collector;
import dev.freshet.testing.Collector.Told;
import dev.freshet.testing.Ports;
import dev.freshet.trace.Traces;
import dev.freshet.trace.Variables;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a collector is told of requests. */
class TracesTest {
    private static final String PARENT = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
    private static final String[] TRACED = {"traceparent", "00-" + PARENT + "-01"};
    private static final String ENTRY = "/v1/apps/{app}/deployments/{deployment}/entries/{key}";

    private final Collector collector = Collector.start();
    private Traces traces;
    private Api api;

    @AfterEach
    void stop() {
        if (api != null) {
            api.close();
            await(traces.close());
        }
        collector.close();
    }

    private void trace(String url, String... variables) {
        trace(url, EdgeConfig.DEFAULT, variables);
    }

    private void trace(String url, EdgeConfig edge, String... variables) {
        Map<String, String> environment = new HashMap<>();
        environment.put("OTEL_EXPORTER_OTLP_ENDPOINT", url);
        environment.put("OTEL_BSP_SCHEDULE_DELAY", "10");
        for (int i = 0; i < variables.length; i += 2) {
            environment.put(variables[i], variables[i + 1]);
        }
        traces = new Variables(environment).traces("1.2.3", "r1").orElseThrow();
        api = Api.start(edge, traces);
    }

    @Test
    void hit_isASpanOfItsClients_withoutItsKey() {
        trace(collector.url());
        api.put(Api.entry("secretkey"), "secretbody", "Cache-Groups", "\"secrettag\"");
        until(() ->
                api.get(Api.entry("secretkey"), TRACED).header("Cache-Status").endsWith("detail=near"));

        until(() -> last().attributes().get("freshet.result").equals("near"));
        Told hit = last();
        assertThat(hit.span().getName()).isEqualTo("GET " + ENTRY);
        assertThat(hit.span().getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_SERVER);
        assertThat(hit.parent()).isEqualTo(PARENT);
        assertThat(hit.span().getEndTimeUnixNano()).isGreaterThan(hit.span().getStartTimeUnixNano());
        assertThat(hit.attributes())
                .isEqualTo(Map.of(
                        "http.request.method", "GET",
                        "http.route", ENTRY,
                        "http.response.status_code", "200",
                        "url.scheme", "http",
                        "network.protocol.version", "1.1",
                        "freshet.app", "shop",
                        "freshet.deployment", "v1",
                        "freshet.result", "near"));
        assertThat(collector.bytes())
                .contains("freshet.result")
                .doesNotContain("secret")
                .doesNotContain(Key.of("shop", "v1", "secretkey").digest());
    }

    private Told last() {
        return collector.await(1).getLast();
    }

    @Test
    void requests_tellWhatTheCacheDid() {
        trace(collector.url());
        String token = api.get(Api.entry("a"), "Freshet-Lease", "want").token();
        api.get(Api.entry("a"), "Freshet-Lease", "want");
        api.put(Api.entry("a"), "x", "Freshet-Lease", "token=\"" + token + "\"", "Cache-Groups", "\"t\"");
        api.post(Api.SHOP + "/invalidations", "{\"tags\":[\"t\",\"u\"],\"mode\":\"soft\"}");
        api.get(Api.entry("a"), "Freshet-Lease", "want");
        api.post(Api.V1 + "/lookup", "{\"entries\":[{\"key\":\"a\"},{\"key\":\"b\"},{\"key\":\"c\"}],\"lease\":true}");

        List<Told> told = collector.await(6);
        assertThat(told)
                .extracting(each -> does(each.attributes()))
                .containsExactly(
                        "miss lead null",
                        "miss follow null",
                        "stored null null",
                        "soft 2",
                        "stale lead null",
                        "miss,stale follow,lead 3");
        assertThat(collector.bytes()).doesNotContain(token).doesNotContain(token.replaceAll(".*\\.", ""));
    }

    private static String does(Map<String, String> said) {
        return said.containsKey("freshet.mode")
                ? said.get("freshet.mode") + " " + said.get("freshet.tags")
                : said.get("freshet.result") + " " + said.get("freshet.lease") + " " + said.get("freshet.entries");
    }

    @Test
    void path_thatIsNone_isNotTold() {
        trace(collector.url());
        api.get("/secretkey");
        api.send("FOO", Api.entry("secretkey"), new byte[0]);
        api.get("/v1/apps/SECRETKEY/deployments/v1/entries/a");

        List<Told> told = collector.await(3);
        assertThat(told)
                .extracting(each -> each.span().getName())
                .containsExactly("GET", "HTTP " + ENTRY, "GET " + ENTRY);
        assertThat(told)
                .extracting(each -> each.attributes().get("http.response.status_code"))
                .containsExactly("404", "405", "400");
        assertThat(told.get(1).attributes()).containsEntry("http.request.method", "_OTHER");
        assertThat(told)
                .allSatisfy(each ->
                        assertThat(each.span().getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_UNSET));
        assertThat(collector.bytes()).doesNotContainIgnoringCase("secret");
    }

    @Test
    void failure_isAnErrorOfItsKind() {
        trace(collector.url());
        api.store.breakOn(Key.of("shop", "v1", "broken"), new StoreException("it is gone"));
        assertThat(api.get(Api.entry("broken")).status()).isEqualTo(503);

        Told failed = last();
        assertThat(failed.attributes())
                .containsEntry("http.response.status_code", "503")
                .containsEntry("error.type", "store-unavailable")
                .doesNotContainKey("freshet.result");
        assertThat(failed.span().getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
    }

    @Test
    void client_thatIsGone_isAnError() throws Exception {
        trace(collector.url());
        String token = api.get(Api.entry("gone"), "Freshet-Lease", "want").token();
        double open = api.count("freshet.connections");
        try (Wire follower = api.wire()) {
            follower.send("GET " + Api.entry("gone") + " HTTP/1.1\nHost: a\nFreshet-Lease: want\nPrefer: wait=8\n\n");
            until(() -> api.leases.waiters() == 1);
        }
        until(() -> api.count("freshet.connections") == open);
        api.delete(Api.V1 + "/leases/" + token);

        Told gone = collector.await(3).stream()
                .filter(told -> told.attributes().containsKey("error.type"))
                .findFirst()
                .orElseThrow();
        assertThat(gone.attributes())
                .containsEntry("error.type", "client-gone")
                .doesNotContainKey("http.response.status_code");
        assertThat(gone.span().getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
    }

    @Test
    void parent_thatIsNotSampled_hasNoChild() {
        trace(collector.url());
        String sampled = PARENT.replace('4', '5');
        api.get(Api.entry("a"), "traceparent", "00-" + PARENT + "-00");
        api.get(Api.entry("b"), "traceparent", "00-" + sampled + "-01");

        assertThat(collector.await(1).getFirst().parent()).isEqualTo(sampled);
    }

    @Test
    void sampler_isThatOfTheVariables() {
        trace(collector.url(), "OTEL_TRACES_SAMPLER", "parentbased_always_off");
        api.get(Api.entry("a"));
        api.get(Api.entry("b"), TRACED);

        assertThat(collector.await(1).getFirst().parent()).isEqualTo(PARENT);
    }

    @Test
    void resource_isAReplicaOfFreshet() {
        trace(collector.url(), "OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test");
        api.get(Api.entry("a"));

        assertThat(last().resource())
                .containsEntry("service.name", "freshet")
                .containsEntry("service.version", "1.2.3")
                .containsEntry("freshet.replica", "r1")
                .containsEntry("deployment.environment.name", "test");
    }

    @Test
    void resource_isWhatTheVariablesSay() {
        trace(
                collector.url(),
                "OTEL_SERVICE_NAME",
                "shop-cache",
                "OTEL_RESOURCE_ATTRIBUTES",
                "service.instance.id=pod-7");
        api.get(Api.entry("a"));

        assertThat(last().resource())
                .containsEntry("service.name", "shop-cache")
                .containsEntry("service.instance.id", "pod-7");
    }

    @Test
    void collector_thatIsNotThere_holdsNothingUp() {
        trace("http://127.0.0.1:" + Ports.free());

        for (int i = 0; i < 3_000; i++) {
            assertThat(api.get(Api.entry("a")).status()).isEqualTo(404);
        }
    }

    @Test
    void close_whileTheCollectorIsMute_takesASecond() {
        try (Collector mute = Collector.mute()) {
            trace(mute.url());
            api.get(Api.entry("a"));
            mute.await(1);
            api.get(Api.entry("b"));

            long begunNanos = System.nanoTime();
            await(traces.close());

            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNanos))
                    .isBetween(900L, 3_000L);
        }
    }
}
