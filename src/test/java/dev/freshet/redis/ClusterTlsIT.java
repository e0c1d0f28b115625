package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.store.StoreException;
import dev.freshet.testing.Certificate;
import dev.freshet.testing.Ports;
import dev.freshet.testing.RedisBuild;
import dev.freshet.testing.RedisCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract on a Redis Cluster by TLS, with a certificate on either side, by the user of {@code conf/redis.acl}. */
class ClusterTlsIT extends OnRedis {
    @TempDir
    static Path folder;

    private static RedisCluster cluster;
    private static Certificate theirs;
    private static Certificate ours;

    @BeforeAll
    static void start() throws IOException {
        theirs = Certificate.make(folder, "redis", "RSA", 1);
        ours = Certificate.make(folder, "freshet", "EC", 1);
        Path known = Files.writeString(
                folder.resolve("known.crt"), Files.readString(theirs.cert()) + Files.readString(ours.cert()));
        List<String> more = List.of(
                "--aclfile",
                ClusterStoreIT.acl(folder).toString(),
                "--tls-cluster",
                "yes",
                "--tls-cert-file",
                theirs.cert().toString(),
                "--tls-key-file",
                theirs.key().toString(),
                "--tls-ca-cert-file",
                known.toString(),
                "--tls-port");
        cluster = new RedisCluster(
                folder,
                () -> IntStream.rangeClosed(0, more.size())
                        .mapToObj(i -> i < more.size() ? more.get(i) : Integer.toString(Ports.free()))
                        .toList(),
                RedisBuild.USUAL);
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    private static String url() {
        return "rediss+cluster://freshet:change-me@"
                + IntStream.range(0, RedisCluster.MASTERS)
                        .mapToObj(node -> "127.0.0.1:"
                                + cluster.tell(node, "CONFIG", "GET", "tls-port")
                                        .get("tls-port"))
                        .collect(Collectors.joining(","));
    }

    @Override
    RedisConfig config() {
        return config(Optional.of(ours));
    }

    private static RedisConfig config(Optional<Certificate> own) {
        RedisTls tls = new RedisTls(Optional.of(theirs.cert()), own.map(Certificate::cert), own.map(Certificate::key));
        return new RedisConfig(
                url(), Optional.empty(), Optional.empty(), tls, Duration.ofSeconds(2), 4_096, Duration.ZERO);
    }

    @Test
    void reach_everyMaster_isByTls() {
        now(store.reach());

        for (int node = 0; node < RedisCluster.MASTERS; node++) {
            assertThat(cluster.tell(node, "CLIENT", "LIST").toString()).contains("user=freshet");
        }
        RedisStore stranger = new RedisStore(vertx, config(Optional.empty()), RULES);
        assertThatThrownBy(() -> now(stranger.reach())).isInstanceOf(StoreException.class);
        now(stranger.close());
    }
}
