package dev.freshet.ops;

import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/** Quantiles of what a timer measured lately, estimated from its buckets as Prometheus does. Belongs to one event loop. */
final class Quantiles {
    private final Timer timer;
    private final int turnsMax;
    /** The upper bounds of the buckets. */
    private final double[] boundsMs;

    /** The counts of some turns, the latest last: each how many took no longer than a bucket's bound, and all at the end. */
    private final Deque<double[]> turns = new ArrayDeque<>();

    /**
     * Of nothing yet.
     *
     * @param turns of how many the quantiles are
     */
    Quantiles(Timer timer, int turns) {
        this.timer = timer;
        this.turnsMax = turns;
        this.boundsMs = Arrays.stream(timer.takeSnapshot().histogramCounts())
                .mapToDouble(bucket -> bucket.bucket(TimeUnit.MILLISECONDS))
                .toArray();
        this.turns.add(counts());
    }

    /** Another turn has passed. */
    void turn() {
        turns.addLast(counts());
        if (turns.size() > turnsMax + 1) {
            turns.removeFirst();
        }
    }

    private double[] counts() {
        CountAtBucket[] buckets = timer.takeSnapshot().histogramCounts();
        double[] counts = new double[buckets.length + 1];
        for (int i = 0; i < buckets.length; i++) {
            counts[i] = buckets[i].count();
        }
        counts[buckets.length] = timer.count();
        return counts;
    }

    /** Below which {@code share} of all are, in ms; the last bound for what is beyond it, and NaN if there were none. */
    double ms(double share) {
        double[] first = turns.getFirst();
        double[] last = turns.getLast();
        double wanted = share * (last[boundsMs.length] - first[boundsMs.length]);
        if (wanted <= 0) {
            return Double.NaN;
        }
        double from = 0;
        double below = 0;
        for (int i = 0; i < boundsMs.length; i++) {
            double to = boundsMs[i];
            double upTo = last[i] - first[i];
            if (upTo >= wanted) {
                return from + (to - from) * (wanted - below) / (upTo - below);
            }
            from = to;
            below = upTo;
        }
        return from;
    }
}
