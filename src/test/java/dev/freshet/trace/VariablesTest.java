package dev.freshet.trace;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.freshet.testing.Futures;
import dev.freshet.testing.Ports;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** When there are traces. Variables are NAME=VALUE, one after the other. */
class VariablesTest {
    private static final ch.qos.logback.classic.Logger LOG =
            (ch.qos.logback.classic.Logger) LoggerFactory.getLogger(Variables.class);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void listen() {
        log.start();
        LOG.addAppender(log);
    }

    @AfterEach
    void leave() {
        LOG.detachAppender(log);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "OTEL_EXPORTER_OTLP_ENDPOINT=URL",
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=URL",
                "OTEL_TRACES_EXPORTER=otlp",
                "OTEL_EXPORTER_OTLP_ENDPOINT=URL OTEL_TRACES_EXPORTER=",
                "OTEL_EXPORTER_OTLP_ENDPOINT=URL OTEL_SDK_DISABLED=false OTEL_METRICS_EXPORTER=prometheus OTEL_PROPAGATORS=tracecontext,b3",
                "OTEL_EXPORTER_OTLP_ENDPOINT=URL OTEL_EXPORTER_OTLP_PROTOCOL=grpc OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf",
            })
    void traces_thatAreAskedFor_areThere(String variables) {
        Optional<Traces> traces = traces(variables);

        assertThat(traces).isPresent();
        assertThat(log.list).isEmpty();
        Futures.await(traces.get().close());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "OTEL_SERVICE_NAME=freshet OTEL_METRICS_EXPORTER=otlp",
                "OTEL_EXPORTER_OTLP_ENDPOINT=",
                "OTEL_EXPORTER_OTLP_ENDPOINT=URL OTEL_TRACES_EXPORTER=none",
                "OTEL_EXPORTER_OTLP_ENDPOINT=URL OTEL_SDK_DISABLED=true",
                "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=URL",
            })
    void traces_thatNobodyAsksFor_areNotThere(String variables) {
        assertThat(traces(variables)).isEmpty();
        assertThat(log.list).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "OTEL_EXPORTER_OTLP_PROTOCOL=grpc, OTEL_EXPORTER_OTLP_PROTOCOL: grpc is not http/protobuf",
        "OTEL_TRACES_EXPORTER=zipkin, otel.traces.exporter",
        "OTEL_TRACES_SAMPLER=sometimes, otel.traces.sampler",
        "OTEL_BSP_SCHEDULE_DELAY=soon, otel.bsp.schedule.delay",
    })
    void traces_thatCannotBeHad_areWarnedOf(String variable, String said) {
        assertThat(traces("OTEL_EXPORTER_OTLP_ENDPOINT=URL " + variable)).isEmpty();
        assertThat(log.list)
                .singleElement()
                .satisfies(event -> assertThat(event.getFormattedMessage()).contains(said));
    }

    private static Optional<Traces> traces(String variables) {
        Map<String, String> environment = Stream.of(variables.split(" "))
                .filter(variable -> !variable.isEmpty())
                .map(variable -> variable.split("=", 2))
                .collect(Collectors.toMap(
                        variable -> variable[0],
                        variable -> variable[1].replace("URL", "http://127.0.0.1:" + Ports.free())));
        return new Variables(environment).traces("1.2.3", "r1");
    }
}
