package dev.freshet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.ChildProcess;
import dev.freshet.testing.Ports;
import dev.freshet.testing.RedisServer;
import dev.freshet.testing.Tools;
import dev.freshet.testing.Web;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A replica with the memory of a container of 256 MiB, under whatever a client may do to it, all at once. */
class AttackIT {
    private static final int MEMORY_MIB = 256;
    private static final int BODY_BYTES = 8 << 20;
    private static final int WAITERS = 10_000;
    private static final int WAITERS_PER_KEY = 500;
    private static final int CONNECTIONS_MAX = 12_000;
    private static final Duration MAX = Duration.ofSeconds(40);
    private static final long PROBE_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final Duration PROBE_MAX = Duration.ofSeconds(10);

    /** As the image and operating.md have them for so small a container, with the collector that Java takes in one. */
    private static final List<String> OPTIONS = List.of(
            "-Xmx112m",
            "-XX:NewRatio=5",
            "-XX:+UseCompactObjectHeaders",
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            "-Dio.netty.jfr.enabled=false");

    private static final Map<String, String> SETTINGS = Map.of(
            "MALLOC_ARENA_MAX", "2",
            "FRESHET_NEAR_BYTES", "8MiB",
            "FRESHET_LEASE_TTL", "5m",
            "FRESHET_LIMITS_BODIES_BYTES", "16MiB",
            "FRESHET_HTTP_CONNECTIONS_MAX", Integer.toString(CONNECTIONS_MAX),
            "FRESHET_HTTP_BODY_TIMEOUT", "1m",
            "FRESHET_HTTP_IDLE_TIMEOUT", "2m");

    private final int port = Ports.free();
    private final int admin = Ports.free();
    private final Path log = Tools.repository().resolve("target/attack/gateway.log");
    private final RedisServer redis = RedisServer.startWith(List.of());
    private final ChildProcess gateway = start();
    private final List<SocketChannel> attackers = new CopyOnWriteArrayList<>();
    private final AtomicLong probes = new AtomicLong();
    private final AtomicLong slowestNanos = new AtomicLong();
    private final List<String> unwell = new CopyOnWriteArrayList<>();
    private volatile boolean over;

    private ChildProcess start() {
        Map<String, String> environment = new TreeMap<>(SETTINGS);
        environment.put("FRESHET_LISTEN", "127.0.0.1:" + port);
        environment.put("FRESHET_ADMIN_LISTEN", "127.0.0.1:" + admin);
        environment.put("FRESHET_REDIS_URL", redis.uri());
        List<String> command = new ArrayList<>(List.of(Tools.java().toString()));
        command.addAll(OPTIONS);
        command.addAll(List.of(
                "-jar",
                Path.of(System.getProperty("freshet.jar", "target/freshet.jar"))
                        .toAbsolutePath()
                        .toString()));
        return ChildProcess.start(new ChildProcess.Command("gateway", Tools.repository(), environment, log, command));
    }

    @AfterEach
    void end() throws IOException {
        over = true;
        leave();
        gateway.close();
        redis.close();
    }

    @Test
    void attack_ofAllKindsAtOnce_endsNothing() throws Exception {
        gateway.awaitReady(MAX, () -> Web.answers("http://127.0.0.1:" + admin + "/readyz"));
        long pid = gateway.pid();
        for (int i = 0; i < 4; i++) {
            assertThat(put("large" + i, BODY_BYTES)).isEqualTo(201);
        }
        Thread prober = Thread.ofPlatform().daemon().start(this::probe);

        subscribeAndNeverRead(200);
        waitForLeaders();
        invalidateMuch(50);
        largeBodiesThatNeverEnd(64);
        floodHeaders(200);
        readByteByByte(100);
        putAtOnce(32);
        connectPastTheLimit();
        Awaitility.await()
                .ignoreExceptions()
                .atMost(MAX)
                .until(() -> metric("freshet_refused_total{reason=\"connections\"}") > 0
                        && metric("freshet_refused_total{reason=\"bodies\"}") > 0);
        System.out.println("AttackIT: " + figures());

        over = true;
        prober.join();
        leave();
        Awaitility.await()
                .ignoreExceptions()
                .atMost(MAX)
                .until(() -> metric("freshet_connections{listener=\"data\"}") < 100);
        Awaitility.await().ignoreExceptions().atMost(MAX).until(() -> metric("freshet_bodies_bytes") == 0);
        assertThat(put("after", 1_000)).isEqualTo(201);
        assertThat(Web.send(Web.to(entry("after"))).statusCode()).isEqualTo(200);
        assertThat(unwell).isEmpty();
        assertThat(probes.get()).isGreaterThan(20);
        assertThat(Duration.ofNanos(slowestNanos.get())).isLessThan(PROBE_MAX);
        assertThat(gateway.isAlive()).isTrue();
        assertThat(gateway.pid()).isEqualTo(pid);
        assertThat(Files.readString(log)).doesNotContain("OutOfMemoryError");
        assertThat(peakMib()).as("MiB resident at most").isLessThan(MEMORY_MIB);
    }

    private String entry(String key) {
        return "http://127.0.0.1:" + port + "/v1/apps/shop/deployments/v1/entries/" + key;
    }

    private int put(String key, int bytes) {
        HttpRequest.Builder request = Web.to(entry(key))
                .header("Freshet-Lifetime", "revalidate=600, expire=6000")
                .PUT(BodyPublishers.ofByteArray(new byte[bytes]));
        try {
            return Web.send(request).statusCode();
        } catch (UncheckedIOException refused) {
            return 0;
        }
    }

    private SocketChannel open(String text) throws IOException {
        SocketChannel channel = SocketChannel.open();
        attackers.add(channel);
        channel.setOption(StandardSocketOptions.SO_RCVBUF, 4_096);
        channel.connect(new InetSocketAddress("127.0.0.1", port));
        if (over) {
            channel.close(); // or else by leave()
        }
        channel.write(ByteBuffer.wrap(text.getBytes(ISO_8859_1)));
        return channel;
    }

    private static String head(String line, String... headers) {
        return line + " HTTP/1.1\r\nHost: h\r\n" + String.join("\r\n", headers)
                + (headers.length == 0 ? "\r\n" : "\r\n\r\n");
    }

    private static String path(String key) {
        return "/v1/apps/shop/deployments/v1/entries/" + key;
    }

    private void subscribeAndNeverRead(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            open(head("GET /v1/apps/shop/invalidations"));
        }
    }

    private void largeBodiesThatNeverEnd(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            SocketChannel channel = open(head(
                    "PUT " + path("unfinished" + i),
                    "Freshet-Lifetime: revalidate=60",
                    "Content-Length: " + BODY_BYTES));
            channel.configureBlocking(false);
            channel.write(ByteBuffer.allocate(1 << 20));
        }
    }

    private interface Attack {
        void run(int number) throws IOException, InterruptedException;
    }

    /* Whom the gateway refuses has done his worst. */
    private static void each(int count, Attack attack) {
        for (int i = 0; i < count; i++) {
            int number = i;
            Thread.ofVirtual().start(() -> {
                try {
                    attack.run(number);
                } catch (IOException refused) {
                    // As is its right.
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }
    }

    private void floodHeaders(int count) {
        each(count, number -> {
            SocketChannel channel = open("GET /livez HTTP/1.1\r\nHost: h\r\n");
            for (int i = 0; i < 10_000; i++) {
                channel.write(ByteBuffer.wrap(("X-" + i + ": " + "x".repeat(1_000) + "\r\n").getBytes(ISO_8859_1)));
            }
        });
    }

    private void readByteByByte(int count) {
        each(count, number -> {
            SocketChannel channel = open(head("GET " + path("large" + number % 4)));
            ByteBuffer one = ByteBuffer.allocate(1);
            for (int i = 0; i < 20_000 && channel.read(one) >= 0; i++) {
                one.clear();
            }
        });
    }

    private void putAtOnce(int count) {
        each(count, number -> put("whole" + number, BODY_BYTES));
    }

    /* Some after the other: who comes to a replica that was just started is not to be turned away for being too many at once. */
    private void waitForLeaders() throws IOException {
        for (int key = 0; key < WAITERS / WAITERS_PER_KEY; key++) {
            for (int i = 0; i <= WAITERS_PER_KEY; i++) {
                open(head("GET " + path("led" + key), "Freshet-Lease: want", "Prefer: wait=30"));
            }
            int waiting = (key + 1) * WAITERS_PER_KEY;
            Awaitility.await().ignoreExceptions().atMost(MAX).until(() -> metric("freshet_lease_waiters") >= waiting);
        }
    }

    private void connectPastTheLimit() {
        for (int i = 0; i < CONNECTIONS_MAX - WAITERS + 500; i++) {
            try {
                open("");
            } catch (IOException refused) {
                return;
            }
        }
    }

    private void invalidateMuch(int count) {
        for (int i = 0; i < count; i++) {
            StringBuilder tags = new StringBuilder();
            for (int tag = 0; tag < 64; tag++) {
                tags.append(tag == 0 ? "\"" : ",\"")
                        .append("t".repeat(200))
                        .append(tag)
                        .append('"');
            }
            assertThat(Web.send(Web.to("http://127.0.0.1:" + port + "/v1/apps/shop/invalidations")
                                    .header("Content-Type", "application/json")
                                    .POST(BodyPublishers.ofString("{\"tags\":[" + tags + "],\"mode\":\"soft\"}")))
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    private void leave() throws IOException {
        for (SocketChannel each : attackers) {
            each.close();
        }
    }

    private void probe() {
        while (!over) {
            for (String path : List.of("/livez", "/readyz")) {
                long begun = System.nanoTime();
                try {
                    int status =
                            Web.send(Web.to("http://127.0.0.1:" + admin + path)).statusCode();
                    if (status != 200) {
                        unwell.add(path + " " + status);
                    }
                } catch (UncheckedIOException failed) {
                    unwell.add(path + " " + failed.getMessage());
                }
                long nanos = System.nanoTime() - begun;
                slowestNanos.accumulateAndGet(nanos, Math::max);
                probes.incrementAndGet();
            }
            LockSupport.parkNanos(PROBE_EVERY_NANOS);
        }
    }

    private double metric(String series) {
        return Web.send(Web.to("http://127.0.0.1:" + admin + "/metrics"))
                .body()
                .lines()
                .filter(line -> line.startsWith(series))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    private String figures() throws IOException {
        StringBuilder text = new StringBuilder("peak MiB " + peakMib() + ", attackers " + attackers.size()
                + ", waiters " + metric("freshet_lease_waiters") + ", probes " + probes + ", slowest ms "
                + TimeUnit.NANOSECONDS.toMillis(slowestNanos.get()) + ", unwell " + unwell.size());
        text.append(", under way ").append(metric("freshet_bodies_bytes"));
        for (String reason : List.of("malformed", "slow", "connections", "requests", "bodies")) {
            text.append(", ")
                    .append(reason)
                    .append(' ')
                    .append(metric("freshet_refused_total{reason=\"" + reason + "\"}"));
        }
        return text.toString();
    }

    /** The most that was resident so far, with what the kernel shares of files. */
    private long peakMib() throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(gateway.pid()), "status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
                .findFirst()
                .orElseThrow();
    }
}
