package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.store.Store;
import dev.freshet.store.StoreContract;
import dev.freshet.store.StoreException;
import dev.freshet.testing.Certificate;
import dev.freshet.testing.Ports;
import dev.freshet.testing.RedisServer;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract by TLS, with a certificate on either side. */
class RedisTlsIT extends StoreContract {
    @TempDir
    static Path folder;

    private static Vertx vertx;
    private static RedisServer redis;
    private static Certificate theirs;
    private static Certificate ours;
    private static int port;
    private RedisStore store;

    @BeforeAll
    static void start() {
        vertx = Vertx.vertx();
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
        now(vertx.close());
    }

    @BeforeEach
    void open() {
        store = to("127.0.0.1", new RedisTls(trusted(theirs), trusted(ours), Optional.of(ours.key())));
    }

    @AfterEach
    void close() {
        now(store.close());
    }

    private static Optional<Path> trusted(Certificate certificate) {
        return Optional.of(certificate.cert());
    }

    private static RedisStore to(String host, RedisTls tls) {
        String url = "rediss://" + host + ":" + port;
        return new RedisStore(vertx, new RedisConfig(url, Optional.empty(), tls, Duration.ofSeconds(2), 4_096), RULES);
    }

    @Override
    protected Store store() {
        return store;
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
}
