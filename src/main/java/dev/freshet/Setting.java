package dev.freshet;

import dev.freshet.Form.Address;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** One key of the configuration. The defaults are those of the records that {@link Config} composes. */
record Setting<T>(String key, Form<T> form) {
    static final Setting<Address> LISTEN = new Setting<>("listen", Form.ADDRESS_FORM);
    static final Setting<Address> ADMIN_LISTEN = new Setting<>("admin.listen", Form.ADDRESS_FORM);
    static final Setting<String> REDIS_URL = new Setting<>("redis.url", Form.REDIS_URL_FORM);
    static final Setting<Duration> REDIS_TIMEOUT = new Setting<>("redis.timeout", Form.duration("10ms", "30s"));
    static final Setting<Integer> REDIS_WAITING_MAX = new Setting<>("redis.waiting-max", Form.count("16", "1000000"));
    static final Setting<Long> STORE_BYTES = new Setting<>("store.bytes", Form.size("1MiB", "1TiB"));
    static final Setting<Long> NEAR_BYTES = new Setting<>("near.bytes", Form.size("0", "1TiB"));
    static final Setting<Duration> NEAR_MAX_AGE = new Setting<>("near.max-age", Form.duration("1s", "1h"));
    static final Setting<Duration> LEASE_TTL = new Setting<>("lease.ttl", Form.duration("100ms", "10m"));
    static final Setting<Integer> LEASE_WAITERS_MAX = new Setting<>("lease.waiters-max", Form.count("0", "1000000"));
    static final Setting<Integer> LEASE_WAITERS_PER_KEY_MAX =
            new Setting<>("lease.waiters-per-key-max", Form.count("0", "1000000"));
    static final Setting<Integer> LEASE_KEYS_MAX = new Setting<>("lease.keys-max", Form.count("1", "10000000"));
    static final Setting<Duration> COHERENCE_WINDOW = new Setting<>("coherence.window", Form.duration("200ms", "1m"));
    static final Setting<Duration> COHERENCE_BEAT = new Setting<>("coherence.beat", Form.duration("20ms", "20s"));
    static final Setting<Duration> COHERENCE_MARGIN = new Setting<>("coherence.margin", Form.duration("5ms", "10s"));
    static final Setting<String> COHERENCE_ACKS =
            new Setting<>("coherence.acks", Form.oneOf("eager", "beat", "window"));
    static final Setting<Duration> OUTAGE_MAX = new Setting<>("outage.max", Form.duration("0s", "1h"));
    static final Setting<Integer> COHERENCE_VERIFY = new Setting<>("coherence.verify", Form.count("0", "1000000"));
    static final Setting<Long> LIMITS_BODY_BYTES = new Setting<>("limits.body-bytes", Form.size("1KiB", "64MiB"));
    static final Setting<Integer> LIMITS_MARKS = new Setting<>("limits.marks", Form.count("1000", "10000000"));
    static final Setting<Integer> LIMITS_APPS = new Setting<>("limits.apps", Form.count("1", "10000"));
    static final Setting<String> LOG_LEVEL =
            new Setting<>("log.level", Form.oneOf("error", "warn", "info", "debug", "trace"));

    /** Every key there is. */
    static final List<Setting<?>> ALL = List.of(
            LISTEN,
            ADMIN_LISTEN,
            REDIS_URL,
            REDIS_TIMEOUT,
            REDIS_WAITING_MAX,
            STORE_BYTES,
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
            LIMITS_MARKS,
            LIMITS_APPS,
            LOG_LEVEL);

    /** Its name among the environment variables. */
    String variable() {
        return "FRESHET_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }
}
