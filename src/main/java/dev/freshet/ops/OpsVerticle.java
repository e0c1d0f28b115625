package dev.freshet.ops;

import dev.freshet.edge.Access;
import dev.freshet.edge.Denied;
import dev.freshet.edge.Edge;
import dev.freshet.edge.Scope;
import dev.freshet.edge.Tls;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Serves the operations port. Every answer comes from this process alone, but that of {@code /health/checks/store}. */
public final class OpsVerticle extends VerticleBase {
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final Set<String> PROBES = Set.of("/startupz", "/livez", "/readyz");
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    private final OpsConfig config;
    private final Edge edge;
    private final Access access;
    private final Map<String, Supplier<Answer>> paths = new TreeMap<>();
    private final Map<String, Supplier<Future<Health.Finding>>> checks = new TreeMap<>();
    private volatile @Nullable HttpServer server;
    private volatile boolean ready;
    private volatile boolean started;
    private volatile int port;

    private record Answer(int status, String type, Buffer body) {
        static Answer text(int status, String line) {
            return new Answer(status, TEXT, Buffer.buffer(line + "\n"));
        }
    }

    /**
     * Answers that the replica is not ready yet.
     *
     * @param version what {@code /version} answers
     * @param health what is asked of the parts
     */
    public OpsVerticle(
            OpsConfig config,
            Edge edge,
            Access access,
            PrometheusMeterRegistry registry,
            JsonObject version,
            Health health) {
        this.config = config;
        this.edge = edge;
        this.access = access;
        paths.put("/livez", () -> livez(health));
        paths.put("/startupz", () -> started ? Answer.text(200, "started") : Answer.text(503, "not started yet"));
        paths.put("/readyz", this::readyz);
        paths.put("/version", () -> new Answer(200, "application/json", version.toBuffer()));
        paths.put("/metrics", () -> new Answer(200, PROMETHEUS, Buffer.buffer(registry.scrape())));
        health.checks().forEach((name, check) -> checks.put("/health/checks/" + name, check));
    }

    @Override
    public Future<?> start() {
        vertx.setPeriodic(edge.sweepMs(), tick -> edge.sweep());
        return vertx.createHttpServer(edge.options())
                .requestHandler(router())
                .connectionHandler(edge::guard)
                .listen(config.port(), config.host())
                .onSuccess(listening -> {
                    server = listening;
                    port = listening.actualPort();
                });
    }

    /** Shows new connections another certificate. Any thread may call. */
    public Future<Void> reload(Tls tls) {
        HttpServer running = server;
        return running == null
                ? Future.succeededFuture()
                : running.updateSSLOptions(tls.options(ClientAuth.REQUEST)).mapEmpty();
    }

    /** The port it listens on, once started. */
    public int port() {
        return port;
    }

    /** Says whether requests are to be sent to this replica. Any thread may call. */
    public void ready(boolean now) {
        ready = now;
        started = started || now;
    }

    private Router router() {
        Router router = Router.router(vertx);
        paths.forEach((path, answer) -> {
            router.get(path).handler(context -> answer(path, context.request(), answer));
            router.head(path).handler(context -> answer(path, context.request(), answer));
            router.route(path).handler(context -> {
                context.response().putHeader("Allow", "GET, HEAD");
                send(context.request(), Answer.text(405, "this path takes GET and HEAD"));
            });
        });
        checks.forEach((path, check) -> {
            router.get(path).handler(context -> look(context.request(), check));
            router.route(path).handler(context -> {
                context.response().putHeader("Allow", "GET");
                send(context.request(), Answer.text(405, "this path takes GET"));
            });
        });
        Set<String> all = new TreeSet<>(paths.keySet());
        all.addAll(checks.keySet());
        String known = String.join(", ", all);
        router.route()
                .handler(context ->
                        send(context.request(), Answer.text(404, "there is no such path; there are " + known)));
        return router;
    }

    /* Probes come from machines that hold no token and no certificate. */
    private void answer(String path, HttpServerRequest request, Supplier<Answer> answer) {
        if (PROBES.contains(path) || admitted(request)) {
            send(request, answer.get());
        }
    }

    private boolean admitted(HttpServerRequest request) {
        try {
            edge.checkCertificate(request.connection());
            access.admit(request.getHeader(HttpHeaders.AUTHORIZATION)).check(Scope.ADMIN_READ);
            return true;
        } catch (Denied denied) {
            edge.meters().refused(denied);
            request.response().putHeader("WWW-Authenticate", denied.challenge());
            send(request, Answer.text(denied.status(), String.valueOf(denied.getMessage())));
            return false;
        }
    }

    /* For alerts, not for probes: what is wrong with all replicas at once is no reason to end one. */
    private void look(HttpServerRequest request, Supplier<Future<Health.Finding>> check) {
        if (!admitted(request)) {
            return;
        }
        check.get()
                .otherwise(failed -> Health.Finding.sick(String.valueOf(failed.getMessage())))
                .onSuccess(finding -> send(
                        request,
                        new Answer(
                                finding.isWell() ? 200 : 503,
                                "application/json",
                                new JsonObject()
                                        .put("well", finding.isWell())
                                        .put("reason", finding.reason())
                                        .toBuffer())));
    }

    private static void send(HttpServerRequest request, Answer answer) {
        HttpServerResponse response = request.response()
                .setStatusCode(answer.status)
                .putHeader("Cache-Control", "no-store")
                .putHeader("Content-Type", answer.type)
                .putHeader("Content-Length", Integer.toString(answer.body.length()));
        if (request.method().equals(HttpMethod.HEAD)) {
            response.end();
        } else {
            response.end(answer.body);
        }
    }

    private static Answer livez(Health health) {
        return health.isAlive() ? Answer.text(200, "alive") : Answer.text(503, "an event loop stands still");
    }

    private Answer readyz() {
        return ready ? Answer.text(200, "ready") : Answer.text(503, "not ready: starting or stopping");
    }
}
