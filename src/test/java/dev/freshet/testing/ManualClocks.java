package dev.freshet.testing;

import dev.freshet.loop.Clocks;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** Clocks that move when they are told to. */
public final class ManualClocks implements Clocks {
    private final AtomicLong nanos = new AtomicLong(1_000_000_000);
    private final AtomicLong wallMs = new AtomicLong(1_795_377_977_842L);

    @Override
    public long nanos() {
        return nanos.get();
    }

    @Override
    public long wallMs() {
        return wallMs.get();
    }

    /** Time passes, for both. */
    public void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
        wallMs.addAndGet(time.toMillis());
    }

    /** The machine is suspended: the wall clock goes on alone. */
    public void suspend(Duration time) {
        wallMs.addAndGet(time.toMillis());
    }
}
