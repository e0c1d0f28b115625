package dev.freshet.sim;

import dev.freshet.gateway.Coherence;
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
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.VerticleBase;

/** A whole replica, of the product's own classes, on a machine of its own. */
final class Replica {
    final String name;
    final Machine machine;
    final Wire wire;
    final Loop http;
    final Gateway gateway;
    private final World world;
    private final InvalidationVerticle invalidations;
    private final LeaseVerticle leases;
    private final Loop invalidating;

    /** What may differ from run to run. */
    record Setup(CoherenceConfig coherence, LeaseConfig lease, Lapses lapses) {}

    /** Starts one. */
    Replica(World world, Machine machine, Wire wire, Setup setup) {
        this.world = world;
        this.name = machine.name();
        this.machine = machine;
        this.wire = wire;
        this.http = machine.loop("http");
        Unguarded unguarded = new Unguarded(wire, machine, setup);
        Store store = unguarded.store();
        Clocks clocks = unguarded.clocks();
        NearCache near = new NearCache(NearConfig.DEFAULT, clocks);
        leases = new LeaseVerticle(store, setup.lease, name, machine);
        invalidations = new InvalidationVerticle(store, near, leases, unguarded.coherence(), name, clocks);
        unguarded.marks(() -> invalidations.app(Simulation.APP));
        Meters meters = new Meters(new SimpleMeterRegistry(), near, leases, invalidations);
        gateway =
                new Gateway(machine.vertx(), store, near, leases, invalidations, meters, unguarded.coherence(), clocks);
        Loop leasing = machine.loop("leases");
        invalidating = machine.loop("invalidations");
        leasing.run(() -> deploy(leases, leasing));
        invalidating.run(() -> {
            deploy(invalidations, invalidating);
            invalidations.app(Simulation.APP);
        });
    }

    private static void deploy(VerticleBase verticle, Loop loop) {
        try {
            verticle.deploy(loop.context);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    boolean isAlive() {
        return !machine.isDead();
    }

    /** What it knows; to be asked of a living one. */
    Coherence coherence() {
        return invalidations.app(Simulation.APP);
    }

    /** Ends it in order. */
    void stop() {
        world.at(world.now(), invalidating, () -> {
            try {
                invalidations.undeploy(invalidating.context).onComplete(done -> kill());
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    void kill() {
        machine.kill();
        wire.node(null);
    }
}
