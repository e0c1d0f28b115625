package dev.freshet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sim.Simulation.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Without a guard its promise is broken, and the checker sees it. {@code -Dfreshet.sim.ablation=N} makes N runs without each guard and writes
 * the table.
 */
@ExtendWith(Quietly.class)
class AblationTest {
    /** Among so many runs one must break the promise. */
    private static final int RUNS_MAX = 1_500;

    private static final int BATCH = 32;

    @ParameterizedTest
    @EnumSource
    void guard_switchedOff_breaksItsPromise(Guard guard) {
        boolean seen = false;
        for (int from = 0; from < RUNS_MAX && !seen; from += BATCH) {
            seen = runs(guard, from, BATCH).stream().anyMatch(outcome -> breaks(outcome, guard));
        }

        assertThat(seen)
                .as("%s is broken within %d runs", guard.promise(), RUNS_MAX)
                .isTrue();
    }

    private static List<Outcome> runs(Guard guard, int from, int count) {
        return LongStream.range(from, from + count)
                .parallel()
                .mapToObj(seed -> Simulation.run(seed, Lapses.of(guard), false))
                .toList();
    }

    private static boolean breaks(Outcome outcome, Guard guard) {
        return outcome.violations().stream().anyMatch(what -> what.startsWith(guard.promise() + ":"));
    }

    @Test
    @EnabledIfSystemProperty(named = "freshet.sim.ablation", matches = "[0-9]+")
    void table() throws IOException {
        int runs = Integer.getInteger("freshet.sim.ablation");
        List<String> lines = new ArrayList<>(List.of(
                "# ablation",
                "",
                "What does each guard of coherence keep? Runs of the simulator without it, and in how many of them its promise was broken. A run ends with its first violation.",
                "",
                "    ./mvnw test -Dtest=AblationTest -Dfreshet.sim.ablation=" + runs,
                "",
                "| without | runs | reads | acknowledgements | failovers | runs that broke its promise | that broke another |",
                "|---|---|---|---|---|---|---|"));
        lines.add(row("nothing: all guards", "", all(runs)));
        for (Guard guard : Guard.values()) {
            lines.add(row(
                    guard.name().toLowerCase(Locale.ROOT).replace('_', ' '), guard.promise(), runs(guard, 0, runs)));
        }
        lines.forEach(System.out::println);
        Path folder = Files.createDirectories(Path.of("bench/results"));
        Files.write(folder.resolve("ablation-" + LocalDate.now(ZoneOffset.UTC) + ".md"), lines);
    }

    private static List<Outcome> all(int runs) {
        return LongStream.range(0, runs)
                .parallel()
                .mapToObj(seed -> Simulation.run(seed, Lapses.NONE, false))
                .toList();
    }

    private static String row(String without, String promise, List<Outcome> outcomes) {
        Totals totals = Totals.of(outcomes);
        long own = outcomes.stream()
                .filter(outcome -> outcome.violations().stream().anyMatch(what -> what.startsWith(promise + ":")))
                .count();
        return "| %s | %,d | %,d | %,d | %,d | %s | %,d |"
                .formatted(
                        without,
                        totals.runs(),
                        totals.reads(),
                        totals.acks(),
                        totals.failovers(),
                        promise.isEmpty() ? "" : "%,d (%s)".formatted(own, promise),
                        totals.broken() - own);
    }
}
