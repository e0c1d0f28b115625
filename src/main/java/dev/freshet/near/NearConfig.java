package dev.freshet.near;

import java.time.Duration;

/**
 * How much this process keeps.
 *
 * @param bytes 0 keeps nothing
 * @param maxAge after which a copy is read again, however fresh: 1 s to 1 h
 */
public record NearConfig(long bytes, Duration maxAge) {
    /** What an unconfigured gateway uses. */
    public static final NearConfig DEFAULT = new NearConfig(128L << 20, Duration.ofSeconds(60));

    /** Checks the ranges. */
    public NearConfig {
        if (bytes < 0 || bytes > 1L << 40) {
            throw new IllegalArgumentException("near.bytes is 0 to 1TiB, was " + bytes);
        }
        if (maxAge.toMillis() < 1_000 || maxAge.toMillis() > 3_600_000) {
            throw new IllegalArgumentException("near.max-age is 1s to 1h, was " + maxAge);
        }
    }
}
