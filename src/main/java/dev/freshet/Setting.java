package dev.freshet;

import dev.freshet.Form.Address;
import dev.freshet.edge.Token;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * One key of the configuration. The defaults are those of the records that {@link Config} composes.
 *
 * @param isSecret whether its value may be read from a file that is named instead
 */
record Setting<T>(String key, Form<T> form, boolean isSecret) {
    static final Setting<Address> LISTEN = new Setting<>("listen", Form.ADDRESS_FORM);
    static final Setting<Address> ADMIN_LISTEN = new Setting<>("admin.listen", Form.ADDRESS_FORM);
    static final Setting<List<Token>> ACCESS_TOKENS = new Setting<>("access.tokens", Form.TOKENS_FORM, true);
    static final Setting<Boolean> ACCESS_OPEN = new Setting<>("access.open", Form.FLAG_FORM);
    static final Setting<Path> TLS_CERT = new Setting<>("tls.cert", Form.file("the certificate chain in PEM"));
    static final Setting<Path> TLS_KEY = new Setting<>("tls.key", Form.file("its key in PEM, PKCS#8"));
    static final Setting<Path> TLS_CLIENT_CA =
            new Setting<>("tls.client-ca", Form.file("the CA of clients' certificates in PEM"));
    static final Setting<Path> HTTP_SOCKET = new Setting<>("http.socket", Form.SOCKET_FORM);
    static final Setting<String> HTTP_SOCKET_MODE = new Setting<>("http.socket-mode", Form.MODE_FORM);
    static final Setting<Integer> HTTP_CONNECTIONS_MAX =
            new Setting<>("http.connections-max", Form.count("16", "1000000"));
    static final Setting<Integer> HTTP_REQUESTS_MAX = new Setting<>("http.requests-max", Form.count("16", "1000000"));
    static final Setting<Integer> HTTP_STREAMS_MAX = new Setting<>("http.streams-max", Form.count("1", "1000"));
    static final Setting<Duration> HTTP_HEAD_TIMEOUT = new Setting<>("http.head-timeout", Form.duration("1s", "10m"));
    static final Setting<Duration> HTTP_BODY_TIMEOUT = new Setting<>("http.body-timeout", Form.duration("1s", "1h"));
    static final Setting<Duration> HTTP_IDLE_TIMEOUT = new Setting<>("http.idle-timeout", Form.duration("1s", "1h"));
    static final Setting<String> REDIS_URL = new Setting<>("redis.url", Form.REDIS_URL_FORM, true);
    static final Setting<Path> REDIS_PASSWORD_FILE =
            new Setting<>("redis.password-file", Form.file("the password, read whenever a connection is made"));
    static final Setting<Path> REDIS_SENTINEL_PASSWORD_FILE =
            new Setting<>("redis.sentinel-password-file", Form.file("that of the Sentinels, read like the other"));
    static final Setting<Path> REDIS_TLS_CA =
            new Setting<>("redis.tls-ca", Form.file("the CA of Redis's certificate in PEM"));
    static final Setting<Path> REDIS_TLS_CERT =
            new Setting<>("redis.tls-cert", Form.file("the certificate that Redis is shown, in PEM"));
    static final Setting<Path> REDIS_TLS_KEY = new Setting<>("redis.tls-key", Form.file("its key in PEM, PKCS#8"));
    static final Setting<Duration> REDIS_TIMEOUT = new Setting<>("redis.timeout", Form.duration("10ms", "30s"));
    static final Setting<Integer> REDIS_WAITING_MAX = new Setting<>("redis.waiting-max", Form.count("16", "1000000"));
    static final Setting<Duration> RETIRE_AFTER =
            new Setting<>("retire.after", Form.duration("0s", "8760h").and(", 0s for never and else 1m at least"));
    static final Setting<Long> STORE_BYTES = new Setting<>("store.bytes", Form.size("1MiB", "1TiB"));
    static final Setting<String> STORE_COMPRESSION = new Setting<>("store.compression", Form.oneOf("none", "zstd"));
    static final Setting<Long> NEAR_BYTES = new Setting<>("near.bytes", Form.size("0", "1TiB"));
    static final Setting<Duration> NEAR_MAX_AGE = new Setting<>("near.max-age", Form.duration("1s", "1h"));
    static final Setting<Duration> LEASE_TTL = new Setting<>("lease.ttl", Form.duration("100ms", "10m"));
    static final Setting<Integer> LEASE_WAITERS_MAX = new Setting<>("lease.waiters-max", Form.count("0", "1000000"));
    static final Setting<Integer> LEASE_WAITERS_PER_KEY_MAX =
            new Setting<>("lease.waiters-per-key-max", Form.count("0", "1000000"));
    static final Setting<Integer> LEASE_KEYS_MAX = new Setting<>("lease.keys-max", Form.count("1", "10000000"));
    static final Setting<Duration> COHERENCE_WINDOW = new Setting<>("coherence.window", Form.duration("200ms", "1m"));
    static final Setting<Duration> COHERENCE_BEAT = new Setting<>(
            "coherence.beat", Form.duration("20ms", "20s").and(", and at most a third of coherence.window"));
    static final Setting<Duration> COHERENCE_MARGIN = new Setting<>("coherence.margin", Form.duration("5ms", "10s"));
    static final Setting<String> COHERENCE_ACKS =
            new Setting<>("coherence.acks", Form.oneOf("eager", "beat", "window"));
    static final Setting<Duration> OUTAGE_MAX = new Setting<>("outage.max", Form.duration("0s", "1h"));
    static final Setting<Integer> COHERENCE_VERIFY = new Setting<>("coherence.verify", Form.count("0", "1000000"));
    static final Setting<Long> LIMITS_BODY_BYTES = new Setting<>("limits.body-bytes", Form.size("1KiB", "64MiB"));
    static final Setting<Long> LIMITS_BODIES_BYTES = new Setting<>(
            "limits.bodies-bytes", Form.size("1MiB", "1TiB").and(", and twice limits.body-bytes at least"));
    static final Setting<Integer> LIMITS_EVENT_STREAMS =
            new Setting<>("limits.event-streams", Form.count("1", "100000"));
    static final Setting<Integer> LIMITS_MARKS = new Setting<>("limits.marks", Form.count("1000", "10000000"));
    static final Setting<Integer> LIMITS_APPS = new Setting<>("limits.apps", Form.count("1", "10000"));
    static final Setting<Integer> LIMITS_QUEUED_TAGS = new Setting<>("limits.queued-tags", Form.count("0", "1000000"));
    static final Setting<Duration> DRAIN_DELAY = new Setting<>("drain.delay", Form.duration("0s", "1m"));
    static final Setting<Duration> DRAIN_TIMEOUT = new Setting<>("drain.timeout", Form.duration("1s", "10m"));
    static final Setting<String> TRANSPORT = new Setting<>("transport", Form.oneOf("auto", "epoll", "io_uring", "nio"));
    static final Setting<String> LOG_LEVEL =
            new Setting<>("log.level", Form.oneOf("error", "warn", "info", "debug", "trace"));

    static final Setting<String> LOG_FORMAT = new Setting<>(
            "log.format", Form.oneOf("auto", "text", "json").and("; auto is text on a terminal, else json"));

    /** Every key there is. */
    static final List<Setting<?>> ALL = List.of(
            LISTEN,
            ADMIN_LISTEN,
            ACCESS_TOKENS,
            ACCESS_OPEN,
            TLS_CERT,
            TLS_KEY,
            TLS_CLIENT_CA,
            HTTP_SOCKET,
            HTTP_SOCKET_MODE,
            HTTP_CONNECTIONS_MAX,
            HTTP_REQUESTS_MAX,
            HTTP_STREAMS_MAX,
            HTTP_HEAD_TIMEOUT,
            HTTP_BODY_TIMEOUT,
            HTTP_IDLE_TIMEOUT,
            REDIS_URL,
            REDIS_PASSWORD_FILE,
            REDIS_SENTINEL_PASSWORD_FILE,
            REDIS_TLS_CA,
            REDIS_TLS_CERT,
            REDIS_TLS_KEY,
            REDIS_TIMEOUT,
            REDIS_WAITING_MAX,
            RETIRE_AFTER,
            STORE_BYTES,
            STORE_COMPRESSION,
            NEAR_BYTES,
            NEAR_MAX_AGE,
            LEASE_TTL,
            LEASE_WAITERS_MAX,
            LEASE_WAITERS_PER_KEY_MAX,
            LEASE_KEYS_MAX,
            COHERENCE_WINDOW,
            COHERENCE_BEAT,
            COHERENCE_MARGIN,
            COHERENCE_ACKS,
            OUTAGE_MAX,
            COHERENCE_VERIFY,
            LIMITS_BODY_BYTES,
            LIMITS_BODIES_BYTES,
            LIMITS_EVENT_STREAMS,
            LIMITS_MARKS,
            LIMITS_APPS,
            LIMITS_QUEUED_TAGS,
            DRAIN_DELAY,
            DRAIN_TIMEOUT,
            TRANSPORT,
            LOG_LEVEL,
            LOG_FORMAT);

    private Setting(String key, Form<T> form) {
        this(key, form, false);
    }

    /** The key by which a file is named that holds the value, as secrets are given to containers. */
    String fileKey() {
        return key + "-file";
    }

    /** Its name among the environment variables. */
    String variable() {
        return variable(key);
    }

    static String variable(String key) {
        return "FRESHET_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }
}
