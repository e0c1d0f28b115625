package dev.freshet.chaos;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What a history shows: what was done, how often, and which promises were broken. */
final class Verdict {
    private static final int TOLD_MAX = 20;

    /** A promise that was not kept. */
    enum Broken {
        /** A read that began after an invalidation's acknowledgement answered what that had ended. */
        STALE,
        /** The same, with a value that was written, or came back, after the acknowledgement. */
        RESURRECTED,
        /** A read answered another key's value, or one that nobody wrote. */
        FOREIGN,
        /** A computation was stored though one with a newer ticket was stored already. */
        OVERWRITTEN,
        /** A subscriber got to a position past an acknowledged invalidation, without hearing of it or of a reset. */
        LOST_EVENT,
        /** A subscriber's position went back. */
        DISORDERED_EVENT,
        /** An answer did not come within its deadline, though who was asked was not paused. */
        LATE,
        /** With all faults over the replicas were not coherent again within two windows. */
        UNRECOVERED
    }

    private final Map<String, Long> counts = new TreeMap<>();
    private final Map<Broken, Long> broken = new EnumMap<>(Broken.class);
    private final List<String> told = new ArrayList<>();
    private final List<Long> recoveriesMs = new ArrayList<>();
    private long bytes;

    void count(String what) {
        counts.merge(what, 1L, Long::sum);
    }

    /** Notes a broken promise, and shows the first few. */
    void broken(Broken promise, String how) {
        if (broken.merge(promise, 1L, Long::sum) <= TOLD_MAX) {
            told.add(promise + ": " + how);
        }
    }

    void recovered(long ms) {
        recoveriesMs.add(ms);
    }

    void bytes(long size) {
        bytes = size;
    }

    /** How often a promise was broken. */
    long of(Broken promise) {
        return broken.getOrDefault(promise, 0L);
    }

    /** Every broken promise, with the number of times; empty if all were kept. */
    Map<Broken, Long> broken() {
        return broken;
    }

    /** The first broken promises of each kind, in words. */
    List<String> told() {
        return told;
    }

    /** How often something was counted, by its whole name. */
    long counted(String what) {
        return counts.getOrDefault(what, 0L);
    }

    /** What was counted under names that begin so, by the rest of the name. */
    Map<String, Long> counts(String prefix) {
        Map<String, Long> found = new TreeMap<>();
        counts.forEach((name, count) -> {
            if (name.startsWith(prefix + " ")) {
                found.put(name.substring(prefix.length() + 1), count);
            }
        });
        return found;
    }

    long total(String prefix) {
        return counts(prefix).values().stream().mapToLong(Long::longValue).sum();
    }

    /** Reads that answered a value of which an older version had been ended: each could have been stale. */
    long judged() {
        return counted("judged");
    }

    /** What the rate of stale answers is below with a confidence of 95 %, there having been none: the rule of three. */
    double staleRateMax() {
        return 3.0 / Math.max(1, judged());
    }

    List<Long> recoveriesMs() {
        return recoveriesMs;
    }

    long bytes() {
        return bytes;
    }

    /** The figures, a line each. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(
                "reads: " + total("read") + ", of them " + judged() + " that could have been stale; " + counts("read"));
        lines.add("writes: " + total("write") + " " + counts("write"));
        lines.add("invalidations: " + total("invalidate") + " " + counts("invalidate"));
        lines.add("events heard: " + total("event") + " " + counts("event"));
        lines.add("faults: " + total("fault") + " " + counts("fault"));
        for (Broken promise : Broken.values()) {
            lines.add(promise.name().toLowerCase(Locale.ROOT).replace('_', ' ') + ": " + of(promise));
        }
        lines.add(String.format(
                Locale.ROOT, "stale rate below %.1e with 95 %% confidence, if none was stale", staleRateMax()));
        lines.add("coherent again after ms: " + recoveriesMs);
        lines.add("history: " + bytes + " bytes");
        return lines;
    }

    @Override
    public String toString() {
        return String.join("\n", lines()) + "\n" + String.join("\n", told);
    }
}
