package dev.freshet.sim;

import dev.freshet.entry.Key;
import dev.freshet.gateway.CoherenceConfig;
import dev.freshet.lease.LeaseConfig;
import dev.freshet.store.Rules;
import dev.freshet.tag.Tag;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** One run: everything that is by chance comes from its seed. */
final class Simulation {
    static final String APP = "shop";

    static final List<Tag> TAGS =
            IntStream.range(0, 5).mapToObj(i -> new Tag("t" + i)).toList();

    static final List<Key> KEYS =
            IntStream.range(0, 6).mapToObj(i -> Key.of(APP, "v1", "k" + i)).toList();

    private static final List<List<Tag>> TAGS_OF_KEYS = IntStream.range(0, KEYS.size())
            .mapToObj(i -> i % 2 == 0
                    ? List.of(TAGS.get(i % TAGS.size()))
                    : List.of(TAGS.get(i % TAGS.size()), TAGS.get((i + 2) % TAGS.size())))
            .toList();

    /** What the clock of a replica may be wrong by when it weighs a deadline: a hundredth each way, since the last beat. */
    private static final long DEADLINE_SLACK_MS = 22;

    /** The longest lease of any run. */
    static final long LEASE_MS_MAX = 650;

    /** How long faults go on. */
    private static final long CHAOS_MS = 4_000;

    private static final long REST_MS = 900;

    /** The rates of clocks that a fleet is made for: a hundredth each way. */
    private static final double SLOW = 0.99;

    private static final double FAST = 1.01;

    /** The times of a run. */
    record Times(long windowMs, long beatMs, long marginMs, long lagMs, boolean failovers, long believedMs) {
        /** When every replica must be coherent again. */
        long coherentAt() {
            return World.ms(CHAOS_MS + 2 * windowMs);
        }
    }

    /** What a run came to. */
    record Outcome(
            long seed,
            List<String> violations,
            List<String> history,
            long reads,
            long nearReads,
            long outageReads,
            long acks,
            long waits,
            long faults,
            long failovers) {}

    private final long seed;
    private final World world;
    private final Lapses lapses;
    private final List<Replica> replicas = new ArrayList<>();
    private final List<Listener> listeners = new ArrayList<>();

    private Simulation(long seed, Lapses lapses, boolean tells) {
        this.seed = seed;
        this.lapses = lapses;
        this.world = new World(seed, tells);
    }

    static List<Tag> tagsOf(Key key) {
        return TAGS_OF_KEYS.get(KEYS.indexOf(key));
    }

    /**
     * Runs one.
     *
     * @param tells whether anybody will read its history
     */
    static Outcome run(long seed, Lapses lapses, boolean tells) {
        return new Simulation(seed, lapses, tells).run();
    }

    private Outcome run() {
        long windowMs = world.any(List.of(400L, 600L, 1_000L));
        boolean failovers = !world.oneIn(4);
        long lagMs = world.oneIn(2) ? 0 : 200;
        long marginMs = 50 + lagMs;
        Rules.Acks acks = switch (world.below(8)) {
            case 0 -> Rules.Acks.BEAT;
            case 1 -> Rules.Acks.WINDOW;
            default -> Rules.Acks.EAGER;
        };
        long outageMs = world.oneIn(3) ? 500 + world.below(1_500) : 0;
        Rules rules = new Rules(windowMs, marginMs, world.oneIn(4) ? 3 : 1_000, acks, outageMs);
        long believedMs = (rules.windowEndMicros(0) + 999) / 1_000;
        Times times = new Times(windowMs, windowMs / 4, marginMs, lagMs, failovers, believedMs);
        CoherenceConfig config = new CoherenceConfig(
                Duration.ofMillis(windowMs),
                Duration.ofMillis(windowMs / 4),
                Duration.ofMillis(marginMs),
                acks,
                Duration.ofMillis(outageMs),
                0,
                1_000,
                1);
        Site site = new Site(
                world, rules, lapses, lapses.has(Guard.CLOCK_MARGIN) ? FAST : rate(), world.oneIn(3) ? 2 : 100);
        Ledger ledger = new Ledger(world, site, DEADLINE_SLACK_MS, World.ms(rules.servedMsMax()));
        ledger.watch(site.master());
        site.onLoss = ledger::lost;
        Replica.Setup setup = new Replica.Setup(
                config,
                new LeaseConfig(150 + world.below((int) LEASE_MS_MAX - 150), 1_000, 1_000, world.oneIn(4) ? 2 : 1_000),
                lapses);
        int count = 2 + world.below(3);
        int haltsOneIn = world.oneIn(3) ? 0 : 400;
        boolean stress = world.oneIn(3);
        for (int i = 0; i < count; i++) {
            replicas.add(start(i, site, setup, haltsOneIn, stress, windowMs));
        }
        Faults faults =
                new Faults(world, site, replicas, i -> start(i, site, setup, haltsOneIn, stress, windowMs), times);
        Clients clients = new Clients(world, site, ledger, faults, replicas, times);
        clients.start(times.coherentAt() + World.ms(REST_MS / 2));
        faults.start(World.ms(CHAOS_MS) - 1, World.ms(CHAOS_MS) - 1);

        world.run(World.ms(CHAOS_MS));
        faults.end();
        world.run(times.coherentAt());
        if (world.violations().isEmpty()) {
            replicas.forEach(this::coherentAgain);
            clients.finish();
        }
        world.run(times.coherentAt() + World.ms(REST_MS));
        if (world.violations().isEmpty()) {
            listeners.forEach(listener -> listener.check(ledger));
        }
        return new Outcome(
                seed,
                world.violations(),
                world.history(),
                ledger.reads,
                ledger.nearReads,
                ledger.outages,
                ledger.acks,
                ledger.waits,
                faults.count(),
                site.failovers());
    }

    private double rate() {
        return world.any(List.of(SLOW, 1.0, FAST));
    }

    private Replica start(int number, Site site, Replica.Setup setup, int haltsOneIn, boolean stress, long windowMs) {
        String name = "r" + number;
        world.tell(() -> name + " is started");
        Machine machine = new Machine(world, name, lapses.has(Guard.CLOCK_MARGIN) ? SLOW : rate());
        Wire wire = new Wire(world, machine, site, name);
        if (stress) {
            wire.network.unreliable(12, 12, 8);
        }
        Replica replica = new Replica(world, machine, wire, setup);
        machine.haltsOneIn(haltsOneIn, World.ms(2 * windowMs));
        Listener listener = new Listener(world, replica);
        listeners.add(listener);
        world.in(world.betweenMs(1, 200), listener::subscribe);
        return replica;
    }

    private void coherentAgain(Replica replica) {
        if (replica.isAlive() && !replica.coherence().mayUseNear()) {
            world.violation("recovery: %s is not coherent two windows after the last fault".formatted(replica.name));
        }
    }
}
