package dev.freshet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.freshet.edge.Scope;
import dev.freshet.edge.Token;
import dev.freshet.testing.Certificate;
import dev.freshet.testing.Ports;
import dev.freshet.testing.RedisServer;
import dev.freshet.testing.Tools;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The jar that is shipped, as a process: what it says, how it is stopped, how it fails. */
class MainIT {
    private static final Duration START_MAX = Duration.ofSeconds(30);
    private static final Path JAR =
            Path.of(System.getProperty("freshet.jar", "target/freshet.jar")).toAbsolutePath();

    private final String listen = "127.0.0.1:" + Ports.free();
    private final String admin = "127.0.0.1:" + Ports.free();
    private final List<Process> started = new ArrayList<>();

    @TempDir
    Path folder;

    @AfterEach
    void end() {
        started.forEach(Process::destroyForcibly);
    }

    @Test
    void start_withDefaults_saysVersionStoreAndAddresses() throws Exception {
        Process process = ready(Map.of());

        assertThat(lines())
                .hasSize(4)
                .allSatisfy(line -> assertThat(line)
                        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z INFO  Main \\S.*"));
        assertThat(log())
                .contains("Main Freshet " + Version.TEXT)
                .contains("Main Store: memory")
                .contains("Main Data on http://" + listen)
                .contains("Main Operations on http://" + admin);
        assertThat(get("/version")).contains("\"version\":\"" + Version.TEXT + "\"");
        assertThat(process.isAlive()).isTrue();
    }

    @Test
    void sigterm_whileServing_endsWith0() throws Exception {
        Process process = ready(Map.of());

        process.destroy();

        assertThat(exit(process)).isZero();
        assertThat(lines().getLast()).endsWith("Main Stopped");
    }

    @Test
    void log_whereThereIsNoTerminal_isJson() throws Exception {
        Process process = start(Map.of("FRESHET_LOG_FORMAT", "auto", "FRESHET_A\nB", "x"));
        Awaitility.await().atMost(START_MAX).until(() -> log().contains("Operations on"));
        process.destroy();

        assertThat(exit(process)).isZero();
        assertThat(lines()).hasSize(7).allSatisfy(line -> {
            JsonObject json = new JsonObject(line);
            assertThat(json.getString("level")).isIn("INFO", "WARN");
            assertThat(json.getString("formattedMessage")).isNotEmpty();
            assertThat(json.getLong("timestamp")).isPositive();
        });
    }

    @Test
    void log_withRedis_isAsConfiguredToo() throws Exception {
        start(Map.of(
                "FRESHET_LOG_FORMAT",
                "json",
                "FRESHET_LOG_LEVEL",
                "warn",
                "FRESHET_REDIS_URL",
                "redis://127.0.0.1:" + Ports.free()));

        Awaitility.await().atMost(START_MAX).until(() -> log().contains("The store does not answer"));
        assertThat(lines())
                .allSatisfy(line ->
                        assertThat(new JsonObject(line).getString("level")).isEqualTo("WARN"));
    }

    @Test
    void sigint_isAsGood() throws Exception {
        Process process = ready(Map.of("FRESHET_DRAIN_DELAY", "0s"));

        signal(process, "INT");

        assertThat(exit(process)).isZero();
        assertThat(lines().getLast()).endsWith("Main Stopped");
    }

    @Test
    void sigterm_servesOnAndSendsAway_finishesWhatIsUnderWay_endsWith0() throws Exception {
        Process process = ready(Map.of("FRESHET_DRAIN_DELAY", "2s"));
        String led = "/v1/apps/shop/deployments/v1/entries/led";
        String lead = data("GET", led, "Freshet-Lease: want\r\n");
        String token = lead.replaceAll("(?s).*token=\"([^\"]+)\".*", "$1");
        try (Socket stream = connect();
                Socket follower = connect()) {
            send(stream, "GET", "/v1/apps/shop/invalidations", "");
            BufferedReader events = reader(stream);
            assertThat(readTo(events, "event: hello")).isTrue();
            send(follower, "GET", led, "Freshet-Lease: want\r\nPrefer: wait=20\r\n");
            Awaitility.await().until(() -> get("/metrics").contains("freshet_lease_waiters 1"));
            long begun = System.nanoTime();

            process.destroy();

            Awaitility.await().until(() -> get("/readyz").startsWith("not ready"));
            assertThat(get("/livez")).isEqualTo("alive\n");
            assertThat(get("/startupz")).isEqualTo("started\n");
            try (Socket asking = connect()) {
                send(asking, "GET", "/v1/apps/shop/clock", "");
                assertThat(new String(asking.getInputStream().readAllBytes()))
                        .startsWith("HTTP/1.1 200 ")
                        .contains("connection: close");
            }
            assertThat(readTo(events, "event: bye")).isTrue();
            assertThat(readTo(events, "data: {\"reason\":\"stop\"}")).isTrue();
            try (Socket writing = connect()) {
                writing.getOutputStream()
                        .write(("PUT " + led + " HTTP/1.1\r\nHost: h\r\nFreshet-Lease: token=\"" + token
                                        + "\"\r\nContent-Length: 4\r\n\r\ndone")
                                .getBytes());
                assertThat(new String(writing.getInputStream().readAllBytes())).startsWith("HTTP/1.1 201 ");
            }
            assertThat(new String(follower.getInputStream().readAllBytes()))
                    .startsWith("HTTP/1.1 200 ")
                    .endsWith("done");
            assertThat(exit(process)).isZero();
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(25));
        }
    }

    @Test
    void signal_aSecondTime_endsAtOnce() throws Exception {
        for (String name : List.of("TERM", "INT")) {
            Process process = ready(Map.of("FRESHET_DRAIN_DELAY", "60s"));
            signal(process, "TERM");
            Awaitility.await().until(() -> get("/readyz").startsWith("not ready"));

            Awaitility.await().atMost(Duration.ofSeconds(5)).until(() -> {
                new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                        .start()
                        .waitFor();
                return !process.isAlive();
            });
            assertThat(process.exitValue()).isEqualTo(name.equals("TERM") ? 143 : 130);
        }
    }

    @Test
    void signal_toldTwiceAtOnce_isOne() throws Exception {
        Process process = ready(Map.of("FRESHET_DRAIN_DELAY", "1s"));

        String pid = Long.toString(process.pid());
        assertThat(new ProcessBuilder("sh", "-c", "kill -TERM " + pid + "; kill -INT " + pid)
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();

        assertThat(exit(process)).isZero();
        assertThat(lines().getLast()).endsWith("Main Stopped");
    }

    @Test
    void sighup_takesOtherTokensCertificateAndLogLevel_butNothingWrong() throws Exception {
        Token.Minted one = Token.mint("one", Set.of("*"), EnumSet.allOf(Scope.class));
        Token.Minted other = Token.mint("other", Set.of("*"), EnumSet.allOf(Scope.class));
        Path tokens = Files.writeString(folder.resolve("tokens"), one.token().line());
        Path config = Files.writeString(folder.resolve("f.yaml"), "log.level: info");
        Certificate old = Certificate.make(folder, "tls", "EC", 10);
        SSLContext trustingOld = old.trusting();
        Process process = start(
                Map.of(
                        "FRESHET_ACCESS_TOKENS_FILE",
                        tokens.toString(),
                        "FRESHET_TLS_CERT",
                        old.cert().toString(),
                        "FRESHET_TLS_KEY",
                        old.key().toString()),
                "--config",
                config.toString());
        Awaitility.await().atMost(START_MAX).until(() -> log().contains("Operations on https://"));
        assertThat(clock(trustingOld, one)).isEqualTo(200);
        assertThat(clock(trustingOld, other)).isEqualTo(401);

        Files.writeString(tokens, "hunter2");
        signal(process, "HUP");
        Awaitility.await().until(() -> log().contains("the old one holds: access.tokens is lines of"));
        assertThat(clock(trustingOld, one)).isEqualTo(200);

        Files.writeString(tokens, other.token().line());
        Files.writeString(config, "log.level: debug\nlease.ttl: 9s");
        Certificate next = Certificate.make(folder, "tls", "EC", 10);
        signal(process, "HUP");
        Awaitility.await().until(() -> log().contains("The configuration is read anew"));
        Awaitility.await().until(() -> log().contains("Other keys have changed, too"));
        assertThat(clock(next.trusting(), one)).isEqualTo(401);
        assertThat(clock(next.trusting(), other)).isEqualTo(200);
        assertThat(catchThrowable(() -> clock(trustingOld, other))).isInstanceOf(IOException.class);
        assertThat(log()).doesNotContain("hunter2").doesNotContain(other.secret());
        assertThat(exit(start(
                        Map.of(
                                "FRESHET_TLS_CERT",
                                next.cert().toString(),
                                "FRESHET_TLS_KEY",
                                next.key().toString()),
                        "healthcheck")))
                .isZero();
    }

    @Test
    void healthcheck_ofAReplica_tellsWhetherItIsReady() throws Exception {
        assertThat(exit(start(Map.of(), "healthcheck"))).isEqualTo(1);
        assertThat(log()).contains("does not answer");
        ready(Map.of());
        assertThat(exit(start(Map.of(), "healthcheck"))).isZero();
    }

    @Test
    void checks_ofAReplica_areAnswered() throws Exception {
        ready(Map.of());

        for (String name : List.of("store", "bus", "memory", "capacity", "certificate")) {
            assertThat(get("/health/checks/" + name)).startsWith("{\"well\":true,\"reason\":\"");
        }
    }

    @Test
    void doctor_ofAnAbsentRedis_endsWith1AndNamesIt() throws Exception {
        assertThat(exit(start(Map.of("FRESHET_REDIS_URL", "redis://:hunter2@127.0.0.1:" + Ports.free()), "doctor")))
                .isEqualTo(1);
        assertThat(log())
                .contains("error: redis.url: Redis does not answer there")
                .doesNotContain("hunter2");
        assertThat(exit(start(Map.of(), "doctor"))).isZero();
    }

    /** Each on a Redis, which they are to reach as well. One that this machine forbids is refused with its name, never replaced. */
    @ParameterizedTest
    @ValueSource(strings = {"epoll", "io_uring", "nio"})
    void transport_thatIsNamed_serves(String name) throws Exception {
        String entry = "/v1/apps/shop/deployments/v1/entries/" + name;
        String body = "x".repeat(1 << 20);
        try (RedisServer redis = RedisServer.start()) {
            Process process = start(Map.of("FRESHET_TRANSPORT", name, "FRESHET_REDIS_URL", redis.uri()));
            Awaitility.await().atMost(START_MAX).until(() -> !process.isAlive() || log().contains("Operations on"));
            if (!process.isAlive()) {
                assertThat(name).as(log()).isEqualTo("io_uring");
                assertThat(process.exitValue()).isEqualTo(78);
                assertThat(log())
                        .contains("transport: io_uring cannot be had on this machine")
                        .contains("take auto");
                return;
            }
            assertThat(log()).contains(", " + name);
            try (Socket writing = connect()) {
                send(writing, "PUT", entry, "Connection: close\r\nContent-Length: " + body.length() + "\r\n");
                writing.getOutputStream().write(body.getBytes());
                assertThat(new String(writing.getInputStream().readAllBytes())).startsWith("HTTP/1.1 201 ");
            }
            assertThat(data("GET", entry, "")).startsWith("HTTP/1.1 200 ").endsWith(body);
        }
    }

    @Test
    void listen_beyondLoopbackWithoutTokens_endsWith78() throws Exception {
        assertThat(exit(start(Map.of("FRESHET_LISTEN", "0.0.0.0:0")))).isEqualTo(78);
        assertThat(log()).contains("listen is beyond the loopback interface").contains("access.open: true");
    }

    private static void signal(Process process, String name) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket("127.0.0.1", Integer.parseInt(listen.substring(listen.indexOf(':') + 1)));
        socket.setSoTimeout((int) START_MAX.toMillis());
        return socket;
    }

    private static void send(Socket socket, String method, String path, String headers) throws IOException {
        socket.getOutputStream()
                .write((method + " " + path + " HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n").getBytes());
    }

    private String data(String method, String path, String headers) throws IOException {
        try (Socket socket = connect()) {
            send(socket, method, path, headers + "Connection: close\r\n");
            return new String(socket.getInputStream().readAllBytes());
        }
    }

    private static BufferedReader reader(Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    private static boolean readTo(BufferedReader lines, String wanted) throws IOException {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.equals(wanted)) {
                return true;
            }
        }
        return false;
    }

    private int clock(SSLContext context, Token.Minted token) throws Exception {
        try (HttpClient http = HttpClient.newBuilder().sslContext(context).build()) {
            return http.send(
                            HttpRequest.newBuilder(URI.create("https://" + listen + "/v1/apps/shop/clock"))
                                    .header("Authorization", "Bearer " + token.secret())
                                    .build(),
                            BodyHandlers.ofString())
                    .statusCode();
        }
    }

    @Test
    void start_redisThatCannotBeReached_warnsAndServes() throws Exception {
        Process process = ready(
                Map.of("FRESHET_REDIS_URL", "redis://user:hunter2@127.0.0.1:" + Ports.free(), "FRESHET_LISTN", "x"));

        Awaitility.await().atMost(START_MAX).until(() -> log().contains("The store does not answer"));
        process.destroy();

        assertThat(exit(process)).isZero();
        assertThat(log())
                .contains("FRESHET_LISTN means nothing to Freshet: did you mean FRESHET_LISTEN?")
                .contains("Store: redis at 127.0.0.1:")
                .doesNotContain("hunter2");
    }

    @Test
    void log_controlCharactersInAMessage_stayOnItsLine() throws Exception {
        Process process = ready(Map.of("FRESHET_A\n2026-01-01T00:00:00.000Z INFO  Main forged\r\u001b[31m", "x"));
        process.destroy();

        assertThat(exit(process)).isZero();
        assertThat(lines().getFirst())
                .endsWith(
                        "variable FRESHET_A\\n2026-01-01T00:00:00.000Z INFO  Main forged??[31m means nothing to Freshet");
        assertThat(lines()).hasSize(7);
    }

    @Test
    void start_wrongValues_endsWith78AndNamesThem() throws Exception {
        Process process = start(Map.of(
                "FRESHET_LISTEN", "8484", "FRESHET_REDIS_URL", "http://:hunter2@redis", "FRESHET_LEASE_TTL", "1d"));

        assertThat(exit(process)).isEqualTo(78);
        assertThat(lines())
                .containsExactly(
                        "Freshet cannot start with this configuration:",
                        "  listen is host:port with a port from 0 (any) to 65535, such as 127.0.0.1:8484 or [::]:8484,"
                                + " was \"8484\" (FRESHET_LISTEN)",
                        "  lease.ttl is 100ms to 10m, was \"1d\" (FRESHET_LEASE_TTL)",
                        "  redis.url is redis://[user[:password]@]host[:port][/db], rediss://…, unix:///path,"
                                + " redis+sentinel://host[:port],…/master or redis+cluster://host[:port],…, was"
                                + " \"http://***@redis\" (FRESHET_REDIS_URL)");
    }

    @Test
    void start_fileOfTheWorkingDirectory_isRead() throws Exception {
        Files.createDirectory(folder.resolve("conf"));
        Files.writeString(folder.resolve("conf/freshet.yaml"), "near.byte: 1GiB\n");

        assertThat(exit(start(Map.of()))).isEqualTo(78);
        assertThat(log()).contains("conf/freshet.yaml: there is no key near.byte: did you mean near.bytes?");
    }

    @Test
    void start_namedFile_isReadInstead() throws Exception {
        Files.writeString(folder.resolve("other.yaml"), "log.level: loud\n");

        assertThat(exit(start(Map.of(), "--config", "other.yaml"))).isEqualTo(78);
        assertThat(log()).contains("log.level is error, warn, info, debug, trace, was \"loud\" (other.yaml)");
    }

    @Test
    void start_namedFileMissing_endsWith78() throws Exception {
        assertThat(exit(start(Map.of(), "--config", "none.yaml"))).isEqualTo(78);
        assertThat(log()).contains("none.yaml: cannot be read");
    }

    @Test
    void start_addressInUse_endsWith77AndNamesTheKey() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + taken.getLocalPort();

            assertThat(exit(start(Map.of("FRESHET_LISTEN", address)))).isEqualTo(77);
            assertThat(log()).contains("Freshet cannot start: listen: cannot listen on " + address);
            Files.delete(folder.resolve("log"));
            assertThat(exit(start(Map.of("FRESHET_ADMIN_LISTEN", address)))).isEqualTo(77);
            assertThat(log()).contains("Freshet cannot start: admin.listen: cannot listen on " + address);
        }
    }

    @Test
    void arguments_unknown_endsWith64() throws Exception {
        assertThat(exit(start(Map.of(), "--port", "80"))).isEqualTo(64);
        assertThat(log()).contains("Usage: ");
    }

    @Test
    void arguments_version_printsIt() throws Exception {
        assertThat(exit(start(Map.of(), "--version"))).isZero();
        assertThat(log()).isEqualTo("freshet " + Version.TEXT + "\n");
    }

    @Test
    void arguments_help_printsUsage() throws Exception {
        assertThat(exit(start(Map.of(), "--help"))).isZero();
        assertThat(log()).startsWith("Usage: ");
    }

    private Process ready(Map<String, String> environment) throws IOException {
        Process process = start(environment);
        Awaitility.await().atMost(START_MAX).until(() -> !process.isAlive() || isReady());
        assertThat(process.isAlive()).as(log()).isTrue();
        Awaitility.await().atMost(START_MAX).until(() -> log().contains("Operations on"));
        return process;
    }

    private boolean isReady() throws Exception {
        try {
            return get("/readyz").equals("ready\n");
        } catch (ConnectException e) {
            return false;
        }
    }

    private String get(String path) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                            HttpRequest.newBuilder(URI.create("http://" + admin + path))
                                    .build(),
                            BodyHandlers.ofString())
                    .body();
        }
    }

    private Process start(Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Tools.java().toString(), "-jar", JAR.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("FRESHET_"));
        builder.environment()
                .putAll(Map.of("FRESHET_LISTEN", listen, "FRESHET_ADMIN_LISTEN", admin, "FRESHET_LOG_FORMAT", "text"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        started.add(process);
        return process;
    }

    private static int exit(Process process) throws InterruptedException {
        assertThat(process.waitFor(START_MAX.toSeconds(), TimeUnit.SECONDS))
                .as("it ended")
                .isTrue();
        return process.exitValue();
    }

    private String log() throws IOException {
        return Files.readString(folder.resolve("log"));
    }

    private List<String> lines() throws IOException {
        return log().lines().toList();
    }
}
