package dev.freshet;

import dev.freshet.Form.Address;
import dev.freshet.edge.EdgeConfig;
import dev.freshet.edge.Tls;
import dev.freshet.entry.Coding;
import dev.freshet.gateway.CoherenceConfig;
import dev.freshet.http.HttpConfig;
import dev.freshet.lease.LeaseConfig;
import dev.freshet.near.NearConfig;
import dev.freshet.ops.OpsConfig;
import dev.freshet.redis.RedisConfig;
import dev.freshet.redis.RedisTls;
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
 * @param transport by which sockets are read and written: epoll, io_uring, nio, or auto for the best proven one there is
 * @param logLevel in lower case
 * @param logFormat text, json, or auto for text on a terminal
 */
public record Config(
        HttpConfig http,
        OpsConfig ops,
        EdgeConfig edge,
        Optional<RedisConfig> redis,
        NearConfig near,
        LeaseConfig lease,
        CoherenceConfig coherence,
        DrainConfig drain,
        long storeBytes,
        String transport,
        String logLevel,
        String logFormat) {

    /** Read from the working directory when no other file is named. */
    public static final Path FILE = Path.of("conf", "freshet.yaml");

    /** What an unconfigured gateway runs with. */
    public static final Config DEFAULT = new Config(
            HttpConfig.DEFAULT,
            OpsConfig.DEFAULT,
            EdgeConfig.DEFAULT,
            Optional.empty(),
            NearConfig.DEFAULT,
            LeaseConfig.DEFAULT,
            CoherenceConfig.DEFAULT,
            DrainConfig.DEFAULT,
            256L << 20,
            "auto",
            "info",
            "auto");

    private static final Duration REDIS_TIMEOUT = Duration.ofMillis(500);
    private static final int REDIS_WAITING_MAX = 4_096;

    /**
     * A configuration and what is odd about where it came from.
     *
     * @param warnings a line each
     */
    public record Loaded(Config config, List<String> warnings) {}

    /**
     * Where the values come from: the defaults, overridden by a file, overridden by the environment, overridden by the command line.
     *
     * @param file which must be there; absent for {@link #FILE}, if that is there
     * @param flags values by key
     */
    public record Source(Optional<Path> file, Map<String, String> environment, Map<String, String> flags) {
        /**
         * The configuration.
         *
         * @throws ConfigException if a value is wrong
         */
        public Loaded load() {
            Settings settings = settings();
            return new Loaded(compose(settings), List.copyOf(settings.warnings()));
        }

        /**
         * What holds for each key, and by what: a line each, secrets masked.
         *
         * @throws ConfigException if a value is wrong
         */
        public List<String> explain() {
            Settings settings = settings();
            compose(settings);
            return settings.effective();
        }

        private Settings settings() {
            Settings settings = new Settings();
            file.or(() -> Optional.of(FILE).filter(Files::exists)).ifPresent(settings::file);
            settings.environment(environment);
            settings.flags(flags);
            return settings;
        }
    }

    /** As {@link Source#load}, without a command line. */
    public static Loaded load(Optional<Path> file, Map<String, String> environment) {
        return new Source(file, environment, Map.of()).load();
    }

    /** Whether all but what may change in a running replica is the same. */
    public boolean differsOnlyInWhatMayChange(Config other) {
        return new Config(
                        http,
                        ops,
                        edge.with(other.edge.tokens(), other.edge.tls()),
                        redis,
                        near,
                        lease,
                        coherence,
                        drain,
                        storeBytes,
                        transport,
                        other.logLevel,
                        logFormat)
                .equals(other);
    }

    private static Config compose(Settings settings) {
        Address listen = settings.get(Setting.LISTEN, new Address(DEFAULT.http.host(), DEFAULT.http.port()));
        Address admin = settings.get(Setting.ADMIN_LISTEN, new Address(DEFAULT.ops.host(), DEFAULT.ops.port()));
        HttpConfig http = http(settings, listen);
        EdgeConfig edge = edge(settings);
        checkExposure(settings, edge, listen, admin);
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
        DrainConfig drain = new DrainConfig(
                settings.get(Setting.DRAIN_DELAY, DEFAULT.drain.delay()),
                settings.get(Setting.DRAIN_TIMEOUT, DEFAULT.drain.timeout()));
        long storeBytes = settings.get(Setting.STORE_BYTES, DEFAULT.storeBytes);
        String transport = transport(settings, http, redis);
        String logLevel = settings.get(Setting.LOG_LEVEL, DEFAULT.logLevel);
        String logFormat = settings.get(Setting.LOG_FORMAT, DEFAULT.logFormat);
        if (!settings.problems().isEmpty()) {
            throw new ConfigException(settings.problems());
        }
        return new Config(
                http,
                new OpsConfig(admin.host(), admin.port()),
                edge,
                redis,
                near,
                lease,
                coherence,
                drain,
                storeBytes,
                transport,
                logLevel,
                logFormat);
    }

    private static HttpConfig http(Settings settings, Address listen) {
        HttpConfig usual = DEFAULT.http;
        int bodyBytesMax = settings.get(Setting.LIMITS_BODY_BYTES, (long) usual.bodyBytesMax())
                .intValue();
        long bodiesBytesMax = settings.get(Setting.LIMITS_BODIES_BYTES, usual.bodiesBytesMax());
        Coding coding = coding(settings);
        int eventStreamsMax = settings.get(Setting.LIMITS_EVENT_STREAMS, usual.eventStreamsMax());
        Optional<Path> socket = settings.find(Setting.HTTP_SOCKET);
        String socketMode = settings.get(Setting.HTTP_SOCKET_MODE, usual.socketMode());
        HttpConfig built = settings.together(
                () -> new HttpConfig(
                        listen.host(),
                        listen.port(),
                        bodyBytesMax,
                        bodiesBytesMax,
                        coding,
                        eventStreamsMax,
                        socket,
                        socketMode),
                Setting.LIMITS_BODY_BYTES,
                Setting.LIMITS_BODIES_BYTES);
        return Objects.requireNonNullElse(built, usual);
    }

    private static Coding coding(Settings settings) {
        String none = DEFAULT.http.coding().name().toLowerCase(Locale.ROOT);
        return Coding.valueOf(settings.get(Setting.STORE_COMPRESSION, none).toUpperCase(Locale.ROOT));
    }

    private static String transport(Settings settings, HttpConfig http, Optional<RedisConfig> redis) {
        String transport = settings.get(Setting.TRANSPORT, DEFAULT.transport);
        if (transport.equals("io_uring") && http.socket().isPresent()) {
            settings.problem("io_uring has no Unix sockets", Setting.TRANSPORT, Setting.HTTP_SOCKET);
        }
        if (transport.equals("io_uring") && redis.stream().anyMatch(RedisConfig::isSocket)) {
            settings.problem("io_uring has no Unix sockets", Setting.TRANSPORT, Setting.REDIS_URL);
        }
        return transport;
    }

    private static EdgeConfig edge(Settings settings) {
        EdgeConfig without = EdgeConfig.DEFAULT;
        return new EdgeConfig(
                settings.get(Setting.ACCESS_TOKENS, without.tokens()),
                tls(settings),
                settings.get(Setting.HTTP_CONNECTIONS_MAX, without.connectionsMax()),
                settings.get(Setting.HTTP_REQUESTS_MAX, without.requestsMax()),
                settings.get(Setting.HTTP_STREAMS_MAX, without.streamsMax()),
                settings.get(Setting.HTTP_HEAD_TIMEOUT, without.headTimeout()),
                settings.get(Setting.HTTP_BODY_TIMEOUT, without.bodyTimeout()),
                settings.get(Setting.HTTP_IDLE_TIMEOUT, without.idleTimeout()));
    }

    private static Optional<Tls> tls(Settings settings) {
        Optional<Path> cert = settings.find(Setting.TLS_CERT);
        Optional<Path> key = settings.find(Setting.TLS_KEY);
        Optional<Path> ca = settings.find(Setting.TLS_CLIENT_CA);
        if (cert.isPresent() && key.isPresent()) {
            return Optional.ofNullable(settings.together(
                    () -> Tls.read(cert.get(), key.get(), ca),
                    Setting.TLS_CERT,
                    Setting.TLS_KEY,
                    Setting.TLS_CLIENT_CA));
        }
        if (cert.isPresent() || key.isPresent() || ca.isPresent()) {
            settings.problem(
                    "tls.cert and tls.key are given both or not at all, and tls.client-ca with them",
                    Setting.TLS_CERT,
                    Setting.TLS_KEY,
                    Setting.TLS_CLIENT_CA);
        }
        return Optional.empty();
    }

    /* Whoever reaches the API may end what every page shows. So it is not opened to a network by mistake. */
    private static void checkExposure(Settings settings, EdgeConfig edge, Address listen, Address admin) {
        if (edge.knowsClients() || settings.get(Setting.ACCESS_OPEN, false)) {
            return;
        }
        for (Setting<Address> setting : List.of(Setting.LISTEN, Setting.ADMIN_LISTEN)) {
            if (!(setting.equals(Setting.LISTEN) ? listen : admin).isLoopback()) {
                settings.problem(
                        setting.key() + " is beyond the loopback interface, where anyone could read, write and"
                                + " invalidate: give access.tokens (freshet token new makes one) or tls.client-ca, or say"
                                + " access.open: true",
                        setting);
            }
        }
    }

    private static CoherenceConfig coherence(Settings settings) {
        Duration window = settings.get(Setting.COHERENCE_WINDOW, DEFAULT.coherence.window());
        Duration beat = settings.get(Setting.COHERENCE_BEAT, DEFAULT.coherence.beat());
        Duration margin = settings.get(Setting.COHERENCE_MARGIN, DEFAULT.coherence.margin());
        Rules.Acks acks = Rules.Acks.valueOf(settings.get(
                        Setting.COHERENCE_ACKS, DEFAULT.coherence.acks().name().toLowerCase(Locale.ROOT))
                .toUpperCase(Locale.ROOT));
        Duration outageMax = settings.get(Setting.OUTAGE_MAX, DEFAULT.coherence.outageMax());
        int verify = settings.get(Setting.COHERENCE_VERIFY, DEFAULT.coherence.verify());
        int marksMax = settings.get(Setting.LIMITS_MARKS, DEFAULT.coherence.marksMax());
        int appsMax = settings.get(Setting.LIMITS_APPS, DEFAULT.coherence.appsMax());
        int queuedTagsMax = settings.get(Setting.LIMITS_QUEUED_TAGS, DEFAULT.coherence.queuedTagsMax());
        CoherenceConfig built = settings.together(
                () -> new CoherenceConfig(
                        window, beat, margin, acks, outageMax, verify, marksMax, appsMax, queuedTagsMax),
                Setting.COHERENCE_WINDOW,
                Setting.COHERENCE_BEAT);
        return Objects.requireNonNullElse(built, DEFAULT.coherence);
    }

    private static Optional<RedisConfig> redis(Settings settings) {
        Duration timeout = settings.get(Setting.REDIS_TIMEOUT, REDIS_TIMEOUT);
        int waitingMax = settings.get(Setting.REDIS_WAITING_MAX, REDIS_WAITING_MAX);
        Duration retireAfter = settings.get(Setting.RETIRE_AFTER, RedisConfig.RETIRE_AFTER);
        Optional<Path> passwordFile = settings.find(Setting.REDIS_PASSWORD_FILE);
        Optional<Path> sentinelPasswordFile = settings.find(Setting.REDIS_SENTINEL_PASSWORD_FILE);
        Optional<Path> ca = settings.find(Setting.REDIS_TLS_CA);
        Optional<Path> cert = settings.find(Setting.REDIS_TLS_CERT);
        Optional<Path> key = settings.find(Setting.REDIS_TLS_KEY);
        return settings.find(Setting.REDIS_URL)
                .flatMap(url -> Optional.ofNullable(settings.together(
                        () -> new RedisConfig(
                                url,
                                passwordFile,
                                sentinelPasswordFile,
                                new RedisTls(ca, cert, key),
                                timeout,
                                waitingMax,
                                retireAfter),
                        Setting.REDIS_URL,
                        Setting.REDIS_PASSWORD_FILE,
                        Setting.REDIS_SENTINEL_PASSWORD_FILE,
                        Setting.REDIS_TLS_CA,
                        Setting.REDIS_TLS_CERT,
                        Setting.REDIS_TLS_KEY,
                        Setting.RETIRE_AFTER)));
    }
}
