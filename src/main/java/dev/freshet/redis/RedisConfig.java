package dev.freshet.redis;

import java.time.Duration;

/**
 * Where Redis is, and how long it may take.
 *
 * @param url {@code redis://[user:password@]host[:port][/db]}, or {@code rediss://…}
 * @param timeout for each command, four times as long for connecting: 10 ms to 30 s
 * @param waitingMax commands of one event loop that may be under way; more fail at once: 16 to 1,000,000
 */
public record RedisConfig(String url, Duration timeout, int waitingMax) {
    /** Checks the ranges. */
    public RedisConfig {
        if (!url.startsWith("redis://") && !url.startsWith("rediss://")) {
            throw new IllegalArgumentException("redis.url begins with redis:// or rediss://");
        }
        if (timeout.toMillis() < 10 || timeout.toMillis() > 30_000) {
            throw new IllegalArgumentException("redis.timeout is 10ms to 30s, was " + timeout.toMillis() + "ms");
        }
        if (waitingMax < 16 || waitingMax > 1_000_000) {
            throw new IllegalArgumentException("redis.waiting-max is 16 to 1000000, was " + waitingMax);
        }
    }

    /** Without what may be a password. */
    @Override
    public String toString() {
        return "RedisConfig[url=" + url.replaceFirst("//.*@", "//***@").replaceFirst("\\?.*", "?***") + ", timeout="
                + timeout + ", waitingMax=" + waitingMax + "]";
    }
}
