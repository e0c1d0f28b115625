package dev.freshet.http;

import dev.freshet.edge.Access;
import dev.freshet.edge.EdgeMeters;
import dev.freshet.edge.Scope;
import dev.freshet.gateway.Gateway;
import dev.freshet.http.Problem.Kind;
import dev.freshet.store.Fleets;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.Optional;

/**
 * What operators ask of an app, and the one thing that they do to it: the routes of the API that the console needs, under paths
 * and scopes of its own. Belongs to one event loop.
 */
public final class ConsoleRoutes {
    /** Consoles that hear an app's events at a time; one more is refused. */
    public static final int VIEWERS_MAX = 32;

    private static final String APP = "/console/api/apps/{app}";
    private static final String DEPLOYMENTS = APP + "/deployments";
    private static final String INVALIDATIONS = APP + "/invalidations";

    private final Gateway gateway;
    private final Routes routes;

    /**
     * Serves a gateway.
     *
     * @param fleets what the store knows of the replicas
     */
    public ConsoleRoutes(
            Vertx vertx, Gateway gateway, Fleets fleets, Access access, EdgeMeters meters, StreamMeters streamMeters) {
        this.gateway = gateway;
        EventStreams streams = new EventStreams(vertx, VIEWERS_MAX, EventStreams.Times.DEFAULT, streamMeters);
        InvalidationRoutes invalidations = new InvalidationRoutes(gateway, meters, streams);
        routes = new Routes(access, meters, Integer.MAX_VALUE, Optional.empty())
                .on(HttpMethod.GET, APP + "/replicas", Scope.ADMIN_READ, served(new FleetRoute(fleets)::get))
                .on(HttpMethod.GET, DEPLOYMENTS, Scope.ADMIN_READ, served(new NearRoute(gateway)::get))
                .on(
                        HttpMethod.GET,
                        DEPLOYMENTS + "/{deployment}/why/{key}",
                        Scope.ADMIN_READ,
                        served(new WhyRoute(gateway)::get))
                .on(HttpMethod.GET, APP + "/tags/{tag}", Scope.ADMIN_READ, served(new TagRoutes(gateway)::get))
                .on(HttpMethod.GET, INVALIDATIONS, Scope.ADMIN_READ, served(invalidations::get))
                .on(HttpMethod.POST, INVALIDATIONS, Scope.ADMIN_WRITE, served(invalidations::post));
    }

    /* Asking of a name must not make it an app that is followed: there are limits.apps of them. */
    private Routes.Route served(Routes.Route route) {
        return asked -> {
            String app = asked.app();
            boolean known =
                    gateway.apps().stream().anyMatch(served -> served.app().equals(app));
            return known
                    ? route.answer(asked)
                    : Future.failedFuture(
                            new Problem(Kind.NOT_FOUND, "this replica has served no request of app " + app + " yet"));
        };
    }

    /** Answers a request. */
    public void answer(HttpServerRequest request) {
        routes.answer(request);
    }
}
