package dev.freshet.redis;

import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Whom a connection by TLS trusts, and what it shows of itself. The files are read whenever one is made, so that they may change.
 *
 * @param ca certificates in PEM of those who may sign Redis's; absent for those that the JDK trusts
 * @param cert this side's own, in PEM, with those between it and what Redis trusts; absent if Redis asks for none
 * @param key of {@code cert}, PKCS#8 in PEM
 */
public record RedisTls(Optional<Path> ca, Optional<Path> cert, Optional<Path> key) {
    /** What the JDK trusts, and no certificate of its own. */
    public static final RedisTls DEFAULT = new RedisTls(Optional.empty(), Optional.empty(), Optional.empty());

    /** Checks that the files are there. */
    public RedisTls {
        if (cert.isPresent() != key.isPresent()) {
            throw new IllegalArgumentException("redis.tls-cert and redis.tls-key are given both or not at all");
        }
        check("redis.tls-ca", ca);
        check("redis.tls-cert", cert);
        check("redis.tls-key", key);
    }

    static void check(String key, Optional<Path> file) {
        if (file.isPresent() && !Files.isReadable(file.get())) {
            throw new IllegalArgumentException(key + ": " + file.get() + " cannot be read");
        }
    }

    boolean isDefault() {
        return equals(DEFAULT);
    }

    /** Secures connections: the name in Redis's certificate is that in the URL. */
    void apply(NetClientOptions options) {
        options.setSsl(true).setHostnameVerificationAlgorithm("HTTPS");
        ca.ifPresent(file -> options.setTrustOptions(new PemTrustOptions().addCertPath(file.toString())));
        if (cert.isPresent() && key.isPresent()) {
            options.setKeyCertOptions(new PemKeyCertOptions()
                    .addCertPath(cert.get().toString())
                    .addKeyPath(key.get().toString()));
        }
    }
}
