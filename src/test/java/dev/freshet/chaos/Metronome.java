package dev.freshet.chaos;

import dev.freshet.chaos.Operation.Kind;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Notes when a thread does not get to run: what a busy machine does to the clients it does to the replicas too. */
final class Metronome implements AutoCloseable {
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long STALL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final History history;
    private volatile boolean over;

    /** Begins to tick. */
    Metronome(History history) {
        this.history = history;
        Thread.ofPlatform().name("metronome").daemon().start(this::tick);
    }

    private void tick() {
        long last = history.now();
        while (!over) {
            LockSupport.parkNanos(TICK_NANOS);
            long now = history.now();
            if (now - last > TICK_NANOS + STALL_NANOS) {
                history.add(new Operation(Kind.STALL, last + TICK_NANOS, now, "", "", "", 0, 0, 0, ""));
            }
            last = now;
        }
    }

    @Override
    public void close() {
        over = true;
    }
}
