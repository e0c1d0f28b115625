package dev.freshet.trace;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The <a href="https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/">variables of OpenTelemetry</a>. Knows
 * nothing of its SDK, of which no class is loaded unless they ask for it. One that is empty counts as not set.
 */
public final class Variables {
    private static final Logger LOG = LoggerFactory.getLogger(Variables.class);

    private static final String PREFIX = "OTEL_";
    private static final String PROTOCOL = "http/protobuf";

    private final Map<String, String> given = new HashMap<>();

    /** Those of an environment. */
    public Variables(Map<String, String> environment) {
        environment.forEach((name, value) -> {
            if (name.startsWith(PREFIX) && !value.isBlank()) {
                given.put(name, value.strip());
            }
        });
    }

    /**
     * The traces that they ask for, empty if they ask for none. If they ask for what cannot be had it warns, and is empty, too:
     * <a href="https://opentelemetry.io/docs/specs/otel/error-handling/">what is traced runs all the same</a>.
     *
     * @param version of what runs
     * @param replica its name in the fleet
     */
    public Optional<Traces> traces(String version, String replica) {
        if (!wantTraces()) {
            return Optional.empty();
        }
        try {
            checkProtocol();
            return Optional.of(Traces.of(properties(), version, replica));
        } catch (RuntimeException failed) {
            LOG.warn("There are no traces: {}", reason(failed));
            return Optional.empty();
        }
    }

    private boolean wantTraces() {
        String exporter = given.get("OTEL_TRACES_EXPORTER");
        boolean wanted = exporter == null
                ? Stream.of("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
                        .anyMatch(given::containsKey)
                : !exporter.equals("none");
        return wanted && !Boolean.parseBoolean(given.get("OTEL_SDK_DISABLED"));
    }

    private void checkProtocol() {
        Stream.of("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
                .filter(given::containsKey)
                .limit(1)
                .filter(name -> !PROTOCOL.equals(given.get(name)))
                .forEach(name -> {
                    throw new IllegalArgumentException(name + ": " + given.get(name) + " is not " + PROTOCOL);
                });
    }

    private static String reason(Throwable failed) {
        Throwable cause = failed.getCause();
        return failed.getMessage() + (cause == null ? "" : ": " + cause.getMessage());
    }

    /* As the SDK calls them: otel.traces.sampler. */
    private Map<String, String> properties() {
        Map<String, String> properties = new HashMap<>();
        properties.put("otel.exporter.otlp.protocol", PROTOCOL);
        given.forEach(
                (name, value) -> properties.put(name.toLowerCase(Locale.ROOT).replace('_', '.'), value));
        return properties;
    }
}
