package dev.freshet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.Collector;
import dev.freshet.testing.GatewayProcess;
import dev.freshet.testing.Ports;
import dev.freshet.testing.Web;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Traces of the jar that is shipped, by the variables of its environment. */
class TracesIT {
    private static final String ENTRY = "/v1/apps/shop/deployments/v1/entries/secret";

    @TempDir
    Path folder;

    private GatewayProcess start(Map<String, String> environment) {
        Map<String, String> all = new HashMap<>(environment);
        all.put("FRESHET_DRAIN_DELAY", "0s");
        all.put("FRESHET_LOG_FORMAT", "text");
        return new GatewayProcess("gateway", "", folder, all).awaitReady();
    }

    private List<String> log() throws Exception {
        return Files.readAllLines(folder.resolve("gateway.log"));
    }

    @Test
    void stop_sendsTheLastSpans() throws Exception {
        try (Collector collector = Collector.start();
                GatewayProcess gateway = start(
                        Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url(), "OTEL_BSP_SCHEDULE_DELAY", "3600000"))) {
            Web.send(Web.to(gateway.url() + ENTRY)
                    .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
            assertThat(collector.told()).isEmpty();

            assertThat(gateway.terminate()).isZero();

            assertThat(collector.told()).singleElement().satisfies(told -> {
                assertThat(told.parent()).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7");
                assertThat(told.attributes()).containsEntry("freshet.result", "miss");
                assertThat(told.resource())
                        .containsEntry("service.name", "freshet")
                        .containsEntry("service.version", Version.TEXT);
            });
            assertThat(collector.bytes()).doesNotContain("secret");
            assertThat(log().getLast()).endsWith("Main Stopped");
        }
    }

    @Test
    void withoutVariables_noClassOfTheSdkIsLoaded() throws Exception {
        Path classes = folder.resolve("classes.log");
        try (GatewayProcess gateway = start(Map.of("JDK_JAVA_OPTIONS", "-Xlog:class+load:file=" + classes))) {
            Web.send(Web.to(gateway.url() + ENTRY));
            Web.send(Web.to(gateway.url() + ENTRY)
                    .method("PUT", java.net.http.HttpRequest.BodyPublishers.ofString("x")));
            Web.send(Web.to(gateway.url() + ENTRY));
            assertThat(gateway.terminate()).isZero();
        }

        assertThat(Files.readString(classes))
                .contains("dev.freshet.http.EntryRoutes ", "dev.freshet.trace.Variables ")
                .doesNotContain(
                        "opentelemetry",
                        "org.slf4j.bridge",
                        "dev.freshet.trace.Traces ",
                        "dev.freshet.trace.RequestSpan ");
    }

    @Test
    void collector_thatIsNotThere_isSaidInTheLog() throws Exception {
        try (GatewayProcess gateway = start(Map.of(
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "http://127.0.0.1:" + Ports.free(),
                "OTEL_BSP_SCHEDULE_DELAY",
                "10",
                "OTEL_JAVA_EXPORTER_OTLP_RETRY_DISABLED",
                "true"))) {
            Awaitility.await().until(() -> {
                assertThat(Web.send(Web.to(gateway.url() + ENTRY)).statusCode()).isEqualTo(404);
                return log().stream().anyMatch(line -> line.contains("Failed to export"));
            });
            for (int i = 0; i < 1_000; i++) {
                assertThat(Web.send(Web.to(gateway.url() + ENTRY)).statusCode()).isEqualTo(404);
            }

            assertThat(gateway.terminate()).isZero();
            assertThat(log())
                    .allSatisfy(
                            line -> assertThat(line).matches("\\d{4}-\\d\\d-\\d\\dT\\S+Z (INFO |WARN |ERROR) \\S+ .*"))
                    .filteredOn(line -> line.contains("Failed to export"))
                    .hasSizeBetween(1, 7);
        }
    }
}
