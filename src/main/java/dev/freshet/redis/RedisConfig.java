package dev.freshet.redis;

import io.vertx.core.net.NetClientOptions;
import io.vertx.redis.client.ProtocolVersion;
import io.vertx.redis.client.RedisOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/**
 * Where Redis is, and how long it may take.
 *
 * @param url {@code redis://[user[:password]@]host[:port][/db]}, {@code rediss://…} for TLS, {@code unix:///path}, a
 *     {@link SentinelUrl} or a {@link ClusterUrl}
 * @param passwordFile holds the password if the URL does not; read whenever a connection is made, so that it may change
 * @param sentinelPasswordFile holds that of the Sentinels, if they ask for one; read like the other
 * @param tls for {@code rediss://…}, {@code rediss+sentinel://…} and {@code rediss+cluster://…} alone
 * @param timeout for each command, four times as long for connecting: 10 ms to 30 s
 * @param waitingMax commands of one event loop that may be under way; more fail at once: 16 to 1,000,000
 * @param retireAfter without use, after which a deployment's entries are removed: 1 min to a year, 0 for never
 */
public record RedisConfig(
        String url,
        Optional<Path> passwordFile,
        Optional<Path> sentinelPasswordFile,
        RedisTls tls,
        Duration timeout,
        int waitingMax,
        Duration retireAfter) {
    /** When deployments are removed by default. */
    public static final Duration RETIRE_AFTER = Duration.ofDays(7);

    /** One without secrets in files. */
    public RedisConfig(String url, Duration timeout, int waitingMax) {
        this(url, Optional.empty(), Optional.empty(), RedisTls.DEFAULT, timeout, waitingMax, RETIRE_AFTER);
    }

    /** Checks the ranges. */
    public RedisConfig {
        Optional<ClusterUrl> cluster = ClusterUrl.parse(url);
        if (!url.matches("(?s)(rediss?|unix)://.*") && SentinelUrl.parse(url).isEmpty() && cluster.isEmpty()) {
            throw new IllegalArgumentException("redis.url begins with redis://, rediss:// or unix://, or is"
                    + " redis+sentinel://host[:port],…/master or redis+cluster://host[:port],…");
        }
        if (!cluster.map(ClusterUrl::isFirstDatabase).orElse(true)) {
            throw new IllegalArgumentException("redis.url names database "
                    + cluster.orElseThrow().database() + ", and a Redis Cluster has none but 0");
        }
        if (!tls.isDefault() && !url.startsWith("rediss")) {
            throw new IllegalArgumentException("redis.tls-ca, redis.tls-cert and redis.tls-key are for rediss://");
        }
        if (sentinelPasswordFile.isPresent() && !SentinelUrl.isMeant(url)) {
            throw new IllegalArgumentException("redis.sentinel-password-file is for redis+sentinel://");
        }
        RedisTls.check("redis.password-file", passwordFile);
        RedisTls.check("redis.sentinel-password-file", sentinelPasswordFile);
        if (timeout.toMillis() < 10 || timeout.toMillis() > 30_000) {
            throw new IllegalArgumentException("redis.timeout is 10ms to 30s, was " + timeout.toMillis() + "ms");
        }
        if (waitingMax < 16 || waitingMax > 1_000_000) {
            throw new IllegalArgumentException("redis.waiting-max is 16 to 1000000, was " + waitingMax);
        }
        boolean isLasting = retireAfter.compareTo(Duration.ofMinutes(1)) >= 0;
        if (!(retireAfter.isZero() || isLasting) || retireAfter.compareTo(Duration.ofDays(365)) > 0) {
            throw new IllegalArgumentException("retire.after is 0s to 8760h, 0s for never and else 1m at least, was "
                    + retireAfter.toMillis() + "ms");
        }
    }

    /** Whether it is reached by a Unix socket. */
    public boolean isSocket() {
        return url.startsWith("unix:");
    }

    /** The Sentinels that name the Redis, if the URL names them. */
    public Optional<SentinelUrl> sentinels() {
        return SentinelUrl.parse(url);
    }

    /** The cluster that the Redis is, if the URL names one. */
    public Optional<ClusterUrl> cluster() {
        return ClusterUrl.parse(url);
    }

    /** What a connection that is held is made with: no pool, and as many commands as may be under way. */
    RedisOptions heldOptions(String address) {
        return options(address)
                .setMaxPoolSize(1)
                .setMaxPoolWaiting(1)
                .setMaxWaitingHandlers(waitingMax + Link.VITAL_MAX);
    }

    /**
     * What a client that speaks to this Redis is made with; the files are read now.
     *
     * @param address where it is, a URL without Sentinels
     */
    public RedisOptions options(String address) {
        return options(address, passwordFile);
    }

    /** The same, for one of the Sentinels. */
    RedisOptions sentinelOptions(String address) {
        return options(address, sentinelPasswordFile);
    }

    private RedisOptions options(String address, Optional<Path> password) {
        NetClientOptions net = new NetClientOptions()
                .setTcpNoDelay(true)
                .setTcpKeepAlive(true)
                .setConnectTimeout((int) timeout.toMillis());
        if (address.startsWith("rediss://")) {
            tls.apply(net);
        }
        RedisOptions options = new RedisOptions()
                .setConnectionString(address)
                .setPreferredProtocolVersion(ProtocolVersion.RESP2)
                .setNetClientOptions(net);
        password.flatMap(RedisConfig::line).ifPresent(options::setPassword);
        return options;
    }

    /*
     * Without it Redis refuses, and the next attempt reads again. The logger is no constant of this class:
     * how to log is part of the configuration, of which this is one, and would not be known yet.
     */
    private static Optional<String> line(Path file) {
        try {
            return Optional.of(Files.readString(file, StandardCharsets.UTF_8).strip());
        } catch (IOException e) {
            LoggerFactory.getLogger(RedisConfig.class)
                    .warn(
                            "The password file {} cannot be read ({})",
                            file,
                            e.getClass().getSimpleName());
            return Optional.empty();
        }
    }

    /** Without what may be a password. */
    @Override
    public String toString() {
        return "RedisConfig[url=" + url.replaceFirst("//.*@", "//***@").replaceFirst("\\?.*", "?***")
                + ", passwordFile=" + passwordFile + ", sentinelPasswordFile=" + sentinelPasswordFile + ", tls=" + tls
                + ", timeout=" + timeout + ", waitingMax="
                + waitingMax + ", retireAfter=" + retireAfter + "]";
    }
}
