package dev.freshet.chaos;

import dev.freshet.chaos.Verdict.Broken;
import dev.freshet.testing.Tools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A run's figures as a page of {@code bench/results}. */
record Report(long seed, Duration time, Verdict verdict) {

    void write(Path file) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, String.join("\n", lines()) + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("# Three replicas and one Redis under random faults");
        lines.add("");
        lines.add("`bench/chaos --minutes " + minutes() + " --seed " + seed + "`, " + LocalDate.now(ZoneOffset.UTC)
                + ", commit " + commit() + ", " + machine());
        lines.add("");
        lines.add("| what | figure |");
        lines.add("|---|---|");
        figures().forEach((what, figure) -> lines.add("| " + what + " | " + figure + " |"));
        lines.add("");
        lines.add("Faults: " + list(verdict.counts("fault")) + ".");
        lines.add("");
        lines.add("Reads by answer: " + list(verdict.counts("read")) + ".");
        lines.add("Writes by answer: " + list(verdict.counts("write")) + ".");
        lines.add("Invalidations by answer: " + list(verdict.counts("invalidate")) + ".");
        if (!verdict.told().isEmpty()) {
            lines.add("");
            lines.add("```");
            lines.addAll(verdict.told());
            lines.add("```");
        }
        return lines;
    }

    private Map<String, String> figures() {
        Map<String, String> figures = new LinkedHashMap<>();
        figures.put("faults", number(verdict.total("fault")));
        figures.put("reads", number(verdict.total("read")));
        figures.put("reads that could have been stale", number(verdict.judged()));
        figures.put("writes", number(verdict.total("write")));
        figures.put("invalidations acknowledged", number(verdict.counted("invalidate 200")));
        figures.put("events heard", number(verdict.total("event")));
        for (Broken promise : Broken.values()) {
            figures.put(promise.name().toLowerCase(Locale.ROOT).replace('_', ' '), "**" + verdict.of(promise) + "**");
        }
        if (verdict.of(Broken.STALE) + verdict.of(Broken.RESURRECTED) == 0) {
            figures.put(
                    "rate of stale answers, 95 % upper bound",
                    String.format(Locale.ROOT, "%.1e", verdict.staleRateMax()));
        }
        figures.put(
                "until every replica is coherent again, ms",
                verdict.recoveriesMs().toString());
        figures.put("history", number(verdict.bytes() >> 20) + " MiB");
        return figures;
    }

    private String minutes() {
        return time.toSeconds() % 60 == 0 ? Long.toString(time.toMinutes()) : Double.toString(time.toSeconds() / 60.0);
    }

    private static String list(Map<String, Long> counts) {
        return counts.entrySet().stream()
                .map(count -> count.getKey() + " " + number(count.getValue()))
                .collect(Collectors.joining(", "));
    }

    private static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private static String commit() {
        try {
            Process git = new ProcessBuilder("git", "rev-parse", "--short", "HEAD")
                    .directory(Tools.repository().toFile())
                    .start();
            return new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "unknown";
        }
    }

    private static String machine() {
        String processors = Runtime.getRuntime().availableProcessors() + " processors, " + System.getProperty("os.name")
                + ", JDK " + Runtime.version().feature();
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                            .filter(line -> line.startsWith("model name"))
                            .map(line -> line.substring(line.indexOf(':') + 2) + ", ")
                            .findFirst()
                            .orElse("")
                    + processors;
        } catch (IOException e) {
            return processors;
        }
    }
}
