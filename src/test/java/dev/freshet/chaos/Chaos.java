package dev.freshet.chaos;

import dev.freshet.testing.Tools;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The long run: {@code --minutes 10 --seed 7 --out FILE}. It exits with 1 if a promise was broken. */
public final class Chaos {
    private static final Set<String> OPTIONS = Set.of("--minutes", "--seed", "--out");

    private Chaos() {}

    /** Runs, and writes what was found. */
    public static void main(String[] arguments) {
        Map<String, String> options = options(arguments);
        Duration time = Duration.ofSeconds((long) (60 * Double.parseDouble(options.getOrDefault("--minutes", "10"))));
        long seed = Long.parseLong(options.getOrDefault("--seed", Long.toString(System.nanoTime() % 1_000_000)));
        Path folder = Tools.repository().resolve("target/chaos/" + seed);
        System.out.println("chaos: seed " + seed + ", " + time.toSeconds() + " s, history and logs in " + folder);

        Verdict verdict = Run.of(folder, seed, new Run.Length(0, 0, time, time.multipliedBy(2)));

        System.out.println(verdict);
        if (options.containsKey("--out")) {
            new Report(seed, time, verdict).write(Path.of(options.get("--out")));
        }
        System.exit(verdict.broken().isEmpty() ? 0 : 1);
    }

    private static Map<String, String> options(String[] arguments) {
        Map<String, String> options = new HashMap<>();
        List<String> words = List.of(arguments);
        for (int i = 0; i < words.size(); i += 2) {
            if (!OPTIONS.contains(words.get(i)) || i + 1 == words.size()) {
                throw new IllegalArgumentException("the options are --minutes N, --seed N, --out FILE, not " + words);
            }
            options.put(words.get(i), words.get(i + 1));
        }
        return options;
    }
}
