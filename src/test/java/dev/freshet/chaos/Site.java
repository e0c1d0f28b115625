package dev.freshet.chaos;

import dev.freshet.testing.GatewayProcess;
import dev.freshet.testing.RedisCluster;
import dev.freshet.testing.RedisGroup;
import dev.freshet.testing.RedisServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Three replicas, each a process that reaches one Redis through a proxy of its own.
 *
 * <pre>
 *   clients ── r0 ── proxy ──┐
 *   clients ── r1 ── proxy ──┼── redis-server
 *   clients ── r2 ── proxy ──┘
 * </pre>
 */
final class Site implements AutoCloseable {
    static final int REPLICAS = 3;

    private static final String WARM = "/v1/apps/warm";
    private static final int QUICK_ANSWERS = 20;
    private static final long QUICK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long WARM_NANOS_MAX = TimeUnit.SECONDS.toNanos(10);

    private final Path redisFolder;
    private final RedisServer redis;
    private final List<Replica> replicas = new ArrayList<>();
    private final Optional<ShiftedClock> clock;

    /** A gateway and its way to Redis. */
    record Replica(String name, FaultProxy proxy, GatewayProcess process) {
        int port() {
            return URI.create(process.url()).getPort();
        }
    }

    /** Starts everything, and returns when it is ready. */
    Site(Path folder) {
        this(folder, Map.of());
    }

    /** One whose replicas have these settings besides. */
    Site(Path folder, Map<String, String> settings) {
        this(folder, Optional.<Elsewhere>empty(), settings);
    }

    /** One whose replicas reach Redis without a proxy, wherever the Sentinels say that it is. The group is not closed with it. */
    Site(Path folder, RedisGroup group, Map<String, String> settings) {
        this(folder, Optional.of(new Elsewhere(group.server(0), group.uri())), settings);
    }

    /** The same with a cluster. */
    Site(Path folder, RedisCluster cluster, Map<String, String> settings) {
        this(folder, Optional.of(new Elsewhere(cluster.server(0), cluster.uri())), settings);
    }

    /** Several servers, one of which they are. */
    private record Elsewhere(RedisServer one, String uri) {}

    private Site(Path folder, Optional<Elsewhere> elsewhere, Map<String, String> more) {
        redisFolder = folder.resolve("redis");
        emptyRedis();
        redis = elsewhere.map(Elsewhere::one).orElseGet(() -> RedisServer.startKept(redisFolder));
        clock = ShiftedClock.at(folder.resolve("clock"));
        int redisPort = URI.create(redis.uri()).getPort();
        for (int i = 0; i < REPLICAS; i++) {
            FaultProxy proxy = new FaultProxy(redisPort);
            // The last one serves in an outage, and says so; the others hold what was acknowledged, whatever fails.
            String outage = i == REPLICAS - 1 ? "2s" : "0s";
            Map<String, String> settings =
                    new HashMap<>(Map.of("FRESHET_LEASE_TTL", "2s", "FRESHET_OUTAGE_MAX", outage));
            if (i == ShiftedClock.REPLICA) {
                clock.ifPresent(shifted -> settings.putAll(shifted.environment()));
            }
            settings.putAll(more);
            String uri = elsewhere.map(Elsewhere::uri).orElse("redis://127.0.0.1:" + proxy.port());
            replicas.add(new Replica(name(i), proxy, new GatewayProcess(name(i), uri, folder, settings)));
        }
        replicas.forEach(replica -> replica.process.awaitReady());
    }

    /** The name of a replica, counted from 0. */
    static String name(int replica) {
        return "r" + replica;
    }

    static List<String> names() {
        return IntStream.range(0, REPLICAS).mapToObj(Site::name).toList();
    }

    RedisServer redis() {
        return redis;
    }

    List<Replica> replicas() {
        return replicas;
    }

    /** Returns once a replica that has just started has loaded what it answers with. In an app that nobody else uses. */
    void warmUp(Replica replica, History history) {
        long start = history.now();
        try (Connection connection = new Connection(replica.port(), history)) {
            int quick = 0;
            while (quick < QUICK_ANSWERS && history.now() - start < WARM_NANOS_MAX) {
                long before = history.now();
                connection.ask("PUT", WARM + "/deployments/v1/entries/k", "Cache-Groups: \"t\"\r\n", "warm");
                connection.ask("GET", WARM + "/deployments/v1/entries/k", "Freshet-Lease: want\r\n", "");
                connection.ask("GET", WARM + "/clock", "", "");
                quick = history.now() - before < QUICK_NANOS ? quick + 1 : 0;
            }
        }
    }

    /** Has Redis, which is dead, forget everything. */
    void emptyRedis() {
        try {
            if (Files.exists(redisFolder)) {
                try (Stream<Path> all = Files.walk(redisFolder)) {
                    for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(path);
                    }
                }
            }
            Files.createDirectories(redisFolder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Has Redis, which is dead, forget the last {@code bytes} of what it wrote, at most. */
    void tearRedis(long bytes) {
        try (Stream<Path> all = Files.walk(redisFolder)) {
            Path log = all.filter(file -> file.toString().endsWith(".aof"))
                    .max(Comparator.comparingLong(file -> file.toFile().lastModified()))
                    .orElseThrow();
            try (FileChannel channel = FileChannel.open(log, StandardOpenOption.WRITE)) {
                channel.truncate(Math.max(0, channel.size() - bytes));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The end of each replica's log. */
    String tails() {
        return String.join(
                "\n", replicas.stream().map(replica -> replica.process.tail()).toList());
    }

    /** The wall clock of the replica that has one of its own, where the machine has libfaketime. */
    Optional<ShiftedClock> clock() {
        return clock;
    }

    @Override
    public void close() {
        replicas.forEach(replica -> replica.process.close());
        replicas.forEach(replica -> replica.proxy.close());
        redis.close();
        clock.ifPresent(ShiftedClock::close);
    }
}
