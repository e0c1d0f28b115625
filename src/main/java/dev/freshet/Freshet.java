package dev.freshet;

import dev.freshet.edge.Access;
import dev.freshet.edge.Edge;
import dev.freshet.edge.EdgeConfig;
import dev.freshet.edge.EdgeMeters;
import dev.freshet.gateway.Gateway;
import dev.freshet.gateway.InvalidationVerticle;
import dev.freshet.gateway.Meters;
import dev.freshet.http.Codec;
import dev.freshet.http.ConsoleRoutes;
import dev.freshet.http.HttpVerticle;
import dev.freshet.http.StreamMeters;
import dev.freshet.http.UnderWay;
import dev.freshet.http.UnixSocket;
import dev.freshet.lease.LeaseVerticle;
import dev.freshet.loop.Clocks;
import dev.freshet.near.NearCache;
import dev.freshet.ops.Console;
import dev.freshet.ops.Health;
import dev.freshet.ops.OpsVerticle;
import dev.freshet.redis.Redirects;
import dev.freshet.redis.RedisStore;
import dev.freshet.redis.Retired;
import dev.freshet.store.Fleets;
import dev.freshet.store.MemoryStore;
import dev.freshet.store.Rules;
import dev.freshet.store.Store;
import dev.freshet.trace.Traces;
import dev.freshet.trace.Variables;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One replica: its parts, put together, started and stopped. */
public final class Freshet {
    /*
     * The order of starting. Operations first, so that the process can be watched while it starts;
     * then what HTTP needs; then HTTP; then it is ready. Stopping goes the other way round, once it
     * has said that it is not ready any more: whatever is under way finds its parts still there.
     */

    private static final Logger LOG = LoggerFactory.getLogger(Freshet.class);
    /** How long an event loop may not turn before the process counts as dead. */
    private static final long STILL_NANOS_MAX = TimeUnit.SECONDS.toNanos(5);

    /** Connections of the operations port at a time. */
    private static final int OPS_CONNECTIONS_MAX = 256;

    private static final int WARM_ATTEMPTS = 3;
    private static final long WARM_PAUSE_MS = 100;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final Vertx vertx;
    private final Config config;
    private final Store store;
    private final LeaseVerticle leases;
    private final InvalidationVerticle invalidations;
    private final Gateway gateway;
    private final StreamMeters streams;
    private final Access access;
    private final EdgeMeters meters;
    private final UnderWay bodies;
    private final Codec codec;
    private final Checks checks;
    private final Optional<Traces> traces;
    private final OpsVerticle ops;
    /** What is deployed, the latest first. Written by the chain of start(), then by that of stop(). */
    private final Deque<String> deployed = new ArrayDeque<>();

    private final List<HttpVerticle> servers = new CopyOnWriteArrayList<>();

    /** Written by the chain of start(), read by whoever asks. */
    private volatile int port;

    /** What the fleet shares, and what is told of the fleet. */
    private record Shared(Store store, Fleets fleets) {
        static <S extends Store & Fleets> Shared of(S store) {
            return new Shared(store, store);
        }
    }

    private Freshet(Vertx vertx, Config config, Map<String, String> environment) {
        this.vertx = vertx;
        this.config = config;
        String replica = replica();
        traces = new Variables(environment).traces(Version.TEXT, replica);
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        meters = new EdgeMeters(registry, "data");
        bodies = new UnderWay(config.http().bodiesBytesMax(), meters);
        bodies.show(registry);
        Shared shared = shared(vertx, config, bodies, registry);
        store = shared.store;
        NearCache near = new NearCache(config.near(), Clocks.SYSTEM);
        leases = new LeaseVerticle(store, config.lease(), replica, Clocks.SYSTEM);
        invalidations = new InvalidationVerticle(store, near, leases, config.coherence(), replica, Clocks.SYSTEM);
        gateway = new Gateway(
                vertx,
                store,
                near,
                leases,
                invalidations,
                new Meters(registry, near, leases, invalidations),
                config.coherence(),
                Clocks.SYSTEM);
        streams = new StreamMeters(registry);
        access = new Access(config.edge().tokens());
        codec = new Codec(vertx, config.http(), bodies, registry);
        checks = new Checks(store, invalidations, leases, meters, config);
        ProcessMeters.show(registry, checks);
        ops = operations(registry, shared.fleets);
    }

    private static Shared shared(Vertx vertx, Config config, UnderWay bodies, MeterRegistry registry) {
        Rules rules = config.coherence().rules();
        Optional<RedisStore> redis = config.redis().map(each -> new RedisStore(vertx, each, rules, bodies));
        RetiredMeters.register(registry, redis.map(RedisStore::retired).orElseGet(Retired::new));
        RedirectMeters.register(registry, redis.map(RedisStore::redirects).orElseGet(Redirects::new));
        return redis.map(Shared::of).orElseGet(() -> Shared.of(new MemoryStore(config.storeBytes(), rules)));
    }

    private OpsVerticle operations(PrometheusMeterRegistry registry, Fleets fleets) {
        EdgeMeters opsMeters = new EdgeMeters(registry, "operations");
        Edge edge = new Edge(config.edge(), OPS_CONNECTIONS_MAX, ClientAuth.REQUEST, opsMeters);
        JsonObject version = version(registry);
        Health health = new Health(this::isAlive, checks.all());
        Console console = new Console(
                gateway,
                registry,
                version,
                health,
                loop -> new ConsoleRoutes(loop, gateway, fleets, access, opsMeters, streams)::answer);
        return new OpsVerticle(config.ops(), edge, access, registry, version, health, console);
    }

    /** A name that no other process of the fleet has: 12 characters of base 36. */
    private static String replica() {
        return RANDOM.ints(12, 0, 36)
                .mapToObj(digit -> Character.toString(Character.forDigit(digit, 36)))
                .collect(Collectors.joining());
    }

    private JsonObject version(PrometheusMeterRegistry registry) {
        String java = Runtime.version().toString();
        Gauge.builder("freshet.build.info", () -> 1)
                .description("1, with what runs here as labels")
                .tag("version", Version.TEXT)
                .tag("java", java)
                .register(registry);
        return new JsonObject().put("version", Version.TEXT).put("java", java).put("store", store.describe());
    }

    /** Succeeds when it serves. Fails with a {@link StartException} that names the key to change, and leaves nothing behind. */
    public static Future<Freshet> start(Vertx vertx, Config config) {
        return start(vertx, config, Map.of());
    }

    /**
     * The same, and exports spans if its environment says where to.
     *
     * @param environment in which nothing but the variables of OpenTelemetry is looked for
     */
    static Future<Freshet> start(Vertx vertx, Config config, Map<String, String> environment) {
        Freshet freshet = new Freshet(vertx, config, environment);
        return freshet.start()
                .map(freshet)
                .recover(failed -> freshet.stop().transform(stopped -> Future.failedFuture(failed)));
    }

    private Future<Void> start() {
        return deploy(ops)
                .recover(failed -> refused(
                        "admin.listen", config.ops().host(), config.ops().port(), failed))
                .compose(started -> deploy(leases))
                .compose(started -> deploy(invalidations))
                .compose(started -> serve())
                .recover(failed ->
                        refused("listen", config.http().host(), config.http().port(), failed))
                .compose(started -> warm())
                .onSuccess(warmed -> ops.ready(true));
    }

    /* One server for each event loop, all of them on one port; with port 0 every server would get a port of its own. */
    private Future<Void> serve() {
        int loops = config.http().port() == 0 ? 1 : Runtime.getRuntime().availableProcessors();
        HttpVerticle.Door door = new HttpVerticle.Door(
                access,
                config.edge(),
                meters,
                Math.max(1, config.edge().requestsMax() / loops),
                Math.ceilDiv(config.http().eventStreamsMax(), loops),
                bodies,
                codec,
                config.drain().timeout(),
                traces);
        return onSocket(UnixSocket::makeWay)
                .compose(free -> vertx.deployVerticle(() -> server(door), new DeploymentOptions().setInstances(loops)))
                .onSuccess(id -> {
                    deployed.push(id);
                    port = servers.getFirst().port();
                })
                .compose(id ->
                        onSocket(path -> UnixSocket.permit(path, config.http().socketMode())));
    }

    private HttpVerticle server(HttpVerticle.Door door) {
        HttpVerticle server = new HttpVerticle(gateway, config.http(), door, streams);
        servers.add(server);
        return server;
    }

    private interface WithPath {
        void apply(Path path) throws IOException;
    }

    private Future<Void> onSocket(WithPath what) {
        return config.http()
                .socket()
                .map(path -> vertx.<Void>executeBlocking(() -> {
                            what.apply(path);
                            return null;
                        })
                        .recover(failed -> Future.failedFuture(new StartException(
                                "http.socket: cannot listen on " + path + " (" + failed.getMessage() + ")", failed))))
                .orElse(Future.succeededFuture());
    }

    private Future<Void> deploy(Deployable part) {
        return vertx.deployVerticle(part).onSuccess(deployed::push).mapEmpty();
    }

    private static Future<Void> refused(String key, String host, int port, Throwable failed) {
        return Future.failedFuture(
                failed instanceof IOException
                        ? new StartException(
                                key + ": cannot listen on " + host + ":" + port + " (" + failed.getMessage() + ")",
                                failed)
                        : failed);
    }

    /*
     * A first read by each event loop, which has a connection of its own to the store, so that no caller pays
     * for connecting and for loading classes, which together may take longer than a command may. A store that
     * cannot be reached stops nobody from starting: it may be back at any moment.
     */
    private Future<Void> warm() {
        return Future.join(servers.stream()
                        .map(server -> server.call(() -> warm(WARM_ATTEMPTS)))
                        .toList())
                .<Void>mapEmpty()
                .recover(failed -> {
                    LOG.warn(
                            "The store does not answer ({}): what needs it is refused until it does",
                            failed.getMessage());
                    return Future.succeededFuture();
                });
    }

    private Future<Void> warm(int attempts) {
        return store.reach()
                .recover(failed -> attempts == 1
                        ? Future.failedFuture(failed)
                        : vertx.timer(WARM_PAUSE_MS, TimeUnit.MILLISECONDS).compose(later -> warm(attempts - 1)));
    }

    /**
     * Takes other tokens, and another certificate. Fails, with the old ones in force, if the certificate cannot be used.
     *
     * @param edge as at the start, but for those
     */
    public Future<Void> reload(EdgeConfig edge) {
        List<Future<Void>> updated = new ArrayList<>();
        edge.tls().ifPresent(tls -> {
            updated.add(ops.reload(tls));
            servers.forEach(server -> updated.add(server.reload(tls)));
        });
        return Future.all(updated).<Void>mapEmpty().onSuccess(done -> {
            access.replace(edge.tokens());
            checks.certificate(edge.tls());
        });
    }

    private boolean isAlive() {
        long nowNanos = System.nanoTime();
        return servers.stream().allMatch(server -> nowNanos - server.turnedNanos() < STILL_NANOS_MAX);
    }

    /** Says that it is not ready, serves on for {@code drain.delay}, and stops. Never fails. */
    public Future<Void> leave() {
        ops.ready(false);
        servers.forEach(HttpVerticle::drain);
        long delayMs = config.drain().delay().toMillis();
        return (delayMs == 0 ? Future.succeededFuture() : vertx.timer(delayMs, TimeUnit.MILLISECONDS))
                .compose(noticed -> stop());
    }

    /** Stops serving, leaves the fleet, and gives everything back. Never fails; what goes wrong is logged. */
    public Future<Void> stop() {
        ops.ready(false);
        return undeploy()
                .eventually(() -> Future.join(store.close(), closeTraces()))
                .otherwise(failed -> {
                    LOG.warn("The store was not closed: {}", failed.getMessage());
                    return null;
                });
    }

    /* Not by a reference to the method, for which the class would be loaded. */
    private Future<Void> closeTraces() {
        return traces.isPresent() ? traces.get().close() : Future.succeededFuture();
    }

    private Future<Void> undeploy() {
        String latest = deployed.poll();
        return latest == null
                ? Future.succeededFuture()
                : vertx.undeploy(latest)
                        .timeout(config.drain().timeout().toSeconds() + 1, TimeUnit.SECONDS)
                        .onFailure(failed -> LOG.warn("A part did not stop: {}", failed.getMessage()))
                        .transform(undeployed -> undeploy());
    }

    /** The port of the HTTP API. */
    public int port() {
        return port;
    }

    /** The port of the operations. */
    public int adminPort() {
        return ops.port();
    }

    /** What the store is, for the log. */
    public String storeName() {
        return store.describe();
    }
}
