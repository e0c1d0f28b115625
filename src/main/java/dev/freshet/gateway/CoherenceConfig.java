package dev.freshet.gateway;

import dev.freshet.store.Rules;
import java.time.Duration;

/**
 * How a replica proves that it is up to date. The same in the whole fleet.
 *
 * @param window how long it may trust its near cache after a beat: 200 ms to 1 min
 * @param beat how often it asks the store for what it missed: 20 ms to a third of the window
 * @param margin how much later than it thinks itself the others believe its window to have ended: 5 ms to 10 s
 * @param acks when it says what it has applied
 * @param outageMax how long past its window it serves near copies when the store does not answer: 0 (not at all) to 1 h
 * @param verify one near hit in so many is held against the store, 0 for none
 * @param marksMax tags of an app whose invalidations are remembered: 1,000 to 10,000,000
 * @param appsMax apps that a replica serves: 1 to 10,000
 * @param queuedTagsMax tags of invalidations that wait for the store to take them: 0 (none waits) to 1,000,000
 */
public record CoherenceConfig(
        Duration window,
        Duration beat,
        Duration margin,
        Rules.Acks acks,
        Duration outageMax,
        int verify,
        int marksMax,
        int appsMax,
        int queuedTagsMax) {
    /** What an unconfigured gateway uses. */
    public static final CoherenceConfig DEFAULT = new CoherenceConfig(
            Duration.ofSeconds(1),
            Duration.ofMillis(250),
            Duration.ofMillis(25),
            Rules.Acks.EAGER,
            Duration.ofSeconds(30),
            1_000,
            500_000,
            64,
            10_000);

    /** One with as many of the latter as is usual. */
    public CoherenceConfig(
            Duration window,
            Duration beat,
            Duration margin,
            Rules.Acks acks,
            Duration outageMax,
            int verify,
            int marksMax,
            int appsMax) {
        this(window, beat, margin, acks, outageMax, verify, marksMax, appsMax, DEFAULT.queuedTagsMax);
    }

    /** Checks the ranges. */
    public CoherenceConfig {
        if (window.toMillis() < 200 || window.toMillis() > 60_000) {
            throw new IllegalArgumentException("coherence.window is 200ms to 1m, was " + window.toMillis() + "ms");
        }
        if (beat.toMillis() < 20 || beat.toMillis() * 3 > window.toMillis()) {
            throw new IllegalArgumentException(
                    "coherence.beat is 20ms to a third of coherence.window, was " + beat.toMillis() + "ms");
        }
        if (margin.toMillis() < 5 || margin.toMillis() > 10_000) {
            throw new IllegalArgumentException("coherence.margin is 5ms to 10s, was " + margin.toMillis() + "ms");
        }
        if (outageMax.isNegative() || outageMax.compareTo(Duration.ofHours(1)) > 0) {
            throw new IllegalArgumentException("outage.max is 0 to 1h, was " + outageMax.toMillis() + "ms");
        }
        if (verify < 0 || verify > 1_000_000) {
            throw new IllegalArgumentException("coherence.verify is 0 to 1000000, was " + verify);
        }
        if (marksMax < 1_000 || marksMax > 10_000_000) {
            throw new IllegalArgumentException("limits.marks is 1000 to 10000000, was " + marksMax);
        }
        if (appsMax < 1 || appsMax > 10_000) {
            throw new IllegalArgumentException("limits.apps is 1 to 10000, was " + appsMax);
        }
        if (queuedTagsMax < 0 || queuedTagsMax > 1_000_000) {
            throw new IllegalArgumentException("limits.queued-tags is 0 to 1000000, was " + queuedTagsMax);
        }
    }

    /** What the whole fleet must agree on. */
    public Rules rules() {
        return new Rules(window.toMillis(), margin.toMillis(), marksMax, acks, outageMax.toMillis());
    }
}
