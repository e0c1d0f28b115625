package dev.freshet.testing;

import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A collector of spans, which speaks OTLP over HTTP as the specification says. */
public final class Collector implements AutoCloseable {
    private final Vertx vertx = Vertx.vertx();
    private final List<Buffer> bodies = new CopyOnWriteArrayList<>();
    private final HttpServer server;

    /** A span as it arrived. */
    public record Told(Span span, Map<String, String> resource) {
        /** What it says beside its name. */
        public Map<String, String> attributes() {
            return texts(span.getAttributesList());
        }

        /** The span that it is a child of, in hexadecimal, with its trace: {@code trace-parent}. */
        public String parent() {
            return hex(span.getTraceId().toByteArray())
                    + "-"
                    + hex(span.getParentSpanId().toByteArray());
        }

        private static String hex(byte[] bytes) {
            return HexFormat.of().formatHex(bytes);
        }
    }

    private Collector(boolean answers) {
        server = Futures.await(vertx.createHttpServer()
                .requestHandler(request -> take(request, answers))
                .listen(0, "127.0.0.1"));
    }

    /** One that takes what it is sent. */
    public static Collector start() {
        return new Collector(true);
    }

    /** One that reads, and never answers. */
    public static Collector mute() {
        return new Collector(false);
    }

    private void take(HttpServerRequest request, boolean answers) {
        request.body().onSuccess(body -> {
            if (!request.path().equals("/v1/traces")) {
                request.response().setStatusCode(404).end();
                return;
            }
            bodies.add(body);
            if (answers) {
                request.response()
                        .putHeader("Content-Type", "application/x-protobuf")
                        .end();
            }
        });
    }

    /** {@code http://127.0.0.1:…}, as the variables want it. */
    public String url() {
        return "http://127.0.0.1:" + server.actualPort();
    }

    /** What has arrived, in its order. */
    public List<Told> told() {
        return bodies.stream()
                .map(Collector::parse)
                .flatMap(request -> request.getResourceSpansList().stream())
                .flatMap(of -> of.getScopeSpansList().stream()
                        .flatMap(scope -> scope.getSpansList().stream())
                        .map(span -> new Told(span, texts(of.getResource().getAttributesList()))))
                .toList();
    }

    /** The same, once there are so many. */
    public List<Told> await(int spans) {
        Futures.until(() -> told().size() >= spans);
        return told();
    }

    /** All that has arrived, byte by byte. */
    public String bytes() {
        StringBuilder all = new StringBuilder();
        bodies.forEach(body -> all.append(body.toString(StandardCharsets.ISO_8859_1)));
        return all.toString();
    }

    private static ExportTraceServiceRequest parse(Buffer body) {
        try {
            return ExportTraceServiceRequest.parseFrom(body.getBytes());
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    private static Map<String, String> texts(List<KeyValue> attributes) {
        Map<String, String> texts = new TreeMap<>();
        attributes.forEach(attribute -> texts.put(
                attribute.getKey(),
                attribute.getValue().hasIntValue()
                        ? Long.toString(attribute.getValue().getIntValue())
                        : attribute.getValue().getStringValue()));
        return texts;
    }

    @Override
    public void close() {
        Futures.await(vertx.close());
    }
}
