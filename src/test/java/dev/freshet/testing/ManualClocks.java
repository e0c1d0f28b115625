package dev.freshet.testing;

import dev.freshet.loop.Clocks;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that moves when it is told to. */
public final class ManualClocks implements Clocks {
    private final AtomicLong nanos = new AtomicLong(1_000_000_000);

    @Override
    public long nanos() {
        return nanos.get();
    }

    /** Time passes. */
    public void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }
}
