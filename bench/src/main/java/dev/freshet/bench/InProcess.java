package dev.freshet.bench;

import dev.freshet.gateway.CoherenceConfig;
import dev.freshet.gateway.Gateway;
import dev.freshet.gateway.InvalidationVerticle;
import dev.freshet.gateway.Meters;
import dev.freshet.lease.LeaseConfig;
import dev.freshet.lease.LeaseVerticle;
import dev.freshet.loop.Clocks;
import dev.freshet.near.NearCache;
import dev.freshet.near.NearConfig;
import dev.freshet.store.Store;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/** A replica in this process, without its HTTP. */
record InProcess(Gateway gateway, InvalidationVerticle invalidations) {
    /** Starts one. */
    static Future<InProcess> start(Vertx vertx, Store store, String name) {
        NearCache near = new NearCache(NearConfig.DEFAULT, Clocks.SYSTEM);
        LeaseVerticle leases = new LeaseVerticle(store, LeaseConfig.DEFAULT, name, Clocks.SYSTEM);
        InvalidationVerticle invalidations =
                new InvalidationVerticle(store, near, leases, CoherenceConfig.DEFAULT, name, Clocks.SYSTEM);
        Meters meters = new Meters(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT), near, leases, invalidations);
        Gateway gateway = new Gateway(
                vertx,
                store,
                near,
                leases,
                invalidations,
                meters,
                CoherenceConfig.DEFAULT,
                Clocks.SYSTEM);
        return vertx.deployVerticle(leases)
                .compose(deployed -> vertx.deployVerticle(invalidations))
                .map(deployed -> new InProcess(gateway, invalidations));
    }
}
