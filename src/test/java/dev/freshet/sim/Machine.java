package dev.freshet.sim;

import dev.freshet.loop.Clocks;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a replica runs on: its event loops, timers and clock, which goes a little wrong. Timers stand still while it is suspended. */
final class Machine implements Clocks {
    private final World world;
    private final String name;
    private final double rate;
    private final List<Loop> loops = new ArrayList<>();
    private final Set<Long> timers = new HashSet<>();
    private final Vertx vertx = VirtualVertx.vertx(this);
    private int haltsOneIn;
    private long haltNanosMax;
    private long timer;
    private int pauses;
    private int halts;
    private boolean dead;
    private int suspends;
    private long suspendedAt;
    private long suspendedNanos;
    private long pausedUntil;

    /**
     * One whose clock has its own rate.
     *
     * @param rate of its clock: 1.01 runs fast by a hundredth
     */
    Machine(World world, String name, double rate) {
        this.world = world;
        this.name = name;
        this.rate = rate;
    }

    String name() {
        return name;
    }

    Vertx vertx() {
        return vertx;
    }

    World world() {
        return world;
    }

    /** A new event loop. */
    Loop loop(String called) {
        Loop loop = new Loop(this, world, called);
        loops.add(loop);
        return loop;
    }

    /** From now on, its threads may be halted wherever they read a clock: once in so many times, for at most so long. */
    void haltsOneIn(int times, long nanosMax) {
        haltsOneIn = times;
        haltNanosMax = nanosMax;
    }

    /*
     * A thread may be halted between any two of its instructions. What decides here is on which side
     * of a halt a clock is read, so that is where it happens: to this thread alone, as when another has
     * the core, or to the whole process.
     */
    @Override
    public long nanos() {
        Loop running = world.running();
        if (haltsOneIn > 0 && running != null && running.machine == this && world.oneIn(haltsOneIn)) {
            haltHere();
        }
        return bootNanos();
    }

    private void haltHere() {
        boolean whole = world.oneIn(3);
        long nanos = world.oneIn(2) ? world.between(1_000, World.ms(5)) : world.between(1_000, haltNanosMax);
        long from = world.now();
        if (whole) {
            pauses++;
        }
        halts++;
        world.halt(nanos);
        halts--;
        pausedUntil = world.now();
        if (whole) {
            pauses--;
            loops.forEach(Loop::wake);
        }
        world.tell(() ->
                "%s %s was halted for %.3f ms".formatted(name, whole ? "" : "thread", (world.now() - from) / 1e6));
    }

    /** The clock as it stands, for what must not be halted. */
    long bootNanos() {
        return Math.round(world.now() * rate) + 1_000_000_000L;
    }

    /** The clock that stands still while it is suspended, by which timers go. */
    long runNanos() {
        long until = suspends > 0 ? suspendedAt : world.now();
        return Math.round((until - suspendedNanos) * rate) + 1_000_000_000L;
    }

    /** Everything on it stands still for a while; its clocks run on. */
    void pause(long forNanos) {
        pauses++;
        world.in(forNanos, () -> {
            pauses--;
            pausedUntil = world.now();
            loops.forEach(Loop::wake);
        });
    }

    /** Everything on it stands still for a while, the clock of its timers too. */
    void suspend(long forNanos) {
        if (suspends++ == 0) {
            suspendedAt = world.now();
        }
        pause(forNanos);
        world.in(forNanos, () -> {
            if (--suspends == 0) {
                suspendedNanos += world.now() - suspendedAt;
            }
        });
    }

    /** Nothing more happens on it. */
    void kill() {
        dead = true;
    }

    boolean isDead() {
        return dead;
    }

    boolean isPaused() {
        return pauses > 0;
    }

    /** Whether it has run without a pause since then. */
    boolean ranSince(long nanos) {
        return !dead && pauses == 0 && halts == 0 && pausedUntil < nanos;
    }

    long setTimer(long ms, Handler<Long> handler) {
        long id = ++timer;
        timers.add(id);
        await(id, due(ms), world.running(), () -> {
            timers.remove(id);
            handler.handle(id);
        });
        return id;
    }

    long setPeriodic(long ms, Handler<Long> handler) {
        long id = ++timer;
        timers.add(id);
        again(id, ms, world.running(), handler);
        return id;
    }

    private void again(long id, long ms, Loop loop, Handler<Long> handler) {
        await(id, due(ms), loop, () -> {
            again(id, ms, loop, handler);
            handler.handle(id);
        });
    }

    private long due(long ms) {
        return runNanos() + World.ms(ms);
    }

    /* That clock may have stood still meanwhile: then the timer is not due yet. */
    private void await(long id, long dueNanos, Loop loop, Runnable work) {
        long left = (long) Math.ceil((dueNanos - runNanos()) / rate);
        world.at(world.now() + left + world.between(1_000, 100_000), loop, () -> {
            if (!timers.contains(id)) {
                return;
            }
            if (runNanos() < dueNanos) {
                await(id, dueNanos, loop, work);
            } else {
                work.run();
            }
        });
    }

    boolean cancelTimer(long id) {
        return timers.remove(id);
    }
}
