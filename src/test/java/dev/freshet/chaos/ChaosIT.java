package dev.freshet.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.Tools;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Three replicas and one Redis, each a process, while they are paused, killed, cut off and shifted in time: G1, G2, G6 and G7. */
class ChaosIT {
    private static final int FAULTS = 17;
    private static final long READS = 50_000;
    private static final Duration MOST = Duration.ofMinutes(5);

    @Test
    void answers_underFaults_keepEveryPromise() {
        long seed = Long.getLong("freshet.chaos.seed", System.nanoTime() % 1_000_000);
        Path folder = Tools.repository().resolve("target/chaos/" + seed);
        System.out.println("chaos: -Dfreshet.chaos.seed=" + seed + ", history and logs in target/chaos/" + seed);

        Verdict verdict = Run.of(folder, seed, new Run.Length(FAULTS, READS, Duration.ZERO, MOST));

        System.out.println(verdict);
        assertThat(verdict.broken()).as("seed %s: %s", seed, verdict.told()).isEmpty();
        assertThat(verdict.total("fault")).isGreaterThanOrEqualTo(FAULTS);
        assertThat(verdict.counts("fault")).hasSizeGreaterThanOrEqualTo(Fault.values().length - 1);
        assertThat(verdict.total("event")).isGreaterThanOrEqualTo(FAULTS);
        assertThat(verdict.judged()).isGreaterThanOrEqualTo(READS / 10);
        assertThat(verdict.recoveriesMs()).isNotEmpty();
    }
}
