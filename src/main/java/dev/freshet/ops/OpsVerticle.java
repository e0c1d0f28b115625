package dev.freshet.ops;

import dev.freshet.edge.Access;
import dev.freshet.edge.Edge;
import dev.freshet.edge.Tls;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Serves the operations port. Every answer comes from this process alone, but that of {@code /health/checks/store}. */
public final class OpsVerticle extends VerticleBase {
    private static final Set<String> PROBES = Set.of("/startupz", "/livez", "/readyz");
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    private final OpsConfig config;
    private final Edge edge;
    private final Gate gate;
    private final Console console;
    private final Map<String, Supplier<Answer>> paths = new TreeMap<>();
    private final Map<String, Supplier<Future<Health.Finding>>> checks = new TreeMap<>();
    private volatile @Nullable HttpServer server;
    private volatile boolean ready;
    private volatile boolean started;
    private volatile int port;

    /**
     * Answers that the replica is not ready yet.
     *
     * @param version what {@code /version} answers
     * @param health what is asked of the parts
     * @param console what is shown at {@code /console/}
     */
    public OpsVerticle(
            OpsConfig config,
            Edge edge,
            Access access,
            PrometheusMeterRegistry registry,
            JsonObject version,
            Health health,
            Console console) {
        this.config = config;
        this.edge = edge;
        this.gate = new Gate(edge, access);
        this.console = console;
        paths.put("/livez", () -> livez(health));
        paths.put("/startupz", () -> started ? Answer.text(200, "started") : Answer.text(503, "not started yet"));
        paths.put("/readyz", this::readyz);
        paths.put("/version", () -> Answer.json(200, version));
        paths.put("/metrics", () -> new Answer(200, PROMETHEUS, Buffer.buffer(registry.scrape())));
        health.checks().forEach((name, check) -> checks.put("/health/checks/" + name, check));
    }

    @Override
    public Future<?> start() {
        vertx.setPeriodic(edge.sweepMs(), tick -> edge.sweep());
        return vertx.createHttpServer(edge.options())
                .requestHandler(router())
                .connectionHandler(connection -> edge.guard(connection, Optional.empty()))
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
        Handler<HttpServerRequest> shown = console.open(vertx, gate, config.host(), this::phase);
        router.route(Console.PATH + "*").handler(context -> show(context.request(), shown));
        paths.forEach((path, answer) -> {
            router.get(path).handler(context -> answer(path, context.request(), answer));
            router.head(path).handler(context -> answer(path, context.request(), answer));
            router.route(path).handler(context -> Answer.refuseMethod(context.request(), "GET, HEAD"));
        });
        checks.forEach((path, check) -> {
            router.get(path).handler(context -> look(context.request(), check));
            router.route(path).handler(context -> Answer.refuseMethod(context.request(), "GET"));
        });
        Set<String> all = new TreeSet<>(paths.keySet());
        all.addAll(checks.keySet());
        all.add(Console.PATH);
        String known = String.join(", ", all);
        router.route()
                .handler(context -> Answer.text(404, "there is no such path; there are " + known)
                        .send(context.request()));
        return router;
    }

    private static void show(HttpServerRequest request, Handler<HttpServerRequest> console) {
        if (Console.PATH.equals(request.path() + "/")) {
            request.response().putHeader("Location", Console.PATH);
            Answer.text(308, "the console is at " + Console.PATH).send(request);
        } else {
            console.handle(request);
        }
    }

    /* Probes come from machines that hold no token and no certificate. */
    private void answer(String path, HttpServerRequest request, Supplier<Answer> answer) {
        if (PROBES.contains(path) || gate.admit(request).isPresent()) {
            answer.get().send(request);
        }
    }

    /* For alerts, not for probes: what is wrong with all replicas at once is no reason to end one. */
    private void look(HttpServerRequest request, Supplier<Future<Health.Finding>> check) {
        if (gate.admit(request).isEmpty()) {
            return;
        }
        check.get()
                .otherwise(failed -> Health.Finding.sick(String.valueOf(failed.getMessage())))
                .onSuccess(finding -> Answer.json(
                                finding.isWell() ? 200 : 503,
                                new JsonObject().put("well", finding.isWell()).put("reason", finding.reason()))
                        .send(request));
    }

    private String phase() {
        return ready ? "ready" : started ? "stopping" : "starting";
    }

    private static Answer livez(Health health) {
        return health.isAlive() ? Answer.text(200, "alive") : Answer.text(503, "an event loop stands still");
    }

    private Answer readyz() {
        return ready ? Answer.text(200, "ready") : Answer.text(503, "not ready: starting or stopping");
    }
}
