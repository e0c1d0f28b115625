package dev.freshet.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.freshet.testing.Tools;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SystemClocksTest {
    /** How long the machine of {@link #nanos_machineWasSuspended_countsThat} was suspended before, as its kernel tells it. */
    private static final long SUSPENDED_S = 1_000_000;

    @Test
    void nanos_asTimePasses_rises() {
        long first = Clocks.SYSTEM.nanos();
        long then = Clocks.SYSTEM.nanos();

        assertThat(then).isGreaterThanOrEqualTo(first);
        assertThat(Clocks.SYSTEM.nanos() - first).isLessThan(TimeUnit.MINUTES.toNanos(1));
    }

    /** R10: the kernel gives a process another CLOCK_BOOTTIME than CLOCK_MONOTONIC, as if the machine had been suspended. */
    @Test
    void nanos_machineWasSuspended_countsThat() throws IOException, InterruptedException {
        assumeTrue(Files.exists(Path.of("/proc/self/timens_offsets")), "this kernel has no time namespaces");
        List<String> inItsTime = List.of(Tools.require("unshare").toString(), "--time", "--boottime", "" + SUSPENDED_S);
        assumeTrue(run(inItsTime, "true").code == 0, "this process may make no time namespace");

        Ended ended = run(
                inItsTime,
                Tools.java().toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Ahead.class.getName());

        assertThat(ended.code).as(ended.said).isZero();
        assertThat(Double.parseDouble(ended.said.strip())).isCloseTo(SUSPENDED_S, within(60.0));
    }

    private record Ended(int code, String said) {}

    private static Ended run(List<String> within, String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(within));
        builder.command().addAll(List.of(command));
        Process process = builder.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), said);
    }

    /** Says by how many seconds more than the clock that stands still this process's clock has counted. */
    static final class Ahead {
        private Ahead() {}

        public static void main(String[] arguments) {
            System.out.println((Clocks.SYSTEM.nanos() - System.nanoTime()) / 1e9);
        }
    }
}
