package dev.freshet.http;

import static dev.freshet.testing.Futures.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freshet.edge.Access;
import dev.freshet.edge.EdgeConfig;
import dev.freshet.edge.EdgeMeters;
import dev.freshet.entry.Body;
import dev.freshet.entry.Coding;
import dev.freshet.entry.Frame;
import dev.freshet.gateway.CoherenceConfig;
import dev.freshet.gateway.Gateway;
import dev.freshet.gateway.InvalidationVerticle;
import dev.freshet.gateway.Meters;
import dev.freshet.lease.LeaseConfig;
import dev.freshet.lease.LeaseVerticle;
import dev.freshet.loop.Clocks;
import dev.freshet.near.NearCache;
import dev.freshet.near.NearConfig;
import dev.freshet.store.MemoryStore;
import dev.freshet.store.Rules;
import dev.freshet.trace.Traces;
import io.micrometer.core.instrument.Measurement;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;

/** A whole replica over a store of its own, and a client that speaks HTTP with it. */
final class Api implements AutoCloseable {
    static final String SHOP = "/v1/apps/shop";
    static final String V1 = SHOP + "/deployments/v1";
    static final int BODY_BYTES_MAX = 1 << 20;
    static final int STREAMS_MAX = 64;
    static final int APPS_MAX = 8;
    static final int BODIES_BYTES_MAX = 8 << 20;

    private static final CoherenceConfig COHERENCE = new CoherenceConfig(
            Duration.ofSeconds(10),
            Duration.ofMillis(100),
            Duration.ofMillis(50),
            Rules.Acks.EAGER,
            Duration.ZERO,
            1,
            10_000,
            APPS_MAX);

    final BreakableStore store = new BreakableStore(new MemoryStore(256 << 20, COHERENCE.rules()));
    final LeaseVerticle leases;
    final Access access;
    final HttpVerticle http;
    final int port;

    private final String serving;
    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final Vertx vertx = Vertx.vertx();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** What was answered. */
    record Answer(int status, HttpResponse<byte[]> http) {
        String header(String name) {
            return http.headers().firstValue(name).orElse("");
        }

        String text() {
            return new String(http.body(), StandardCharsets.UTF_8);
        }

        JsonNode json() {
            return Json.read(text()).orElseThrow();
        }

        List<Frame> frames() {
            return Frame.decodeAll(Buffer.buffer(http.body()));
        }

        JsonNode meta() {
            return Api.meta(frames().getFirst());
        }

        /** The last segment of a problem's type. */
        String problem() {
            return json().path("type").asText().replace(Problem.TYPES, "");
        }

        /** The token of the lease that was granted. */
        String token() {
            return header("Freshet-Lease").replaceAll("leader; token=\"([^\"]+)\".*", "$1");
        }
    }

    private Api(EventStreams.Times times, EdgeConfig edge, Optional<Traces> traces, Coding coding) {
        this(times, edge, traces, coding, NearConfig.DEFAULT);
    }

    private Api(
            EventStreams.Times times, EdgeConfig edge, Optional<Traces> traces, Coding coding, NearConfig nearConfig) {
        NearCache near = new NearCache(nearConfig, Clocks.SYSTEM);
        leases = new LeaseVerticle(store, LeaseConfig.DEFAULT, "r1", Clocks.SYSTEM);
        InvalidationVerticle invalidations =
                new InvalidationVerticle(store, near, leases, COHERENCE, "r1", Clocks.SYSTEM);
        Meters meters = new Meters(registry, near, leases, invalidations);
        Gateway gateway = new Gateway(vertx, store, near, leases, invalidations, meters, COHERENCE, Clocks.SYSTEM);
        EdgeMeters edgeMeters = new EdgeMeters(registry, "data");
        HttpConfig config = new HttpConfig(
                "127.0.0.1", 0, BODY_BYTES_MAX, BODIES_BYTES_MAX, coding, STREAMS_MAX, Optional.empty(), "660");
        UnderWay bodies = new UnderWay(BODIES_BYTES_MAX, edgeMeters);
        access = new Access(edge.tokens());
        http = new HttpVerticle(
                gateway,
                config,
                new HttpVerticle.Door(
                        access,
                        edge,
                        edgeMeters,
                        edge.requestsMax(),
                        STREAMS_MAX,
                        bodies,
                        new Codec(vertx, config, bodies, registry),
                        Duration.ofSeconds(20),
                        traces),
                new StreamMeters(registry),
                times);
        await(vertx.deployVerticle(leases));
        await(vertx.deployVerticle(invalidations));
        serving = await(vertx.deployVerticle(http));
        port = http.port();
    }

    static Api start() {
        return new Api(EventStreams.Times.DEFAULT, EdgeConfig.DEFAULT, Optional.empty(), Coding.NONE);
    }

    /** One that lets in others. */
    static Api start(EdgeConfig edge) {
        return new Api(EventStreams.Times.DEFAULT, edge, Optional.empty(), Coding.NONE);
    }

    /** One whose event streams have other times. */
    static Api start(EventStreams.Times times) {
        return new Api(times, EdgeConfig.DEFAULT, Optional.empty(), Coding.NONE);
    }

    /** One whose requests are traced. */
    static Api start(EdgeConfig edge, Traces traces) {
        return new Api(EventStreams.Times.DEFAULT, edge, Optional.of(traces), Coding.NONE);
    }

    /** One that compresses what is written. */
    static Api compressing() {
        return new Api(EventStreams.Times.DEFAULT, EdgeConfig.DEFAULT, Optional.empty(), Coding.ZSTD);
    }

    /** One that keeps no near copies. */
    static Api far(EdgeConfig edge) {
        return new Api(
                EventStreams.Times.DEFAULT,
                edge,
                Optional.empty(),
                Coding.NONE,
                new NearConfig(0, NearConfig.DEFAULT.maxAge()));
    }

    /** What was counted. */
    double count(String name, String... labels) {
        return registry.get(name).tags(labels).meters().stream()
                .flatMap(meter -> StreamSupport.stream(meter.measure().spliterator(), false))
                .mapToDouble(Measurement::getValue)
                .sum();
    }

    /** How many requests of a kind were timed. */
    long requests(String kind) {
        return timer(kind).count();
    }

    /** How long requests of a kind took together. */
    double requestMs(String kind) {
        return timer(kind).totalTime(TimeUnit.MILLISECONDS);
    }

    private Timer timer(String kind) {
        return registry.get("freshet.request").tag("kind", kind).timer();
    }

    /** Begins to stop the listener alone. */
    Future<Void> stopServing() {
        return vertx.undeploy(serving);
    }

    @Override
    public void close() {
        client.shutdownNow();
        await(vertx.close());
    }

    static String entry(String key) {
        return V1 + "/entries/" + key;
    }

    static JsonNode meta(Frame frame) {
        return Json.read(frame.meta().toString()).orElseThrow();
    }

    Answer get(String path, String... headers) {
        return send("GET", path, new byte[0], headers);
    }

    Answer put(String path, String body, String... headers) {
        return send("PUT", path, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    Answer putFrame(String path, String meta, String body) {
        return send("PUT", path, frame(meta, body), "Content-Type", Frame.MEDIA_TYPE);
    }

    static byte[] frame(String meta, String body) {
        return new Frame(Buffer.buffer(meta), Body.of(Buffer.buffer(body)))
                .encode()
                .getBytes();
    }

    Answer delete(String path) {
        return send("DELETE", path, new byte[0]);
    }

    Answer post(String path, String json, String... headers) {
        String[] all = Arrays.copyOf(headers, headers.length + 2);
        all[headers.length] = "Content-Type";
        all[headers.length + 1] = "application/json";
        return send("POST", path, json.getBytes(StandardCharsets.UTF_8), all);
    }

    Answer invalidate(String tag) {
        return post(SHOP + "/invalidations", "{\"tags\":[\"" + tag + "\"],\"mode\":\"hard\"}");
    }

    Answer send(String method, String path, byte[] body, String... headers) {
        return sendAsync(method, path, body, headers).join();
    }

    CompletableFuture<Answer> getAsync(String path, String... headers) {
        return sendAsync("GET", path, new byte[0], headers);
    }

    CompletableFuture<Answer> sendAsync(String method, String path, byte[] body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(10))
                .method(method, body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.sendAsync(request.build(), BodyHandlers.ofByteArray())
                .thenApply(answer -> new Answer(answer.statusCode(), answer));
    }

    /** A connection of its own, for what no client would send. */
    Wire wire() {
        try {
            return new Wire(port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
