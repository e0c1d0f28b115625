package dev.freshet.ops;

import dev.freshet.edge.Access;
import dev.freshet.edge.Denied;
import dev.freshet.edge.Edge;
import dev.freshet.edge.Scope;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/** Serves the operations port. Every answer comes from this process alone: Redis is never asked. */
public final class OpsVerticle extends VerticleBase {
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final Set<String> PROBES = Set.of("/livez", "/readyz");
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    private final OpsConfig config;
    private final Edge edge;
    private final Access access;
    private final Map<String, Supplier<Answer>> paths = new TreeMap<>();
    private volatile boolean ready;
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
     */
    public OpsVerticle(
            OpsConfig config, Edge edge, Access access, PrometheusMeterRegistry registry, JsonObject version) {
        this.config = config;
        this.edge = edge;
        this.access = access;
        paths.put("/livez", () -> Answer.text(200, "alive"));
        paths.put("/readyz", this::readyz);
        paths.put("/version", () -> new Answer(200, "application/json", version.toBuffer()));
        paths.put("/metrics", () -> new Answer(200, PROMETHEUS, Buffer.buffer(registry.scrape())));
    }

    @Override
    public Future<?> start() {
        vertx.setPeriodic(edge.sweepMs(), tick -> edge.sweep());
        return vertx.createHttpServer(edge.options())
                .requestHandler(router())
                .connectionHandler(edge::guard)
                .listen(config.port(), config.host())
                .onSuccess(server -> port = server.actualPort());
    }

    /** The port it listens on, once started. */
    public int port() {
        return port;
    }

    /** Says whether requests are to be sent to this replica. Any thread may call. */
    public void ready(boolean now) {
        ready = now;
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
        String known = String.join(", ", paths.keySet());
        router.route()
                .handler(context ->
                        send(context.request(), Answer.text(404, "there is no such path; there are " + known)));
        return router;
    }

    /* Probes come from machines that hold no token and no certificate. */
    private void answer(String path, HttpServerRequest request, Supplier<Answer> answer) {
        try {
            if (!PROBES.contains(path)) {
                edge.checkCertificate(request.connection());
                access.admit(request.getHeader(HttpHeaders.AUTHORIZATION)).check(Scope.ADMIN_READ);
            }
            send(request, answer.get());
        } catch (Denied denied) {
            edge.meters().refused(denied);
            request.response().putHeader("WWW-Authenticate", denied.challenge());
            send(request, Answer.text(denied.status(), String.valueOf(denied.getMessage())));
        }
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

    private Answer readyz() {
        return ready ? Answer.text(200, "ready") : Answer.text(503, "not ready: starting or stopping");
    }
}
