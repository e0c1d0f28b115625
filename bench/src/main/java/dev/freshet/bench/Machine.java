package dev.freshet.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What this machine's processors work for: this bench, with all that it starts, or others. */
final class Machine {
    /*
     * Interrupts are left out: the kernel counts the network's apart from the process that causes them, and those of a load on
     * loopback are this bench's own. Time that the hypervisor gives to others counts as others'.
     */

    /** More than that share of the machine to others, and a round is noisy. */
    static final double OTHERS_MAX = 0.1;

    private static final double TICKS_PER_S = 100;

    private final double othersSeconds = othersSeconds();
    private final long nanos = System.nanoTime();

    private Machine() {}

    /** As it is now. */
    static Machine now() {
        return new Machine();
    }

    /** The share of its processors' time that others have taken since. */
    double othersShare() {
        double seconds =
                (System.nanoTime() - nanos) / 1e9 * Runtime.getRuntime().availableProcessors();
        return (othersSeconds() - othersSeconds) / seconds;
    }

    /** Whether that is too much. */
    boolean isNoisy() {
        return othersShare() > OTHERS_MAX;
    }

    /** The processor time of processes, and of those of their children that have ended, in s. */
    static double cpuSeconds(Stream<ProcessHandle> processes) {
        return processes.mapToLong(each -> ticks(each.pid())).sum() / TICKS_PER_S;
    }

    private static long ticks(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return Stream.of(fields)
                    .skip(11)
                    .limit(4)
                    .mapToLong(Long::parseLong)
                    .sum();
        } catch (NoSuchFileException ended) {
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static double othersSeconds() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/stat"))) {
            String[] ticks = lines.findFirst().orElseThrow().split(" +", -1);
            long busy = Stream.of(1, 2, 3, 8)
                    .mapToLong(field -> Long.parseLong(ticks[field]))
                    .sum();
            ProcessHandle self = ProcessHandle.current();
            return busy / TICKS_PER_S - cpuSeconds(Stream.concat(Stream.of(self), self.descendants()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
