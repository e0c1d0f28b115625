package dev.freshet.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.Tools;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Three Next.js processes in strict coherence, three replicas and one Redis, under random faults: no page that is asked for after an
 * invalidation was acknowledged shows what that had ended, and no page fails. Ten minutes with {@code
 * -Dfreshet.strict.seconds=600}; and with {@code -Dfreshet.strict.coherence=bounded} pages are found that do.
 */
class StrictIT {
    private static final int SECONDS = Integer.getInteger("freshet.strict.seconds", 20);
    private static final String COHERENCE = System.getProperty("freshet.strict.coherence", "strict");
    /** Each replica refuses what it cannot know to be fresh, for a page does not tell where it comes from. */
    private static final Map<String, String> SETTINGS = Map.of("FRESHET_OUTAGE_MAX", "0s");

    /** What a busy machine does in three times the time. */
    private static final Run.Length LENGTH =
            new Run.Length(SECONDS / 5, 10L * SECONDS, Duration.ofSeconds(SECONDS), Duration.ofSeconds(3L * SECONDS));

    @Test
    void pages_underFaults_areNeverStale() {
        long seed = Long.getLong("freshet.strict.seed", System.nanoTime() % 1_000_000);
        Path folder = Tools.repository().resolve("target/strict/" + seed);
        System.out.println("strict: -Dfreshet.strict.seed=" + seed + ", history and logs in target/strict/" + seed);
        History history = new History(folder.resolve("history"));
        int computations;
        try (history;
                Site site = new Site(folder, SETTINGS);
                Pages pages = new Pages(site, history, COHERENCE)) {
            computations = run(site, history, pages, new Random(seed));
        }

        Verdict verdict = Checker.check(history.file());
        System.out.println(verdict + "the origin was asked " + computations + " times");
        assertThat(verdict.broken()).as("seed %s: %s", seed, verdict.told()).isEmpty();
        assertThat(verdict.counts("read").keySet()).allMatch(read -> read.startsWith("200 fresh"));
        assertThat(verdict.total("fault")).isGreaterThanOrEqualTo(LENGTH.faults());
        assertThat(verdict.judged()).isGreaterThanOrEqualTo(SECONDS);
        assertThat((long) computations).isLessThan(verdict.total("read"));
    }

    /** How often the origin was asked meanwhile. */
    private static int run(Site site, History history, Pages pages, Random seeds) {
        Nemesis nemesis = new Nemesis(site, history, seeds.nextLong());
        site.replicas().forEach(replica -> site.warmUp(replica, history));
        pages.start(seeds);
        long start = history.now();
        while (LENGTH.goesOn(nemesis.faults(), pages.reads(), Duration.ofNanos(history.now() - start))) {
            nemesis.round();
        }
        return pages.computations();
    }
}
