package dev.freshet.ops;

import dev.freshet.edge.EdgeMeters;
import dev.freshet.gateway.CoherenceConfig;
import dev.freshet.gateway.Gateway;
import dev.freshet.gateway.InvalidationVerticle;
import dev.freshet.gateway.Meters;
import dev.freshet.http.StreamMeters;
import dev.freshet.lease.LeaseConfig;
import dev.freshet.lease.LeaseVerticle;
import dev.freshet.loop.Clocks;
import dev.freshet.near.NearCache;
import dev.freshet.near.NearConfig;
import dev.freshet.store.MemoryStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;

/** What the console looks at: a gateway that serves nothing yet, and every series. */
record Parts(Gateway gateway) {
    static Parts over(Vertx vertx, MeterRegistry registry) {
        MemoryStore store = new MemoryStore(1 << 20, CoherenceConfig.DEFAULT.rules());
        NearCache near = new NearCache(NearConfig.DEFAULT, Clocks.SYSTEM);
        LeaseVerticle leases = new LeaseVerticle(store, LeaseConfig.DEFAULT, "r1", Clocks.SYSTEM);
        InvalidationVerticle invalidations =
                new InvalidationVerticle(store, near, leases, CoherenceConfig.DEFAULT, "r1", Clocks.SYSTEM);
        new EdgeMeters(registry, "data");
        new StreamMeters(registry);
        return new Parts(new Gateway(
                vertx,
                store,
                near,
                leases,
                invalidations,
                new Meters(registry, near, leases, invalidations),
                CoherenceConfig.DEFAULT,
                Clocks.SYSTEM));
    }
}
