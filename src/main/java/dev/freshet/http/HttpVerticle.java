package dev.freshet.http;

import dev.freshet.gateway.Gateway;
import dev.freshet.http.Problem.Kind;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Serves the HTTP API. Deployed once per event loop; the instances share one gateway, and one port. */
public final class HttpVerticle extends VerticleBase {
    private static final int IDLE_SECONDS = 75;
    private static final int HEADER_BYTES_MAX = 16 << 10;
    private static final long DRAIN_SECONDS = 20;

    /** Bodies of requests that have arrived in part, on one event loop: as many as four of the largest, or more. */
    private static final long UNDER_WAY_BYTES_MAX = 64 << 20;

    private static final String APP = "/v1/apps/{app}";
    private static final String DEPLOYMENT = APP + "/deployments/{deployment}";
    private static final String ENTRY = DEPLOYMENT + "/entries/{key}";

    private final Gateway gateway;
    private final HttpConfig config;
    private final StreamMeters meters;
    private final EventStreams.Times times;

    @Nullable
    private HttpServer server;

    @Nullable
    private EventStreams streams;

    private volatile int port;

    /** Serves a gateway. */
    public HttpVerticle(Gateway gateway, HttpConfig config, StreamMeters meters) {
        this(gateway, config, meters, EventStreams.Times.DEFAULT);
    }

    HttpVerticle(Gateway gateway, HttpConfig config, StreamMeters meters, EventStreams.Times times) {
        this.gateway = gateway;
        this.config = config;
        this.meters = meters;
        this.times = times;
    }

    @Override
    public Future<?> start() {
        EventStreams opened = new EventStreams(vertx, times, meters);
        Routes routes = routes(opened);
        streams = opened;
        HttpServer created = vertx.createHttpServer(options())
                .requestHandler(request -> {
                    request.response().putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
                    routes.answer(request);
                })
                .invalidRequestHandler(HttpVerticle::refuse);
        server = created;
        return created.listen(config.port(), config.host()).onSuccess(listening -> port = listening.actualPort());
    }

    private Routes routes(EventStreams opened) {
        Bodies bodies = new Bodies(Math.max(UNDER_WAY_BYTES_MAX, 4L * config.bodyBytesMax()));
        EntryRoutes entries = new EntryRoutes(gateway, bodies, config.bodyBytesMax());
        InvalidationRoutes invalidations = new InvalidationRoutes(gateway, bodies, opened);
        return new Routes()
                .on(HttpMethod.POST, DEPLOYMENT + "/lookup", new LookupRoute(gateway, bodies)::post)
                .on(HttpMethod.GET, ENTRY, entries::get)
                .on(HttpMethod.HEAD, ENTRY, entries::get)
                .on(HttpMethod.PUT, ENTRY, entries::put)
                .on(HttpMethod.DELETE, ENTRY, entries::delete)
                .on(HttpMethod.DELETE, DEPLOYMENT + "/leases/{token}", new LeaseRoutes(gateway)::delete)
                .on(HttpMethod.POST, APP + "/invalidations", invalidations::post)
                .on(HttpMethod.GET, APP + "/invalidations", invalidations::get)
                .on(HttpMethod.GET, APP + "/tags/{tag}", new TagRoutes(gateway)::get)
                .on(HttpMethod.GET, APP + "/clock", new ClockRoute(gateway)::get);
    }

    private static HttpServerOptions options() {
        return new HttpServerOptions()
                .setIdleTimeout(IDLE_SECONDS)
                .setIdleTimeoutUnit(TimeUnit.SECONDS)
                .setMaxHeaderSize(HEADER_BYTES_MAX)
                .setMaxInitialLineLength(HEADER_BYTES_MAX)
                .setHttp2ClearTextEnabled(false)
                .setPerFrameWebSocketCompressionSupported(false)
                .setPerMessageWebSocketCompressionSupported(false)
                .setTcpNoDelay(true);
    }

    /* What the HTTP decoder could not read. The connection ends with it. */
    private static void refuse(HttpServerRequest request) {
        request.response()
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        Problem.answer(
                request,
                new Problem(
                        Kind.INVALID_REQUEST,
                        "this is not HTTP/1.1, or its first line or headers have more than " + HEADER_BYTES_MAX
                                + " bytes"));
        request.connection().close();
    }

    /** The port it listens on, once started. With port 0 each instance has its own. */
    public int port() {
        return port;
    }

    @Override
    public Future<?> stop() {
        if (server == null || streams == null) {
            return Future.succeededFuture();
        }
        streams.end();
        return server.shutdown(DRAIN_SECONDS, TimeUnit.SECONDS);
    }
}
