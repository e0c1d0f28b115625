package dev.freshet.http;

import dev.freshet.edge.Access;
import dev.freshet.edge.Edge;
import dev.freshet.edge.EdgeConfig;
import dev.freshet.edge.EdgeMeters;
import dev.freshet.edge.EdgeMeters.Refusal;
import dev.freshet.edge.Scope;
import dev.freshet.edge.Shortcut;
import dev.freshet.edge.Tls;
import dev.freshet.gateway.Gateway;
import dev.freshet.http.Problem.Kind;
import dev.freshet.loop.Loops;
import dev.freshet.trace.Traces;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Serves the HTTP API. Deployed once per event loop; the instances share one gateway, and one port. */
public final class HttpVerticle extends VerticleBase {
    static final CharSequence NO_STORE = HttpHeaders.createOptimized("no-store");
    private static final String APP = "/v1/apps/{app}";
    private static final String DEPLOYMENT = APP + "/deployments/{deployment}";
    static final String ENTRY = DEPLOYMENT + "/entries/{key}";
    private static final String LEASE = DEPLOYMENT + "/leases/{token}";
    private static final String INVALIDATIONS = APP + "/invalidations";

    private final Gateway gateway;
    private final HttpConfig config;
    private final Door door;
    private final StreamMeters meters;
    private final EventStreams.Times times;
    /** The one of the port is the first. Written when it starts, read by whoever asks. */
    private final List<HttpServer> servers = new CopyOnWriteArrayList<>();

    @Nullable
    private volatile EventStreams streams;

    private @Nullable Hits hits;

    private volatile boolean draining;

    private volatile int port;
    private volatile long turnedNanos = System.nanoTime();

    /**
     * What lets requests in.
     *
     * @param requestsMax that wait at a time, of one event loop
     * @param eventStreamsMax that are open at a time, of one event loop
     * @param bodies of all event loops
     * @param codec of all event loops
     * @param drain how long what is under way may take once the door is shut
     * @param traces of the requests, if any
     */
    public record Door(
            Access access,
            EdgeConfig config,
            EdgeMeters meters,
            int requestsMax,
            int eventStreamsMax,
            UnderWay bodies,
            Codec codec,
            Duration drain,
            Optional<Traces> traces) {}

    /** Serves a gateway. */
    public HttpVerticle(Gateway gateway, HttpConfig config, Door door, StreamMeters meters) {
        this(gateway, config, door, meters, EventStreams.Times.DEFAULT);
    }

    HttpVerticle(Gateway gateway, HttpConfig config, Door door, StreamMeters meters, EventStreams.Times times) {
        this.gateway = gateway;
        this.config = config;
        this.door = door;
        this.meters = meters;
        this.times = times;
    }

    @Override
    public Future<?> start() {
        EventStreams opened = new EventStreams(vertx, door.eventStreamsMax, times, meters);
        EntryHead.Table heads = new EntryHead.Table();
        Routes routes = routes(opened, heads);
        Hits made = new Hits(gateway, routes, heads, door.access, door.meters, () -> draining);
        Optional<Shortcut> shortcut = door.traces.isPresent() ? Optional.empty() : Optional.of(made);
        hits = made;
        streams = opened;
        Edge edge = new Edge(door.config, door.config.connectionsMax(), ClientAuth.REQUIRED, door.meters);
        vertx.setPeriodic(edge.sweepMs(), tick -> {
            turnedNanos = System.nanoTime();
            edge.sweep();
        });
        Future<HttpServer> onPort =
                server(edge, edge.options(), routes, shortcut).listen(config.port(), config.host());
        return onPort.onSuccess(listening -> port = listening.actualPort())
                .compose(listening -> config.socket()
                        .<Future<?>>map(socket -> onSocket(socket, edge, routes, shortcut))
                        .orElse(Future.succeededFuture()));
    }

    /* Who may reach a socket is decided by its file, so it needs no TLS. */
    private Future<?> onSocket(Path socket, Edge edge, Routes routes, Optional<Shortcut> shortcut) {
        HttpServerOptions plain = new HttpServerOptions(edge.options()).setSsl(false);
        return server(edge, plain, routes, shortcut).listen(SocketAddress.domainSocketAddress(socket.toString()));
    }

    private HttpServer server(Edge edge, HttpServerOptions options, Routes routes, Optional<Shortcut> shortcut) {
        HttpServer server = vertx.createHttpServer(options)
                .requestHandler(request -> {
                    request.response().putHeader(HttpHeaders.CACHE_CONTROL, NO_STORE);
                    if (draining) {
                        sendAway(request);
                    } else if (request.version() == HttpVersion.HTTP_2 && !request.isEnded()) {
                        awaitBody(request);
                    }
                    routes.answer(request);
                })
                .connectionHandler(connection -> edge.guard(connection, shortcut))
                .invalidRequestHandler(this::refuse);
        servers.add(server);
        return server;
    }

    private Routes routes(EventStreams opened, EntryHead.Table heads) {
        Bodies bodies = new Bodies(door.bodies, door.meters, door.config.bodyTimeout());
        Routes routes = new Routes(door.access, door.meters, door.requestsMax, door.traces);
        EntryRoutes entries =
                new EntryRoutes(gateway, bodies, door.codec, heads, routes.ahead(), config.bodyBytesMax());
        InvalidationRoutes invalidations = new InvalidationRoutes(gateway, door.meters, opened);
        return routes.on(
                        HttpMethod.POST,
                        DEPLOYMENT + "/lookup",
                        Scope.ENTRIES_READ,
                        new LookupRoute(gateway, bodies, door.codec)::post)
                .on(HttpMethod.GET, ENTRY, Scope.ENTRIES_READ, entries::get)
                .on(HttpMethod.HEAD, ENTRY, Scope.ENTRIES_READ, entries::get)
                .on(HttpMethod.PUT, ENTRY, Scope.ENTRIES_WRITE, entries::put)
                .on(HttpMethod.DELETE, ENTRY, Scope.ENTRIES_WRITE, entries::delete)
                .on(HttpMethod.GET, DEPLOYMENT + "/why/{key}", Scope.ENTRIES_READ, new WhyRoute(gateway)::get)
                .on(HttpMethod.DELETE, LEASE, Scope.ENTRIES_WRITE, new LeaseRoutes(gateway)::delete)
                .on(HttpMethod.POST, INVALIDATIONS, Scope.TAGS_INVALIDATE, invalidations::post)
                .on(HttpMethod.GET, INVALIDATIONS, Scope.EVENTS_READ, invalidations::get)
                .on(HttpMethod.GET, APP + "/tags/{tag}", Scope.EVENTS_READ, new TagRoutes(gateway)::get)
                .on(HttpMethod.GET, APP + "/clock", Scope.EVENTS_READ, new ClockRoute(gateway)::get);
    }

    /* What the HTTP decoder could not read. The connection ends with it. */
    private void refuse(HttpServerRequest request) {
        door.meters.refused(Refusal.MALFORMED);
        request.response()
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        Problem.answer(
                request,
                new Problem(
                        Kind.INVALID_REQUEST,
                        "this is not HTTP/1.1, or its first line or headers have more than " + Edge.HEADER_BYTES_MAX
                                + " bytes"));
        request.connection().close();
    }

    /* What StrictDecoder does for HTTP/1.1, whose connections carry one body at a time. */
    private void awaitBody(HttpServerRequest request) {
        long timer = vertx.setTimer(door.config.bodyTimeout().toMillis(), late -> {
            if (!request.isEnded()) {
                door.meters.refused(Refusal.SLOW);
                request.response().reset();
            }
        });
        request.response().endHandler(sent -> vertx.cancelTimer(timer));
    }

    private static void sendAway(HttpServerRequest request) {
        if (request.version() == HttpVersion.HTTP_2) {
            request.connection().goAway(0);
        } else {
            request.response()
                    .putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE)
                    .endHandler(sent -> request.connection().close());
        }
    }

    /** Sends clients elsewhere: each answer ends its connection, and event streams end one after the other. Any thread may call. */
    public void drain() {
        draining = true;
        EventStreams open = streams;
        if (open != null) {
            context.runOnContext(run -> open.end());
        }
    }

    /** Does something on its event loop, once started, and tells the result on the caller's. Any thread may call. */
    public <T> Future<T> call(Supplier<Future<T>> work) {
        return Loops.call(vertx, context, work);
    }

    /** Shows new connections another certificate. Any thread may call. */
    public Future<Void> reload(Tls tls) {
        return servers.getFirst()
                .updateSSLOptions(tls.options(ClientAuth.REQUIRED))
                .mapEmpty();
    }

    /** The port it listens on, once started. With port 0 each instance has its own. */
    public int port() {
        return port;
    }

    /** When its event loop last turned, by {@link System#nanoTime}; it does so each second. */
    public long turnedNanos() {
        return turnedNanos;
    }

    @Override
    public Future<?> stop() {
        EventStreams open = streams;
        if (open != null) {
            open.end();
        }
        draining = true;
        Hits awaiting = hits;
        return (awaiting == null ? Future.<Void>succeededFuture() : awaiting.ended())
                .compose(ended -> Future.all(servers.stream()
                        .map(server -> server.shutdown(door.drain.toMillis(), TimeUnit.MILLISECONDS))
                        .toList()));
    }
}
