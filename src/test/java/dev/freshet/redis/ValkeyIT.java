package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.RedisBuild;
import dev.freshet.testing.RedisServer;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contract on Valkey. */
class ValkeyIT extends OnOtherRedis {
    @BeforeAll
    static void start() {
        redis = RedisServer.start(RedisBuild.VALKEY, List.of("--appendonly", "no"));
    }

    @Test
    void server_isValkey() {
        assertThat(tell("INFO", "server")).contains("server_name:valkey");
    }
}
