package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.store.StoreException;
import dev.freshet.testing.Certificate;
import dev.freshet.testing.ChildProcess;
import dev.freshet.testing.Ports;
import dev.freshet.testing.RedisGroup;
import dev.freshet.testing.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract by TLS, with a certificate on either side. */
class RedisTlsIT extends OnRedis {
    @TempDir
    static Path folder;

    private static RedisServer redis;
    private static Certificate theirs;
    private static Certificate ours;
    private static int port;

    @BeforeAll
    static void start() {
        theirs = Certificate.make(folder, "redis", "RSA", 1);
        ours = Certificate.make(folder, "freshet", "EC", 1);
        port = Ports.free();
        redis = RedisServer.startWith(List.of(
                "--tls-port",
                Integer.toString(port),
                "--tls-cert-file",
                theirs.cert().toString(),
                "--tls-key-file",
                theirs.key().toString(),
                "--tls-ca-cert-file",
                ours.cert().toString()));
    }

    @AfterAll
    static void stop() {
        redis.close();
    }

    @Override
    RedisConfig config() {
        return config("127.0.0.1", new RedisTls(trusted(theirs), trusted(ours), Optional.of(ours.key())));
    }

    private static Optional<Path> trusted(Certificate certificate) {
        return Optional.of(certificate.cert());
    }

    private static RedisConfig config(String host, RedisTls tls) {
        return new RedisConfig(
                "rediss://" + host + ":" + port,
                Optional.empty(),
                Optional.empty(),
                tls,
                Duration.ofSeconds(2),
                4_096,
                Duration.ZERO);
    }

    private static RedisStore to(String host, RedisTls tls) {
        return new RedisStore(vertx, config(host, tls), RULES);
    }

    private void refuses(RedisStore other) {
        assertThatThrownBy(() -> now(other.read(key, Optional.empty()))).isInstanceOf(StoreException.class);
        now(other.close());
    }

    @Test
    void read_redisIsSignedByNobodyWhoIsTrusted_isRefused() {
        refuses(to("127.0.0.1", new RedisTls(Optional.empty(), trusted(ours), Optional.of(ours.key()))));
    }

    @Test
    void read_redisIsOfAnotherName_isRefused() {
        refuses(to("127.0.0.2", new RedisTls(trusted(theirs), trusted(ours), Optional.of(ours.key()))));
    }

    @Test
    void read_withoutACertificateOfItsOwn_isRefused() {
        refuses(to("127.0.0.1", new RedisTls(trusted(theirs), Optional.empty(), Optional.empty())));
    }

    /** TLS to the Sentinels, and to the Redis that they name. */
    @Test
    void read_bySentinels_isByTlsAlike() {
        int at = Ports.free();
        List<String> lines = List.of(
                "port 0",
                "bind 127.0.0.1",
                "tls-port " + at,
                "tls-cert-file " + theirs.cert(),
                "tls-key-file " + theirs.key(),
                "tls-ca-cert-file " + ours.cert(),
                "sentinel monitor m 127.0.0.1 " + port + " 1");
        String url = "rediss+sentinel://127.0.0.1:" + at + "/m";
        try (ChildProcess sentinel = RedisGroup.sentinel(folder, at, lines)) {
            assertThat(sentinel.isAlive()).isTrue();
            RedisStore named = named(url, config().tls());

            assertThat(now(named.read(key, Optional.empty()))).isEmpty();
            now(named.close());
            refuses(named(url, new RedisTls(trusted(theirs), Optional.empty(), Optional.empty())));
        }
    }

    private static RedisStore named(String url, RedisTls tls) {
        RedisConfig config = new RedisConfig(
                url, Optional.empty(), Optional.empty(), tls, Duration.ofSeconds(2), 4_096, Duration.ZERO);
        return new RedisStore(vertx, config, RULES);
    }
}
