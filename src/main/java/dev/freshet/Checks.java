package dev.freshet;

import dev.freshet.edge.EdgeMeters;
import dev.freshet.edge.Tls;
import dev.freshet.gateway.Coherence;
import dev.freshet.gateway.InvalidationVerticle;
import dev.freshet.lease.LeaseVerticle;
import dev.freshet.ops.Health.Finding;
import dev.freshet.store.Store;
import io.vertx.core.Future;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** What alerts ask of a replica. */
final class Checks {
    /** How long before its end a certificate is complained of. */
    private static final Duration CERTIFICATE_LEFT_MIN = Duration.ofDays(14);

    private final Store store;
    private final InvalidationVerticle invalidations;
    private final LeaseVerticle leases;
    private final EdgeMeters meters;
    private final Config config;

    /** Written by a reload, read by the operations port. */
    private volatile Optional<Tls> tls;

    Checks(Store store, InvalidationVerticle invalidations, LeaseVerticle leases, EdgeMeters meters, Config config) {
        this.store = store;
        this.invalidations = invalidations;
        this.leases = leases;
        this.meters = meters;
        this.config = config;
        this.tls = config.edge().tls();
    }

    void certificate(Optional<Tls> next) {
        tls = next;
    }

    Optional<Instant> certificateEnd() {
        return tls.map(Tls::notAfter);
    }

    Map<String, Supplier<Future<Finding>>> all() {
        return Map.of(
                "store", this::store,
                "bus", () -> Future.succeededFuture(bus()),
                "memory", () -> Future.succeededFuture(memory()),
                "capacity", () -> Future.succeededFuture(capacity()),
                "certificate", () -> Future.succeededFuture(certificate()));
    }

    private Future<Finding> store() {
        return store.reach().map(read -> Finding.well(store.describe()));
    }

    private Finding bus() {
        List<Coherence> apps = invalidations.apps();
        long open = apps.stream().filter(app -> app.standing().coherent()).count();
        return new Finding(open == apps.size(), "windows open " + open + " of " + apps.size());
    }

    private static Finding memory() {
        return Finding.below(
                "MiB of heap after collection",
                heapBytes() >> 20,
                Runtime.getRuntime().maxMemory() >> 20);
    }

    /** What was left after the last collection: what is in use now is mostly garbage. */
    static long heapBytes() {
        long used = 0;
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            MemoryUsage collected = pool.getType() == MemoryType.HEAP ? pool.getCollectionUsage() : null;
            used += collected == null ? 0 : collected.getUsed();
        }
        return used;
    }

    private Finding capacity() {
        Finding connections =
                Finding.below("connections", meters.connections(), config.edge().connectionsMax());
        Finding waiters =
                Finding.below("waiters", leases.waiters(), config.lease().waitersMax());
        return new Finding(
                connections.isWell() && (waiters.isWell() || config.lease().waitersMax() == 0),
                connections.reason() + ", " + waiters.reason());
    }

    private Finding certificate() {
        return tls.map(own -> new Finding(
                        own.notAfter().isAfter(Instant.now().plus(CERTIFICATE_LEFT_MIN)), "ends at " + own.notAfter()))
                .orElseGet(() -> Finding.well("there is none"));
    }
}
