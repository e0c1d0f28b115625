package dev.freshet.redis;

import dev.freshet.testing.RedisBuild;
import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contract on a cluster of Valkey, by the user of {@code conf/redis.acl}. */
class ValkeyClusterIT extends OnOtherCluster {
    @BeforeAll
    static void start() throws IOException {
        start(RedisBuild.VALKEY);
    }

    @Test
    void server_isValkey() {
        assertEachNodeIs("server_name:valkey");
    }
}
