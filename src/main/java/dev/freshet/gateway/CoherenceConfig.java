package dev.freshet.gateway;

import java.time.Duration;

/**
 * How a replica proves that it is up to date. The same in the whole fleet.
 *
 * @param window how long it may trust its near cache after a beat: 200 ms to 1 min
 * @param beat how often it asks the store for what it missed: 20 ms to a third of the window
 * @param marksMax tags of an app whose invalidations are remembered: 1,000 to 10,000,000
 * @param appsMax apps that a replica serves: 1 to 10,000
 */
public record CoherenceConfig(Duration window, Duration beat, int marksMax, int appsMax) {
    /** What an unconfigured gateway uses. */
    public static final CoherenceConfig DEFAULT =
            new CoherenceConfig(Duration.ofSeconds(1), Duration.ofMillis(250), 500_000, 64);

    /** Checks the ranges. */
    public CoherenceConfig {
        if (window.toMillis() < 200 || window.toMillis() > 60_000) {
            throw new IllegalArgumentException("coherence.window is 200ms to 1m, was " + window.toMillis() + "ms");
        }
        if (beat.toMillis() < 20 || beat.toMillis() * 3 > window.toMillis()) {
            throw new IllegalArgumentException(
                    "coherence.beat is 20ms to a third of coherence.window, was " + beat.toMillis() + "ms");
        }
        if (marksMax < 1_000 || marksMax > 10_000_000) {
            throw new IllegalArgumentException("limits.marks is 1000 to 10000000, was " + marksMax);
        }
        if (appsMax < 1 || appsMax > 10_000) {
            throw new IllegalArgumentException("limits.apps is 1 to 10000, was " + appsMax);
        }
    }
}
