package dev.freshet.sim;

import java.util.List;
import java.util.function.IntFunction;

/** What goes wrong in a run, and when nothing does. */
final class Faults {
    private final World world;
    private final Site site;
    private final List<Replica> replicas;
    private final IntFunction<Replica> starts;
    private final Simulation.Times times;

    /** When the last fault of all, or of a replica alone, is over. */
    private long overAt;

    private int started;
    private long count;

    Faults(World world, Site site, List<Replica> replicas, IntFunction<Replica> starts, Simulation.Times times) {
        this.world = world;
        this.site = site;
        this.replicas = replicas;
        this.starts = starts;
        this.times = times;
        this.started = replicas.size();
    }

    /** Begins, and lets nothing begin after a time. */
    void start(long untilNanos, long overNanos) {
        long gap = World.ms(150 + world.below(1_500));
        next(gap, untilNanos, overNanos);
    }

    private void next(long gap, long untilNanos, long overNanos) {
        world.in(world.between(0, 2 * gap), () -> {
            if (world.now() < untilNanos) {
                strike(overNanos);
                next(gap, untilNanos, overNanos);
            }
        });
    }

    /** How many there were. */
    long count() {
        return count;
    }

    /** Whether nothing was wrong with anything since then, as far as this replica can tell. */
    boolean calmSince(Replica replica, long nanos) {
        return overAt < nanos
                && replica.machine.ranSince(nanos)
                && replica.wire.network.unreliableUntil < nanos
                && replica.wire.acceptedSince(nanos)
                && site.lossAt() < nanos;
    }

    /** Whether what is overwritten must be known since then: beats are answered, and the bus loses nothing unnoticed. */
    boolean echoesSince(Replica replica, long nanos) {
        return replica.wire.network.unreliableUntil == Long.MIN_VALUE
                && replica.machine.ranSince(nanos)
                && site.lossAt() < nanos
                && replica.wire.answersSince(nanos);
    }

    /** Something failed: it may, while something is wrong. */
    void failed(Replica replica, long since, String what, Throwable cause) {
        if (world.now() > times.coherentAt() && calmSince(replica, since)) {
            world.violation("recovery: %s of %s fails though nothing is wrong: %s"
                    .formatted(what, replica.name, cause.getMessage()));
        }
    }

    private void strike(long overNanos) {
        List<Replica> living = replicas.stream().filter(Replica::isAlive).toList();
        if (living.isEmpty()) {
            return;
        }
        Replica one = world.any(living);
        long left = overNanos - world.now();
        long lasts =
                Math.min(left, world.oneIn(3) ? world.betweenMs(5, 200) : world.betweenMs(5, 3 * times.windowMs()));
        int kind = world.below(times.failovers() ? 20 : 13);
        if (kind < 13) {
            overAt = Math.max(overAt, world.now() + lasts + World.ms(400));
        } else {
            overAt = Math.max(overAt, Math.min(overNanos, world.now() + World.ms(2_500)));
        }
        count++;
        switch (kind) {
            case 0, 1 -> pause(one, lasts);
            case 2, 3 -> suspend(one, lasts);
            case 4 -> end(one, left);
            case 5, 6 -> cut(one, lasts);
            case 7 -> busCut(one, lasts);
            case 8 -> {
                world.tell(() -> one.name + ": its bus is deaf");
                one.wire.bus().deafen();
            }
            case 9 -> {
                world.tell(() -> one.name + ": its bus breaks");
                one.wire.bus().broken();
            }
            case 10 -> refuse(one, lasts);
            case 11 -> slow(one, lasts);
            case 12 -> {
                long nanos = Math.min(lasts, World.ms(500));
                world.tell(() -> "Redis stands still for %.3f ms".formatted(nanos / 1e6));
                site.stall(nanos);
            }
            case 13, 14, 15 -> failover(left);
            case 16 -> restart();
            case 17 -> split(left);
            default -> site.lose(Simulation.APP);
        }
    }

    private void pause(Replica one, long lasts) {
        world.tell(() -> "%s is paused for %.3f ms".formatted(one.name, lasts / 1e6));
        one.machine.pause(lasts);
    }

    private void suspend(Replica one, long lasts) {
        world.tell(() -> "%s is suspended for %.3f ms".formatted(one.name, lasts / 1e6));
        one.machine.suspend(lasts);
    }

    private void end(Replica one, long left) {
        if (world.oneIn(2)) {
            world.tell(() -> one.name + " is killed");
            one.kill();
        } else {
            world.tell(() -> one.name + " is stopped");
            one.stop();
        }
        world.in(Math.min(left, world.betweenMs(20, 600)), () -> {
            replicas.remove(one);
            one.kill();
            replicas.add(starts.apply(started++));
        });
    }

    private void cut(Replica one, long lasts) {
        world.tell(() -> "%s is cut off for %.3f ms".formatted(one.name, lasts / 1e6));
        one.wire.cut();
        one.wire.bus().deafen();
        world.in(lasts, () -> {
            one.wire.mend();
            if (world.oneIn(2)) {
                one.wire.bus().broken();
            }
        });
    }

    private void busCut(Replica one, long lasts) {
        world.tell(() -> "%s hears nothing for %.3f ms".formatted(one.name, lasts / 1e6));
        one.wire.network.busCut = true;
        one.wire.bus().deafen();
        world.in(lasts, () -> one.wire.network.busCut = false);
    }

    private void refuse(Replica one, long lasts) {
        world.tell(() -> "%s is refused for %.3f ms".formatted(one.name, lasts / 1e6));
        one.wire.network.refused = true;
        one.wire.bus().broken();
        one.wire.troubled(lasts);
        world.in(lasts, () -> one.wire.network.refused = false);
    }

    private void slow(Replica one, long lasts) {
        world.tell(() -> "%s is slow for %.3f ms".formatted(one.name, lasts / 1e6));
        one.wire.network.slowNanos = world.betweenMs(5, 250);
        one.wire.troubled(lasts + World.ms(500));
        world.in(lasts, () -> one.wire.network.slowNanos = 0);
    }

    /* Often just before the newest invalidation: that is what may be lost. */
    private int tail() {
        RedisNode master = site.master();
        return switch (world.below(4)) {
            case 0 -> master.steps();
            case 1 -> master.steps() - world.below(Math.min(8, master.steps() + 1));
            default -> master.stepsBy(master.nowMicros() - world.betweenMs(1, 400) / 1_000);
        };
    }

    private double skewMs() {
        return world.oneIn(2) ? 0 : world.below(6_000) - 3_000;
    }

    private void failover(long left) {
        if (site.isUp(site.master())) {
            site.failover(Math.max(0, tail()), skewMs(), Math.min(left, world.betweenMs(1, 700)));
        }
    }

    private void restart() {
        if (!site.isUp(site.master())) {
            return;
        }
        int steps = switch (world.below(3)) {
            case 0 -> 0;
            case 1 -> world.below(site.master().steps() + 1);
            default -> site.master().steps();
        };
        site.failover(steps, site.skewMs(), world.betweenMs(10, 300));
    }

    private void split(long left) {
        if (site.isUp(site.master())) {
            site.split(times.lagMs(), skewMs(), world.betweenMs(0, 300), Math.min(left, world.betweenMs(1, 1_500)));
        }
    }

    /** From now on nothing goes wrong any more. */
    void end() {
        replicas.forEach(one -> {
            one.machine.haltsOneIn(0, 0);
            one.wire.network.busCut = false;
            one.wire.network.refused = false;
            one.wire.network.slowNanos = 0;
            one.wire.network.refusedOneIn = 0;
            one.wire.network.reliable(world.now() + World.ms(400));
            if (one.wire.network.cut) {
                one.wire.mend();
            }
        });
    }
}
