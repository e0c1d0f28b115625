package dev.freshet.gateway;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.until;

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
import dev.freshet.store.Invalidation;
import dev.freshet.store.Mode;
import dev.freshet.store.Rules;
import dev.freshet.store.Store;
import dev.freshet.store.Written;
import dev.freshet.tag.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A whole replica over a store that it shares with others in this process, and that can be held. */
final class Replica {
    static final String APP = "shop";

    /** No beat of its own accord, and no window that ends, during any test. */
    static final CoherenceConfig CALM = config(Duration.ofSeconds(60), Duration.ofSeconds(20));

    final HeldStore store;
    final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    final NearCache near = new NearCache(NearConfig.DEFAULT, Clocks.SYSTEM);
    final LeaseVerticle leases;
    final InvalidationVerticle invalidations;
    final Gateway gateway;
    final Coherence app;

    private final Vertx vertx;
    private final String deployment;
    private final String leasesDeployment;

    static CoherenceConfig config(Duration window, Duration beat) {
        return new CoherenceConfig(window, beat, Duration.ofMillis(50), Rules.Acks.EAGER, Duration.ZERO, 1, 1_000, 3);
    }

    /** One whose window ends soon after its last beat, and that serves on for so long when the store does not answer. */
    static CoherenceConfig serving(Duration outageMax) {
        return new CoherenceConfig(
                Duration.ofMillis(200),
                Duration.ofMillis(50),
                Duration.ofMillis(50),
                Rules.Acks.EAGER,
                outageMax,
                1,
                1_000,
                3);
    }

    /** Starts one, which has beaten once. */
    Replica(Vertx vertx, Store shared, String name, CoherenceConfig config) {
        this.vertx = vertx;
        store = new HeldStore(shared);
        leases = new LeaseVerticle(store, LeaseConfig.DEFAULT, name, Clocks.SYSTEM);
        invalidations = new InvalidationVerticle(store, near, leases, config, name, Clocks.SYSTEM);
        Meters meters = new Meters(registry, near, leases, invalidations);
        gateway = new Gateway(vertx, store, near, leases, invalidations, meters, config, Clocks.SYSTEM);
        leasesDeployment = await(vertx.deployVerticle(leases));
        deployment = await(vertx.deployVerticle(invalidations));
        app = invalidations.app(APP);
        until(app::mayUseNear);
        turn();
    }

    void stop() {
        if (vertx.deploymentIDs().contains(deployment)) {
            await(vertx.undeploy(deployment));
            await(vertx.undeploy(leasesDeployment));
        }
    }

    /** Returns when everything that the bus told so far has been taken in. */
    void turn() {
        await(invalidations.settled(vertx, APP, new Invalidation(app.epoch(), 0, 0, 0, Map.of(), Set.of()), Wish.WAIT));
    }

    Lookup get(Key key) {
        return await(gateway.get(key, Ask.PLAIN));
    }

    /** What a plain read finds, or "none". */
    String text(Key key) {
        return text(get(key));
    }

    static String text(Lookup found) {
        return switch (found) {
            case Lookup.Fresh fresh -> fresh.entry().body().bytes().toString();
            case Lookup.Early early -> early.entry().body().bytes().toString();
            case Lookup.Stale stale -> stale.entry().body().bytes().toString();
            case Lookup.Miss miss -> "none";
        };
    }

    /** Has a near copy, and knows that it has. */
    void warm(Key key) {
        turn();
        get(key);
        if (!(get(key) instanceof Lookup.Fresh fresh) || fresh.source() != Lookup.Source.NEAR) {
            throw new AssertionError("not near: " + key);
        }
    }

    Written put(Key key, String text, String... tags) {
        return await(gateway.put(key, draft(text, tags)));
    }

    Settled invalidate(Mode mode, String... tags) {
        return await(settling(mode, tags));
    }

    /** Invalidates, and is to be awaited. */
    Future<Settled> settling(Mode mode, String... tags) {
        return gateway.invalidate(APP, new Wish(tags(tags), mode, 0, Wish.WAIT));
    }

    /** Invalidates, and does not wait for anybody. */
    Settled begin(Mode mode, String... tags) {
        return await(gateway.invalidate(APP, new Wish(tags(tags), mode, 0, 0)));
    }

    /** The lease, which must be free. */
    Turn.Lead lead(Key key) {
        Lookup found = await(gateway.get(key, new Ask(List.of(), true, 0, false)));
        Optional<Turn> turn = found instanceof Lookup.Stale stale ? stale.turn() : ((Lookup.Miss) found).turn();
        return (Turn.Lead) turn.orElseThrow();
    }

    static Draft draft(String text, String... tags) {
        return Draft.of(Body.of(Buffer.buffer(text)), Lifetime.UNLIMITED, tags(tags));
    }

    static Draft draft(String text, Ticket ticket, String... tags) {
        Draft draft = draft(text, tags);
        return new Draft(
                draft.tags(),
                draft.lifetime(),
                0,
                Optional.of(ticket),
                Optional.empty(),
                draft.type(),
                draft.attributes(),
                draft.body());
    }

    /** Stale by its age. */
    static Draft staleDraft(String text) {
        Draft draft = draft(text);
        return new Draft(
                draft.tags(),
                new Lifetime(1_000, Lifetime.NEVER),
                60_000,
                draft.ticket(),
                draft.lease(),
                draft.type(),
                draft.attributes(),
                draft.body());
    }

    static List<Tag> tags(String... tags) {
        return List.of(tags).stream().map(Tag::new).toList();
    }
}
