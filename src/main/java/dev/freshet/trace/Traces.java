package dev.freshet.trace;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.resources.Resource;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpServerRequest;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** The spans of requests, and their way to a collector: OTLP over HTTP. Any thread may call. */
public final class Traces {
    /*
     * The SDK reads the variables itself, so they mean here what they mean everywhere. It is told three things: that nothing
     * but spans is exported, for metrics and logs have ways of their own; that OTLP is spoken over HTTP, for which the JDK has a
     * client; and that no propagator is looked for, since there is one here. Its queue is bounded, and drops what does
     * not fit; it sends on threads of its own.
     *
     * Why not Vert.x's own tracing? It puts the whole URL, and so the key, in each span.
     */

    private static final Logger LOG = LoggerFactory.getLogger(Traces.class);

    /** Where the SDK logs. Held, for what is set of a logger may be forgotten with it. */
    private static final java.util.logging.Logger SDK_LOG = java.util.logging.Logger.getLogger("io.opentelemetry");

    /** How long the last spans may take. */
    private static final long FLUSH_MS_MAX = 1_000;

    private static final String REPLICA = "freshet.replica";
    private static final AttributeKey<String> SERVICE = AttributeKey.stringKey("service.name");
    private static final Set<String> METHODS =
            Set.of("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE");

    private static final TextMapGetter<MultiMap> HEADERS =
            (headers, name) -> headers == null ? null : headers.get(name);

    private final OpenTelemetrySdk sdk;
    private final Tracer tracer;

    private Traces(OpenTelemetrySdk sdk, String version) {
        this.sdk = sdk;
        this.tracer = sdk.tracerBuilder("dev.freshet")
                .setInstrumentationVersion(version)
                .build();
    }

    /**
     * Some that go where the properties say.
     *
     * @param properties of the SDK
     * @throws RuntimeException if that cannot be had
     */
    static Traces of(Map<String, String> properties, String version, String replica) {
        logHere();
        OpenTelemetrySdk sdk = AutoConfiguredOpenTelemetrySdk.builder()
                .addPropertiesSupplier(() -> properties)
                .addPropertiesCustomizer(given -> Map.of(
                        "otel.metrics.exporter", "none", "otel.logs.exporter", "none", "otel.propagators", "none"))
                .addResourceCustomizer((given, config) -> named(given, version, replica))
                .disableShutdownHook()
                .build()
                .getOpenTelemetrySdk();
        return new Traces(sdk, version);
    }

    /* By java.util.logging it would go to standard error. */
    private static synchronized void logHere() {
        if (SDK_LOG.getUseParentHandlers()) {
            SDK_LOG.setUseParentHandlers(false);
            SDK_LOG.addHandler(new SLF4JBridgeHandler());
        }
    }

    /* What the variables say of the process overrules what is known of it here. */
    private static Resource named(Resource given, String version, String replica) {
        Resource known = Resource.create(Attributes.builder()
                .put("service.version", version)
                .put(REPLICA, replica)
                .build());
        String name = given.getAttribute(SERVICE);
        boolean unnamed = name == null || name.startsWith("unknown_service");
        return known.merge(given)
                .merge(Resource.create(unnamed ? Attributes.of(SERVICE, "freshet") : Attributes.empty()));
    }

    /** Begins the span of a request, a child of what its {@code traceparent} names. Null if it is not sampled. */
    public @Nullable RequestSpan begin(HttpServerRequest request) {
        String method =
                METHODS.contains(request.method().name()) ? request.method().name() : "";
        String name = method.isEmpty() ? "HTTP" : method;
        Span span = tracer.spanBuilder(name)
                .setParent(W3CTraceContextPropagator.getInstance().extract(Context.root(), request.headers(), HEADERS))
                .setSpanKind(SpanKind.SERVER)
                .startSpan();
        if (!span.isRecording()) {
            return null;
        }
        RequestSpan begun = new RequestSpan(span, name);
        begun.tell(Attribute.METHOD, method.isEmpty() ? "_OTHER" : method);
        begun.tell(Attribute.SCHEME, request.isSSL() ? "https" : "http");
        begun.tell(Attribute.PROTOCOL, protocol(request));
        return begun;
    }

    private static String protocol(HttpServerRequest request) {
        return switch (request.version()) {
            case HTTP_1_0 -> "1.0";
            case HTTP_1_1 -> "1.1";
            case HTTP_2 -> "2";
        };
    }

    /** Sends the last spans. Succeeds when they are taken, or after a second; never fails. */
    public Future<Void> close() {
        Promise<Void> taken = Promise.promise();
        sdk.shutdown().whenComplete(taken::tryComplete);
        return taken.future().timeout(FLUSH_MS_MAX, TimeUnit.MILLISECONDS).otherwise(late -> {
            LOG.warn("The collector has not taken the last spans within {} ms", FLUSH_MS_MAX);
            return null;
        });
    }
}
