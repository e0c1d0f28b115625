package dev.freshet.ops;

import dev.freshet.edge.Scope;
import dev.freshet.edge.Token;
import dev.freshet.gateway.Coherence;
import dev.freshet.gateway.Gateway;
import dev.freshet.gateway.Standing;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;

/** The console: a page, and what it asks of this process. Belongs to the event loop of the operations port, once it is opened there. */
public final class Console {
    /*
     * The page asks for the state once a second, and is told with it whatever was sampled since it asked last: so
     * nothing is lost when it could not ask for a while, and a page that does not hear an answer knows
     * that it does not. The checks are made when somebody asks. Only what happens to an app is pushed, by the event stream of the API.
     *
     * The page itself needs no token, for a browser cannot send one with the address that is typed into
     * it, and there is nothing in it. Everything else does.
     */

    /** Where it is. */
    static final String PATH = "/console/";

    /** Apps that are told of, by name. */
    static final int APPS_MAX = 256;

    private static final String API = PATH + "api/";
    private static final String APPS = API + "apps/";

    private static final String ELSEWHERE =
            "without tokens or TLS the console answers to an address, to localhost, and to"
                    + " the host of admin.listen, not to other names";

    private final Gateway gateway;
    private final MeterRegistry registry;
    private final JsonObject version;
    private final Health health;
    private final Function<Vertx, Handler<HttpServerRequest>> apps;
    private final Page page = Page.load();
    /** Written wherever a check is told. */
    private final Map<String, Health.Finding> findings = new ConcurrentSkipListMap<>();

    private final AtomicBoolean checking = new AtomicBoolean();

    /**
     * Not open yet.
     *
     * @param registry with every series
     * @param version what {@code /version} answers
     * @param apps answers what is asked of an app, on the loop that it is made on
     */
    public Console(
            Gateway gateway,
            MeterRegistry registry,
            JsonObject version,
            Health health,
            Function<Vertx, Handler<HttpServerRequest>> apps) {
        this.gateway = gateway;
        this.registry = registry;
        this.version = version;
        this.health = health;
        this.apps = apps;
    }

    /** What it answers from, once it is open. */
    private record Open(Gate gate, Samples samples, Supplier<String> phase, Handler<HttpServerRequest> apps) {}

    /**
     * Begins to sample, on this event loop.
     *
     * @param listening the host that is listened on
     * @param phase what this replica is about: starting, ready, or stopping
     */
    Handler<HttpServerRequest> open(Vertx vertx, Gate gate, String listening, Supplier<String> phase) {
        Samples samples = new Samples(registry);
        vertx.setPeriodic(Samples.PERIOD_MS, tick -> samples.take(System.currentTimeMillis()));
        Open open = new Open(gate, samples, phase, apps.apply(vertx));
        return request -> {
            Page.guard(request.response());
            if (gate.isOpen() && !gate.isEncrypted() && !Origins.isAddressedHere(request, listening)) {
                Answer.text(421, ELSEWHERE).send(request);
            } else if (gate.admitsConnection(request)) {
                answer(request, open);
            }
        };
    }

    private void answer(HttpServerRequest request, Open open) {
        String path = path(request);
        if (!path.startsWith(API)) {
            page.answer(request);
        } else if (!Origins.isOfOwnPage(request)) {
            Answer.text(403, "this answers the console's own page, and clients that are no browsers")
                    .send(request);
        } else if (path.startsWith(APPS)) {
            open.apps.handle(request);
        } else if (Page.isRead(request)) {
            own(request, open);
        }
    }

    private static String path(HttpServerRequest request) {
        return Objects.requireNonNullElse(request.path(), "");
    }

    private void own(HttpServerRequest request, Open open) {
        switch (path(request)) {
            case API + "access" ->
                Answer.json(200, new JsonObject().put("tokens", !open.gate.isOpen()))
                        .send(request);
            case API + "state" ->
                open.gate
                        .admit(request)
                        .ifPresent(token -> Answer.json(200, state(token, open, after(request)))
                                .send(request));
            default -> Answer.text(404, "there is no such path").send(request);
        }
    }

    /* What is no number asks for everything. */
    private static long after(HttpServerRequest request) {
        String after = request.getParam("after", "0");
        return after.matches("[0-9]{1,15}") ? Long.parseLong(after) : 0;
    }

    private JsonObject state(Token token, Open open, long after) {
        check();
        JsonArray checks = new JsonArray();
        findings.forEach((name, finding) -> checks.add(
                new JsonObject().put("name", name).put("well", finding.isWell()).put("reason", finding.reason())));
        return version.copy()
                .put("replica", gateway.replica())
                .put("phase", open.phase.get())
                .put("time", System.currentTimeMillis())
                .put("nearBytesMax", (long)
                        registry.get("freshet.near.bytes.limit").gauge().value())
                .put("token", told(token))
                .put("apps", standings(token))
                .put("checks", checks)
                .put("samples", open.samples.after(after));
    }

    private static JsonObject told(Token token) {
        return new JsonObject()
                .put("id", token.id())
                .put("writes", token.scopes().contains(Scope.ADMIN_WRITE));
    }

    private JsonArray standings(Token token) {
        JsonArray standings = new JsonArray();
        gateway.apps().stream()
                .filter(app -> token.apps().contains("*") || token.apps().contains(app.app()))
                .sorted(Comparator.comparing(Coherence::app))
                .limit(APPS_MAX)
                .forEach(app -> standings.add(standing(app)));
        return standings;
    }

    private static JsonObject standing(Coherence app) {
        Standing standing = app.standing();
        return new JsonObject()
                .put("app", app.app())
                .put("epoch", standing.place().epoch())
                .put("applied", standing.place().stamp())
                .put("floor", standing.floor())
                .put("coherent", standing.coherent())
                .put("window", standing.windowMs())
                .put("cutOff", app.isCutOff())
                .put("outage", app.isOutage());
    }

    /*
     * What is found late, such as by a store that does not answer, is told to who asks next. One round at a time, however
     * many ask.
     */
    private void check() {
        if (!checking.compareAndSet(false, true)) {
            return;
        }
        Future.all(health.checks().entrySet().stream()
                        .map(check -> check.getValue()
                                .get()
                                .otherwise(failed -> Health.Finding.sick(String.valueOf(failed.getMessage())))
                                .onSuccess(finding -> findings.put(check.getKey(), finding)))
                        .toList())
                .onComplete(done -> checking.set(false));
    }
}
