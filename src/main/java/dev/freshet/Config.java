package dev.freshet;

import dev.freshet.Form.Address;
import dev.freshet.gateway.CoherenceConfig;
import dev.freshet.http.HttpConfig;
import dev.freshet.lease.LeaseConfig;
import dev.freshet.near.NearConfig;
import dev.freshet.ops.OpsConfig;
import dev.freshet.redis.RedisConfig;
import dev.freshet.store.Rules;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What a gateway runs with: the records of its packages. {@code conf/freshet.yaml} is the manual of its keys.
 *
 * @param redis absent for the store in memory
 * @param storeBytes how much the store in memory keeps
 * @param logLevel in lower case
 */
public record Config(
        HttpConfig http,
        OpsConfig ops,
        Optional<RedisConfig> redis,
        NearConfig near,
        LeaseConfig lease,
        CoherenceConfig coherence,
        long storeBytes,
        String logLevel) {

    /** Read from the working directory when no other file is named. */
    public static final Path FILE = Path.of("conf", "freshet.yaml");

    /** What an unconfigured gateway runs with. */
    public static final Config DEFAULT = new Config(
            HttpConfig.DEFAULT,
            OpsConfig.DEFAULT,
            Optional.empty(),
            NearConfig.DEFAULT,
            LeaseConfig.DEFAULT,
            CoherenceConfig.DEFAULT,
            256L << 20,
            "info");

    private static final Duration REDIS_TIMEOUT = Duration.ofMillis(500);
    private static final int REDIS_WAITING_MAX = 4_096;

    /**
     * A configuration and what is odd about where it came from.
     *
     * @param warnings a line each
     */
    public record Loaded(Config config, List<String> warnings) {}

    /**
     * The defaults, overridden by a file, overridden by the environment.
     *
     * @param file which must be there; absent for {@link #FILE}, if that is there
     * @throws ConfigException if a value is wrong
     */
    public static Loaded load(Optional<Path> file, Map<String, String> environment) {
        Settings settings = new Settings();
        file.or(() -> Optional.of(FILE).filter(Files::exists)).ifPresent(settings::file);
        settings.environment(environment);
        return new Loaded(compose(settings), List.copyOf(settings.warnings()));
    }

    private static Config compose(Settings settings) {
        Address listen = settings.get(Setting.LISTEN, new Address(DEFAULT.http.host(), DEFAULT.http.port()));
        Address admin = settings.get(Setting.ADMIN_LISTEN, new Address(DEFAULT.ops.host(), DEFAULT.ops.port()));
        long bodyBytesMax = settings.get(Setting.LIMITS_BODY_BYTES, (long) DEFAULT.http.bodyBytesMax());
        NearConfig near = new NearConfig(
                settings.get(Setting.NEAR_BYTES, DEFAULT.near.bytes()),
                settings.get(Setting.NEAR_MAX_AGE, DEFAULT.near.maxAge()));
        LeaseConfig lease = new LeaseConfig(
                settings.get(Setting.LEASE_TTL, Duration.ofMillis(DEFAULT.lease.ttlMs()))
                        .toMillis(),
                settings.get(Setting.LEASE_WAITERS_MAX, DEFAULT.lease.waitersMax()),
                settings.get(Setting.LEASE_WAITERS_PER_KEY_MAX, DEFAULT.lease.waitersPerKeyMax()),
                settings.get(Setting.LEASE_KEYS_MAX, DEFAULT.lease.keysMax()));
        CoherenceConfig coherence = coherence(settings);
        Optional<RedisConfig> redis = redis(settings);
        long storeBytes = settings.get(Setting.STORE_BYTES, DEFAULT.storeBytes);
        String logLevel = settings.get(Setting.LOG_LEVEL, DEFAULT.logLevel);
        if (!settings.problems().isEmpty()) {
            throw new ConfigException(settings.problems());
        }
        return new Config(
                new HttpConfig(listen.host(), listen.port(), (int) bodyBytesMax),
                new OpsConfig(admin.host(), admin.port()),
                redis,
                near,
                lease,
                coherence,
                storeBytes,
                logLevel);
    }

    private static CoherenceConfig coherence(Settings settings) {
        Duration window = settings.get(Setting.COHERENCE_WINDOW, DEFAULT.coherence.window());
        Duration beat = settings.get(Setting.COHERENCE_BEAT, DEFAULT.coherence.beat());
        Duration margin = settings.get(Setting.COHERENCE_MARGIN, DEFAULT.coherence.margin());
        Rules.Acks acks = Rules.Acks.valueOf(
                settings.get(Setting.COHERENCE_ACKS, DEFAULT.coherence.acks().name())
                        .toUpperCase(Locale.ROOT));
        Duration outageMax = settings.get(Setting.OUTAGE_MAX, DEFAULT.coherence.outageMax());
        int verify = settings.get(Setting.COHERENCE_VERIFY, DEFAULT.coherence.verify());
        int marksMax = settings.get(Setting.LIMITS_MARKS, DEFAULT.coherence.marksMax());
        int appsMax = settings.get(Setting.LIMITS_APPS, DEFAULT.coherence.appsMax());
        CoherenceConfig built = settings.together(
                () -> new CoherenceConfig(window, beat, margin, acks, outageMax, verify, marksMax, appsMax),
                Setting.COHERENCE_WINDOW,
                Setting.COHERENCE_BEAT);
        return Objects.requireNonNullElse(built, DEFAULT.coherence);
    }

    private static Optional<RedisConfig> redis(Settings settings) {
        Duration timeout = settings.get(Setting.REDIS_TIMEOUT, REDIS_TIMEOUT);
        int waitingMax = settings.get(Setting.REDIS_WAITING_MAX, REDIS_WAITING_MAX);
        return settings.find(Setting.REDIS_URL).map(url -> new RedisConfig(url, timeout, waitingMax));
    }
}
