package dev.freshet.sim;

import dev.freshet.store.Rules;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Where Redis runs: the master, its standby, and what becomes of both. */
final class Site {
    private static final long BASE_MICROS = 1_750_000_000_000_000L;

    private final World world;
    private final Set<RedisNode> up = new HashSet<>();
    private final List<Wire> wires = new ArrayList<>();
    private final List<Double> skews = new ArrayList<>();
    private final double rate;
    private int nodes;
    private RedisNode master;

    /** Run whenever something that was held may be gone. */
    Runnable onLoss = () -> {};

    /** Until when masters that are cut off from their standbys take writes. */
    private final Map<RedisNode, Long> writesUntil = new HashMap<>();

    private long stalledUntil;
    private int failovers;
    private long lossAt = Long.MIN_VALUE;

    /**
     * One with an empty master.
     *
     * @param rate of the clocks of its machines
     * @param page the tags after which a beat's answer ends
     */
    Site(World world, Rules rules, Lapses lapses, double rate, int page) {
        this.world = world;
        this.rate = rate;
        this.master = new RedisNode(rules, lapses, id(), page, () -> micros(0));
        skews.add(0.0);
        up.add(master);
    }

    private long micros(double skewMs) {
        return BASE_MICROS + Math.round(world.now() / 1_000.0 * rate + skewMs * 1_000);
    }

    private String id() {
        return Integer.toHexString(0x1000_0000 + 0x1111 * ++nodes);
    }

    RedisNode master() {
        return master;
    }

    /** How often a history ended. */
    int failovers() {
        return failovers;
    }

    /** When it last lost what it held. */
    long lossAt() {
        return lossAt;
    }

    /** What the clock of whichever master has been there says, that of the slowest. */
    long slowestMs() {
        return micros(skews.stream().mapToDouble(Double::doubleValue).min().orElse(0)) / 1_000;
    }

    void join(Wire wire) {
        wires.add(wire);
        world.in(0, () -> wire.node(master));
    }

    boolean isUp(RedisNode node) {
        return up.contains(node);
    }

    /** How long whoever comes now has to wait. */
    long stallNanos() {
        return Math.max(0, stalledUntil - world.now());
    }

    /** Redis stands still for a while. */
    void stall(long forNanos) {
        stalledUntil = world.now() + forNanos;
    }

    /** Whether a master has been without its standby for too long. */
    boolean refusesWrites(RedisNode node) {
        return world.now() >= writesUntil.getOrDefault(node, Long.MAX_VALUE);
    }

    /** By how much the master's clock is wrong. */
    double skewMs() {
        return skews.getLast();
    }

    /** The master dies, and another with the first of its steps takes its place. */
    void failover(int steps, double skewMs, long downNanos) {
        world.tell(() -> "the master dies with %d steps, of which %d survive".formatted(master.steps(), steps));
        RedisNode next = succeed(steps, skewMs);
        up.remove(master);
        wires.forEach(wire -> wire.node(null));
        promote(next, downNanos);
    }

    private RedisNode succeed(int steps, double skewMs) {
        lost();
        double skew = skewMs;
        skews.add(skew);
        return master.prefix(steps, id(), () -> micros(skew));
    }

    private void promote(RedisNode next, long afterNanos) {
        master = next;
        world.in(afterNanos, () -> {
            world.tell(() -> "master " + next.master() + " is there");
            lossAt = world.now();
            up.add(next);
            wires.forEach(wire -> move(wire, next));
        });
    }

    private void move(Wire wire, RedisNode next) {
        long after = world.oneIn(3) ? world.between(0, World.ms(5)) : world.betweenMs(0, 400);
        world.in(after, () -> {
            if (master.equals(next)) {
                to(wire, next);
            }
        });
    }

    private void to(Wire wire, RedisNode next) {
        wire.node(isUp(next) ? next : null);
        lossAt = world.now();
    }

    /**
     * The master is cut off from its standby, which takes its place while it lives on with some replicas.
     *
     * @param lagMs how long the old master takes writes without its standby, at most
     */
    void split(long lagMs, double skewMs, long promotedAfterNanos, long movedAfterNanos) {
        RedisNode old = master;
        RedisNode next = succeed(master.steps(), skewMs);
        writesUntil.put(old, world.now() + World.ms(lagMs));
        world.tell(() -> "master %s is cut off from its standby".formatted(old.master()));
        master = next;
        world.in(Math.max(World.ms(lagMs), promotedAfterNanos), () -> {
            world.tell(() -> "master " + next.master() + " is there, the other lives on");
            up.add(next);
            wires.forEach(wire -> {
                world.in(world.oneIn(2) ? 0 : world.between(0, movedAfterNanos), () -> to(wire, master));
            });
            world.in(movedAfterNanos, () -> {
                lossAt = world.now();
                up.remove(old);
            });
        });
    }

    private void lost() {
        failovers++;
        lossAt = world.now();
        onLoss.run();
    }

    /** The keys of a server, or one of an app's control keys, are gone. */
    void lose(String app) {
        lost();
        int which = world.below(10);
        world.tell(() -> which < 5
                ? "FLUSHALL"
                : "evicted: "
                        + List.of("clock", "tags", "marks", "live", "acks").get(which - 5));
        master.apply(held -> {
            RedisState.Control control = held.of(app);
            switch (which) {
                case 5 -> control.clock = null;
                case 6 -> {
                    control.tags.clear();
                    control.tagsThere = false;
                }
                case 7 -> {
                    control.marks.clear();
                    control.marksOf = null;
                }
                case 8 -> {
                    control.live.clear();
                    control.liveThere = false;
                }
                case 9 -> {
                    control.acks.clear();
                    control.acksThere = false;
                }
                default -> held.clear();
            }
        });
        master.step();
    }
}
