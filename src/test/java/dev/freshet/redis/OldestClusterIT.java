package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.RedisBuild;
import dev.freshet.testing.RedisCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract on a Redis Cluster of Redis 6.2, by the user of {@code conf/redis.acl}. */
class OldestClusterIT extends OnRedis {
    @TempDir
    static Path folder;

    private static RedisCluster cluster;

    @BeforeAll
    static void start() throws IOException {
        List<String> more = List.of("--aclfile", ClusterStoreIT.acl(folder).toString());
        cluster = new RedisCluster(folder, () -> more, RedisBuild.OLDEST);
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Override
    RedisConfig config() {
        return new RedisConfig(cluster.uri().replace("://", "://freshet:change-me@"), Duration.ofSeconds(2), 4_096);
    }

    @Test
    void version_isTheOldest() {
        for (int node = 0; node < RedisCluster.MASTERS; node++) {
            assertThat(cluster.tell(node, "INFO", "server").toString()).contains("redis_version:6.2.");
        }
    }
}
