package dev.freshet;

import java.time.Duration;

/**
 * How a replica leaves.
 *
 * @param delay how long it serves on once it says that it is not ready, so that whoever sends requests here notices: 0s to 1m
 * @param timeout how long what is under way may take then: 1s to 10m
 */
public record DrainConfig(Duration delay, Duration timeout) {
    /** What an unconfigured gateway uses. */
    public static final DrainConfig DEFAULT = new DrainConfig(Duration.ofSeconds(1), Duration.ofSeconds(20));

    /** Checks the ranges. */
    public DrainConfig {
        if (delay.isNegative() || delay.toSeconds() > 60) {
            throw new IllegalArgumentException("drain.delay is 0s to 1m, was " + delay.toMillis() + "ms");
        }
        if (timeout.toMillis() < 1_000 || timeout.toSeconds() > 600) {
            throw new IllegalArgumentException("drain.timeout is 1s to 10m, was " + timeout.toMillis() + "ms");
        }
    }
}
