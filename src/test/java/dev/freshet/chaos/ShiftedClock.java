package dev.freshet.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The wall clock of one replica, which libfaketime shifts as a file says. Its monotonic clock stays as it is. */
final class ShiftedClock implements AutoCloseable {
    /*
     * The rate is made of steps, since libfaketime's own rates also stretch the timed waits of a JVM,
     * which are by the monotonic clock, and stretch them into years.
     */

    /** The replica whose clock it is. */
    static final int REPLICA = 2;

    private static final double FIRST_SECONDS = -7;
    private static final long STEP_MS = 100;

    private final Path library;
    private final Path file;
    private final ScheduledExecutorService steps = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("clock").factory());
    private double offsetSeconds = FIRST_SECONDS;
    private double rate;

    private ShiftedClock(Path library, Path file) {
        this.library = library;
        this.file = file;
        write();
        steps.scheduleAtFixedRate(this::step, STEP_MS, STEP_MS, TimeUnit.MILLISECONDS);
    }

    /** One that is told by a file, if this machine has libfaketime; which it must have where {@code CI=true}. */
    static Optional<ShiftedClock> at(Path file) {
        Optional<Path> library = Stream.of("x86_64-linux-gnu", "aarch64-linux-gnu", ".")
                .map(machine -> Path.of("/usr/lib", machine, "faketime", "libfaketimeMT.so.1")
                        .normalize())
                .filter(Files::exists)
                .findFirst();
        if (library.isEmpty() && "true".equals(System.getenv("CI"))) {
            throw new IllegalStateException("libfaketime is not installed, and CI=true");
        }
        if (library.isEmpty()) {
            System.err.println("Left out: no clock is shifted, for libfaketime is not installed");
        }
        return library.map(found -> new ShiftedClock(found, file));
    }

    /** What a process is started with that lives by this clock. */
    Map<String, String> environment() {
        return Map.of(
                "LD_PRELOAD", library.toString(),
                "FAKETIME_TIMESTAMP_FILE", file.toString(),
                "FAKETIME_CACHE_DURATION", "1",
                "FAKETIME_DONT_FAKE_MONOTONIC", "1",
                "DONT_FAKE_MONOTONIC", "1",
                // Else each timed wait by the monotonic clock would end at once.
                "FAKETIME_FORCE_MONOTONIC_FIX", "0");
    }

    /** Sets it this far from the machine's. */
    synchronized void jump(double seconds) {
        offsetSeconds = seconds;
        write();
    }

    /** Has it run faster or slower by {@code perSecond} seconds a second, from now on. */
    synchronized void drift(double perSecond) {
        rate = perSecond;
    }

    private synchronized void step() {
        if (rate != 0) {
            offsetSeconds += rate * STEP_MS / 1_000;
            write();
        }
    }

    /* At once, so that nobody reads half of it. */
    private void write() {
        try {
            Path next = file.resolveSibling(file.getFileName() + ".next");
            Files.writeString(next, String.format(Locale.ROOT, "%+.3fs%n", offsetSeconds));
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        steps.shutdownNow();
    }
}
