package dev.freshet.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** A result in {@code bench/results}: what was asked, where and of which commit, and tables of what was found. */
final class Report {
    private static final Path RESULTS = Path.of(System.getProperty("freshet.bench.results", "bench/results"));

    private final String name;
    private final List<String> lines = new ArrayList<>();
    private final Set<Rounds<?>> counted = Collections.newSetFromMap(new IdentityHashMap<>());
    private int rounds;
    private int noisy;

    /** Begins the result of {@code bench/run name arguments}. */
    Report(String name, String question, List<String> arguments) {
        this.name = name;
        lines.add("# " + name);
        lines.add("");
        lines.add(question);
        lines.add("");
        lines.add("    bench/run "
                + String.join(" ", name, String.join(" ", arguments)).strip());
        lines.add("");
        lines.add("| date | commit | machine | Java | Redis |");
        lines.add("|---|---|---|---|---|");
        lines.add("| %s | %s | %s | %s | %s |"
                .formatted(LocalDate.now(ZoneOffset.UTC), commit(), machine(), Runtime.version(), redis()));
        lines.add("");
    }

    Report text(String text) {
        lines.add(text);
        lines.add("");
        return this;
    }

    /** Tells the versions of who asks and of the peers, as far as they are there. */
    Report versions() {
        String packages = output("dpkg-query", "-W", "wrk", "nghttp2-client", "nginx", "varnish", "webdis");
        String versions = packages.lines()
                .filter(line -> line.contains("\t"))
                .map(line -> line.replace('\t', ' '))
                .collect(Collectors.joining(", "));
        return text("Versions: " + versions + ", Node " + output("node", "--version") + ", "
                + Servers.IOREDIS.replace('@', ' ') + ".");
    }

    /** Begins a table. */
    Report table(String... heads) {
        row((Object[]) heads);
        lines.add("|---".repeat(heads.length) + "|");
        return this;
    }

    /** Adds a row. Noisy rounds are counted, once where they are in several rows. */
    Report row(Object... cells) {
        StringBuilder line = new StringBuilder("|");
        for (Object cell : cells) {
            if (cell instanceof Rounds<?> some && counted.add(some)) {
                rounds += some.all().size();
                noisy += some.noisy();
            }
            line.append(' ').append(cell).append(" |");
        }
        lines.add(line.toString());
        System.out.println(line);
        return this;
    }

    Report end() {
        lines.add("");
        return this;
    }

    /** Writes it to {@code bench/results}, or where {@code freshet.bench.results} says, in place of an older one. */
    void write() {
        text(String.format(
                Locale.ROOT,
                "Noisy are rounds in which more than %.0f %% of the machine went to others, here %d of %d.",
                100 * Machine.OTHERS_MAX,
                noisy,
                rounds));
        try {
            Files.createDirectories(RESULTS);
            Files.writeString(
                    RESULTS.resolve(name + ".md"), String.join("\n", lines).stripTrailing() + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String commit() {
        boolean changed = !output("git", "status", "--porcelain", "--", "src", "bench", ":!bench/results", "pom.xml")
                .isEmpty();
        return output("git", "rev-parse", "--short", "HEAD") + (changed ? " and changes" : "");
    }

    private static String machine() {
        int cores = Runtime.getRuntime().availableProcessors();
        return "%s, %d cores, %s"
                .formatted(first("/proc/cpuinfo", "model name"), cores, first("/proc/meminfo", "MemTotal"));
    }

    private static String redis() {
        return output("redis-server", "--version").replaceAll(".*v=([0-9.]+).*", "$1");
    }

    private static String first(String file, String field) {
        try (var fields = Files.lines(Path.of(file))) {
            return fields.filter(line -> line.startsWith(field))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("?");
        } catch (IOException e) {
            return "?";
        }
    }

    /** What a program prints, or "none" if there is no such program. */
    private static String output(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "none";
        }
    }
}
