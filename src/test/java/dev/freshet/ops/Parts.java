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
import dev.freshet.store.Rules;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import java.time.Duration;

/** What the console looks at: a gateway that serves nothing yet, and every series. */
record Parts(Gateway gateway, InvalidationVerticle invalidations) {
    private static final CoherenceConfig COHERENCE = new CoherenceConfig(
            Duration.ofSeconds(1),
            Duration.ofMillis(250),
            Duration.ofMillis(25),
            Rules.Acks.EAGER,
            Duration.ZERO,
            0,
            1_000,
            10_000);

    static Parts over(Vertx vertx, MeterRegistry registry) {
        MemoryStore store = new MemoryStore(1 << 20, COHERENCE.rules());
        NearCache near = new NearCache(NearConfig.DEFAULT, Clocks.SYSTEM);
        LeaseVerticle leases = new LeaseVerticle(store, LeaseConfig.DEFAULT, "r1", Clocks.SYSTEM);
        InvalidationVerticle invalidations =
                new InvalidationVerticle(store, near, leases, COHERENCE, "r1", Clocks.SYSTEM);
        new EdgeMeters(registry, "data");
        new StreamMeters(registry);
        Gateway gateway = new Gateway(
                vertx,
                store,
                near,
                leases,
                invalidations,
                new Meters(registry, near, leases, invalidations),
                COHERENCE,
                Clocks.SYSTEM);
        return new Parts(gateway, invalidations);
    }
}
