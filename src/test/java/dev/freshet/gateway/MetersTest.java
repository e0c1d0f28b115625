package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.lease.LeaseConfig;
import dev.freshet.lease.LeaseVerticle;
import dev.freshet.lease.Turn;
import dev.freshet.loop.Clocks;
import dev.freshet.near.NearCache;
import dev.freshet.near.NearConfig;
import dev.freshet.store.MemoryStore;
import dev.freshet.store.Mode;
import dev.freshet.store.Store;
import dev.freshet.tag.Tag;
import dev.freshet.testing.Futures;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MetersTest {
    private static final Key KEY = Key.of("app", "v1", "key");
    private static final Ask LEASE = new Ask(List.of(), true, 0, false);

    private final Vertx vertx = Vertx.vertx();
    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final Store store = new MemoryStore(1 << 20, CoherenceConfig.DEFAULT.rules());
    private final NearCache near = new NearCache(NearConfig.DEFAULT, Clocks.SYSTEM);
    private final LeaseVerticle leases = new LeaseVerticle(store, LeaseConfig.DEFAULT, "replica", Clocks.SYSTEM);
    private final InvalidationVerticle invalidations =
            new InvalidationVerticle(store, near, leases, CoherenceConfig.DEFAULT, "replica", Clocks.SYSTEM);
    private final Gateway gateway = new Gateway(
            vertx,
            store,
            near,
            leases,
            invalidations,
            new Meters(registry, near, leases, invalidations),
            CoherenceConfig.DEFAULT,
            Clocks.SYSTEM);

    @BeforeEach
    void start() {
        Futures.await(vertx.deployVerticle(leases).compose(id -> vertx.deployVerticle(invalidations)));
    }

    @AfterEach
    void stop() {
        Futures.await(vertx.close());
    }

    @Test
    void series_fromTheStart_existAtZero() {
        assertThat(registry.getMeters())
                .filteredOn(meter -> !meter.getId().getName().equals("freshet.near.bytes.limit"))
                .hasSizeGreaterThan(17)
                .allSatisfy(meter -> assertThat(meter.measure()).allMatch(measure -> measure.getValue() == 0));
        assertThat(value("freshet.near.bytes.limit")).isEqualTo(128 << 20);
    }

    @Test
    void get_eachResult_isCountedOnce() {
        follow();
        Futures.await(gateway.get(KEY, Ask.PLAIN));
        put(1);
        Futures.await(gateway.get(KEY, Ask.PLAIN));
        Futures.await(gateway.get(KEY, Ask.PLAIN));
        Futures.await(
                gateway.invalidate("app", new Wish(List.of(new Tag("tag")), new Mode.Soft(60_000), 0, Wish.WAIT)));
        Futures.await(gateway.get(KEY, Ask.PLAIN));

        assertThat(value("freshet.reads", "result", "miss")).isEqualTo(1);
        assertThat(value("freshet.reads", "result", "store")).isEqualTo(1);
        assertThat(value("freshet.reads", "result", "near")).isEqualTo(1);
        assertThat(value("freshet.reads", "result", "stale")).isEqualTo(1);
        assertThat(value("freshet.leases", "outcome", "lead")).isZero();
    }

    @Test
    void get_withLease_countsWhoLeadsFollowsAndCollapses() {
        Lookup.Miss leader = (Lookup.Miss) Futures.await(gateway.get(KEY, LEASE));
        Futures.await(gateway.get(KEY, LEASE));
        Future<Lookup> waits = gateway.get(KEY, new Ask(List.of(), true, 5_000, false));
        Futures.until(() -> value("freshet.lease.waiters") == 1);
        assertThat(leader.turn().orElseThrow()).isInstanceOf(Turn.Lead.class);
        put(1);

        assertThat(Futures.await(waits)).isInstanceOf(Lookup.Fresh.class);
        assertThat(value("freshet.leases", "outcome", "lead")).isEqualTo(1);
        assertThat(value("freshet.leases", "outcome", "follow")).isEqualTo(1);
        assertThat(value("freshet.leases", "outcome", "collapsed")).isEqualTo(1);
        assertThat(value("freshet.lease.waiters")).isZero();
    }

    @Test
    void put_eachResult_isCountedOnce() {
        put(2);
        put(1);
        Futures.await(gateway.put(KEY, draft(3, Optional.of("no.lease"))));

        assertThat(value("freshet.writes", "result", "stored")).isEqualTo(1);
        assertThat(value("freshet.writes", "result", "older")).isEqualTo(1);
        assertThat(value("freshet.writes", "result", "lease_lost")).isEqualTo(1);
    }

    @Test
    void delete_onlyWhatWasThere_isCounted() {
        Futures.await(gateway.delete(KEY));
        put(1);
        Futures.await(gateway.delete(KEY));

        assertThat(value("freshet.removals")).isEqualTo(1);
    }

    @Test
    void invalidate_eachMode_isCountedAndTimed() {
        Futures.await(gateway.invalidate("app", new Wish(List.of(new Tag("tag")), new Mode.Hard(), 0, Wish.WAIT)));
        Futures.await(gateway.invalidate("app", new Wish(List.of(new Tag("tag")), new Mode.Soft(0), 0, 0)));

        assertThat(value("freshet.invalidations", "mode", "hard")).isEqualTo(1);
        assertThat(value("freshet.invalidations", "mode", "soft")).isEqualTo(1);
        assertThat(registry.get("freshet.invalidation.settle").timer().count()).isEqualTo(1);
    }

    @Test
    void gauges_afterARead_showTheStateOfTheParts() {
        follow();
        put(1);
        Futures.await(gateway.get(KEY, Ask.PLAIN));

        assertThat(value("freshet.near.entries")).isEqualTo(1);
        assertThat(value("freshet.near.bytes")).isPositive();
        assertThat(value("freshet.apps")).isEqualTo(1);
        assertThat(value("freshet.coherent")).isEqualTo(1);
    }

    /* Until writes are heard: before that near copies are not used, and then all are dropped once more. */
    private void follow() {
        Coherence app = invalidations.app(KEY.app());
        Futures.await(invalidations.renew(vertx, app));
        Futures.until(app::mayUseNear);
    }

    private void put(long grantMicros) {
        Futures.await(gateway.put(KEY, draft(grantMicros, Optional.empty())));
        // By now the notice of the write is heard, which would have a read that is under way not kept.
        Futures.await(gateway.subscribe(KEY.app(), Place.NONE, change -> {}))
                .end()
                .run();
    }

    private static Draft draft(long grantMicros, Optional<String> lease) {
        return new Draft(
                List.of(new Tag("tag")),
                Lifetime.UNLIMITED,
                0,
                Optional.of(new Ticket(0, grantMicros)),
                lease,
                Draft.OCTETS,
                "",
                Body.of(Buffer.buffer("value")));
    }

    private double value(String name, String... tags) {
        Meter meter = registry.get(name).tags(tags).meter();
        return meter.measure().iterator().next().getValue();
    }
}
