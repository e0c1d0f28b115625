package dev.freshet.bench;

import java.util.Arrays;
import java.util.Locale;

/** One figure of several rounds: its least, its median and its greatest. */
record Spread(double min, double median, double max) {
    static Spread of(double... rounds) {
        double[] sorted = rounds.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(sorted[0], median, sorted[sorted.length - 1]);
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s · **%s** · %s", text(min), text(median), text(max));
    }

    /** Three digits, or all before the point. */
    static String text(double value) {
        double size = Math.abs(value);
        return String.format(Locale.ROOT, size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f", value);
    }
}
