package dev.freshet.sim;

import io.vertx.core.Context;
import java.util.ArrayDeque;
import java.util.Deque;

/** An event loop of a machine: one handler after the other, none while the machine stands still. */
final class Loop {
    final Machine machine;
    final Context context;
    private final World world;
    private final String name;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private boolean busy;
    private long lastAt;

    Loop(Machine machine, World world, String name) {
        this.machine = machine;
        this.world = world;
        this.name = name;
        this.context = VirtualVertx.context(this);
    }

    /** Runs this after whatever it was given to run before. */
    void run(Runnable work) {
        long hop = world.running() == this ? 0 : world.between(500, world.oneIn(50) ? 400_000 : 20_000);
        lastAt = Math.max(lastAt, world.now() + hop);
        world.at(lastAt, this, work);
    }

    /** Runs this now, or when the loop can. */
    void take(Runnable work) {
        if (machine.isDead()) {
            return;
        }
        if (busy || machine.isPaused() || !waiting.isEmpty()) {
            waiting.add(work);
            return;
        }
        enter(work);
    }

    private void enter(Runnable work) {
        busy = true;
        world.running(this);
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            throw new IllegalStateException(name + " of " + machine.name() + " failed", e);
        } finally {
            world.running(null);
            busy = false;
        }
        wake();
    }

    /** Goes on with what waited, one after the other. */
    void wake() {
        if (!waiting.isEmpty() && !busy && !machine.isPaused()) {
            world.at(world.now(), this::next);
        }
    }

    private void next() {
        if (machine.isDead() || busy || machine.isPaused() || waiting.isEmpty()) {
            return;
        }
        enter(waiting.poll());
    }
}
