package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.RedisBuild;
import dev.freshet.testing.RedisServer;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contract on Redis 6.2. */
class OldestRedisIT extends OnOtherRedis {
    @BeforeAll
    static void start() {
        redis = RedisServer.start(RedisBuild.OLDEST, List.of("--appendonly", "no"));
    }

    @Test
    void version_isTheOldest() {
        assertThat(tell("INFO", "server")).contains("redis_version:6.2.");
    }
}
