package dev.freshet.redis;

import dev.freshet.testing.RedisBuild;
import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contract on a cluster of Redis 6.2, by the user of {@code conf/redis.acl}. */
class OldestClusterIT extends OnOtherCluster {
    @BeforeAll
    static void start() throws IOException {
        start(RedisBuild.OLDEST);
    }

    @Test
    void version_isTheOldest() {
        assertEachNodeIs("redis_version:6.2.");
    }
}
