package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.RedisBuild;
import dev.freshet.testing.RedisCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;

/** The contract on a cluster of a server that is not the usual one, by the user of {@code conf/redis.acl}. */
abstract class OnOtherCluster extends OnRedis {
    @TempDir
    static Path folder;

    /** Null where the test was skipped. */
    private static RedisCluster cluster;

    static void start(RedisBuild build) throws IOException {
        List<String> more = List.of("--aclfile", ClusterStoreIT.acl(folder).toString());
        cluster = new RedisCluster(folder, () -> more, build);
    }

    @AfterAll
    static void stop() {
        if (cluster != null) {
            cluster.close();
            cluster = null;
        }
    }

    @Override
    RedisConfig config() {
        return new RedisConfig(cluster.uri().replace("://", "://freshet:change-me@"), Duration.ofSeconds(2), 4_096);
    }

    static void assertEachNodeIs(String server) {
        for (int node = 0; node < RedisCluster.MASTERS; node++) {
            assertThat(cluster.tell(node, "INFO", "server").toString()).contains(server);
        }
    }
}
