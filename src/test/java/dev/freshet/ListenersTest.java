package dev.freshet;

import static dev.freshet.testing.Futures.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.edge.EdgeConfig;
import dev.freshet.edge.Scope;
import dev.freshet.edge.Tls;
import dev.freshet.edge.Token;
import dev.freshet.entry.Coding;
import dev.freshet.http.HttpConfig;
import dev.freshet.testing.Certificate;
import dev.freshet.testing.Futures;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Flow;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A replica behind TLS, and behind a Unix socket. */
class ListenersTest {
    private static final String CLOCK = "/v1/apps/shop/clock";

    private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    private final Token.Minted minted = Token.mint("all", Set.of("*"), EnumSet.allOf(Scope.class));
    private Freshet freshet;

    @TempDir
    Path folder;

    @AfterEach
    void stop() {
        if (freshet != null) {
            await(freshet.stop());
        }
        await(vertx.close());
    }

    private static Config config(HttpConfig http, EdgeConfig edge) {
        return Configs.of(http, edge, Optional.empty());
    }

    private void startTls(List<Token> tokens, Certificate server, Optional<Path> clientCa) {
        Tls tls = Tls.read(server.cert(), server.key(), clientCa);
        freshet = await(Freshet.start(
                vertx,
                config(new HttpConfig("127.0.0.1", 0, 1 << 20), EdgeConfig.DEFAULT.with(tokens, Optional.of(tls)))));
    }

    private static HttpResponse<String> get(SSLContext context, int port, String path, String... headers)
            throws Exception {
        try (HttpClient client = HttpClient.newBuilder().sslContext(context).build()) {
            return client.send(request(port, path, headers).GET().build(), BodyHandlers.ofString());
        }
    }

    private static HttpRequest.Builder request(int port, String path, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(10));
        return headers.length == 0 ? request : request.headers(headers);
    }

    @Test
    void tls_onBothAddresses_speaksHttp2AndHttp1() throws Exception {
        Certificate server = Certificate.make(folder, "server", "EC", 10);
        startTls(List.of(), server, Optional.empty());
        SSLContext trusting = server.trusting();

        for (int port : List.of(freshet.port(), freshet.adminPort())) {
            String path = port == freshet.port() ? CLOCK : "/metrics";
            HttpResponse<String> answer = get(trusting, port, path);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.version()).isEqualTo(Version.HTTP_2);
            try (HttpClient old = HttpClient.newBuilder()
                    .sslContext(trusting)
                    .version(Version.HTTP_1_1)
                    .build()) {
                assertThat(old.send(request(port, path).build(), BodyHandlers.ofString())
                                .version())
                        .isEqualTo(Version.HTTP_1_1);
            }
        }
    }

    @Test
    void http2_entryPutRefusedAndRead_leavesItsConnectionIntact() throws Exception {
        Certificate server = Certificate.make(folder, "server", "RSA", 10);
        startTls(List.of(), server, Optional.empty());
        String entries = "/v1/apps/shop/deployments/v1/entries/";

        try (HttpClient client =
                HttpClient.newBuilder().sslContext(server.trusting()).build()) {
            var kept = client.sendAsync(
                    request(freshet.port(), "/v1/apps/shop/invalidations").build(), BodyHandlers.ofInputStream());
            InputStream events = kept.join().body();
            assertThat(events.read()).isEqualTo('e');
            HttpResponse<String> tooLarge = client.send(
                    request(freshet.port(), entries + "large")
                            .PUT(BodyPublishers.ofByteArray(new byte[2 << 20]))
                            .build(),
                    BodyHandlers.ofString());
            HttpResponse<String> put = client.send(
                    request(freshet.port(), entries + "a", "Cache-Groups", "\"t\"")
                            .PUT(BodyPublishers.ofString("hello"))
                            .build(),
                    BodyHandlers.ofString());
            HttpResponse<String> got =
                    client.send(request(freshet.port(), entries + "a").build(), BodyHandlers.ofString());

            assertThat(tooLarge.statusCode()).isEqualTo(413);
            assertThat(tooLarge.version()).isEqualTo(Version.HTTP_2);
            assertThat(put.statusCode()).isEqualTo(201);
            assertThat(got.body()).isEqualTo("hello");
            String told = "";
            while (!told.contains("event: write")) {
                told += (char) events.read();
            }
            events.close();
        }
    }

    @Test
    void http2_repeatedReads_areAnsweredAsAnyOther_andEndWithTheirTag() throws Exception {
        Certificate server = Certificate.make(folder, "server", "EC", 10);
        startTls(List.of(minted.token()), server, Optional.empty());
        String app = "/v1/apps/shop";
        String[] bearer = {"Authorization", "Bearer " + minted.secret()};
        HttpRequest read = request(freshet.port(), app + "/deployments/v1/entries/a", bearer)
                .build();
        String body = "b".repeat(16_384);

        try (HttpClient client =
                HttpClient.newBuilder().sslContext(server.trusting()).build()) {
            HttpRequest write = request(freshet.port(), app + "/deployments/v1/entries/a", bearer)
                    .header("Cache-Groups", "\"t\"")
                    .PUT(BodyPublishers.ofString(body))
                    .build();
            assertThat(client.send(write, BodyHandlers.ofString()).statusCode()).isEqualTo(201);
            client.send(read, BodyHandlers.ofString());
            HttpRequest other = HttpRequest.newBuilder(read, (name, value) -> true)
                    .header("X-Id", "1")
                    .build();
            HttpResponse<String> first = client.send(other, BodyHandlers.ofString());
            assertThat(client.send(read, BodyHandlers.ofString()).version()).isEqualTo(Version.HTTP_2);
            double before = repeated(client, bearer);

            // Many at once have to wait for the client's windows.
            var reads = IntStream.range(0, 100)
                    .mapToObj(i -> client.sendAsync(read, BodyHandlers.ofString()))
                    .toList();
            for (var each : reads) {
                HttpResponse<String> answer = each.join();
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(answer.body()).isEqualTo(body);
                assertThat(ageless(answer)).isEqualTo(ageless(first));
            }
            assertThat(repeated(client, bearer)).isEqualTo(before + 100);

            HttpRequest end = request(freshet.port(), app + "/invalidations", bearer)
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofString("{\"tags\":[\"t\"],\"mode\":\"hard\"}"))
                    .build();
            assertThat(client.send(end, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
            assertThat(client.send(read, BodyHandlers.ofString()).statusCode()).isEqualTo(404);
            HttpRequest unknown = request(
                            freshet.port(), app + "/deployments/v1/entries/a", "Authorization", "Bearer x")
                    .build();
            for (int i = 0; i < 2; i++) {
                assertThat(client.send(unknown, BodyHandlers.ofString()).statusCode())
                        .isEqualTo(401);
            }
        }
    }

    private double repeated(HttpClient client, String... bearer) throws Exception {
        String metrics = client.send(
                        request(freshet.adminPort(), "/metrics", bearer).build(), BodyHandlers.ofString())
                .body();
        return Double.parseDouble(metrics.lines()
                .filter(line -> line.startsWith("freshet_requests_repeated_total "))
                .findFirst()
                .orElseThrow()
                .split(" ")[1]);
    }

    private static Map<String, List<String>> ageless(HttpResponse<String> answer) {
        Map<String, List<String>> fields = new HashMap<>(answer.headers().map());
        fields.remove("age");
        return fields;
    }

    @Test
    void http2_bodyThatTakesTooLong_isReset_andItsConnectionServesOn() throws Exception {
        Certificate server = Certificate.make(folder, "server", "EC", 10);
        EdgeConfig edge = EdgeConfig.DEFAULT.with(
                List.of(), Optional.of(Tls.read(server.cert(), server.key(), Optional.empty())));
        freshet = await(Freshet.start(
                vertx,
                config(
                        new HttpConfig("127.0.0.1", 0, 1 << 20),
                        new EdgeConfig(
                                edge.tokens(),
                                edge.tls(),
                                edge.connectionsMax(),
                                edge.requestsMax(),
                                edge.streamsMax(),
                                edge.headTimeout(),
                                Duration.ofSeconds(1),
                                edge.idleTimeout()))));

        Flow.Publisher<ByteBuffer> stalled = reader -> reader.onSubscribe(new Flow.Subscription() {
            @Override
            public void request(long more) {}

            @Override
            public void cancel() {}
        });
        try (HttpClient client =
                HttpClient.newBuilder().sslContext(server.trusting()).build()) {
            assertThat(client.send(request(freshet.port(), CLOCK).build(), BodyHandlers.discarding())
                            .version())
                    .isEqualTo(Version.HTTP_2);
            assertThatThrownBy(() -> client.send(
                            request(freshet.port(), "/v1/apps/shop/deployments/v1/entries/slow")
                                    .PUT(BodyPublishers.fromPublisher(stalled))
                                    .build(),
                            BodyHandlers.discarding()))
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(HttpTimeoutException.class);
            assertThat(client.send(request(freshet.port(), CLOCK).build(), BodyHandlers.discarding())
                            .statusCode())
                    .isEqualTo(200);
            assertThat(client.send(request(freshet.adminPort(), "/metrics").build(), BodyHandlers.ofString())
                            .body())
                    .contains("freshet_refused_total{reason=\"slow\"} 1.0");
        }
    }

    @Test
    void console_behindTls_answersToTheNameOfItsCertificate() throws Exception {
        Certificate server = Certificate.make(folder, "server", "EC", 10);
        startTls(List.of(), server, Optional.empty());

        try (var socket = server.trusting().getSocketFactory().createSocket("127.0.0.1", freshet.adminPort())) {
            socket.getOutputStream()
                    .write("GET /console/ HTTP/1.1\r\nHost: freshet.example\r\nConnection: close\r\n\r\n".getBytes());
            assertThat(new String(socket.getInputStream().readNBytes(15))).isEqualTo("HTTP/1.1 200 OK");
        }
    }

    @Test
    void clientCa_withoutACertificate_letsInProbesAlone() throws Exception {
        Certificate server = Certificate.make(folder, "server", "EC", 10);
        Certificate client = Certificate.make(folder, "client", "EC", 10);
        Certificate stranger = Certificate.make(folder, "stranger", "EC", 10);
        startTls(List.of(), server, Optional.of(client.cert()));
        SSLContext known = server.trustingAndShowing(client);

        assertThat(get(known, freshet.port(), CLOCK).statusCode()).isEqualTo(200);
        assertThat(get(known, freshet.adminPort(), "/metrics").statusCode()).isEqualTo(200);
        assertThatThrownBy(() -> get(server.trusting(), freshet.port(), CLOCK)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> get(server.trustingAndShowing(stranger), freshet.port(), CLOCK))
                .isInstanceOf(IOException.class);
        assertThat(get(server.trusting(), freshet.adminPort(), "/readyz").statusCode())
                .isEqualTo(200);
        for (String path : List.of("/metrics", "/console/", "/console/api/state", "/console/api/apps/shop/replicas")) {
            assertThat(get(server.trusting(), freshet.adminPort(), path).statusCode())
                    .as(path)
                    .isEqualTo(401);
            assertThat(get(known, freshet.adminPort(), path).statusCode())
                    .as(path)
                    .isEqualTo(200);
        }
        assertThatThrownBy(() -> get(SSLContext.getDefault(), freshet.port(), CLOCK))
                .isInstanceOf(SSLException.class);
    }

    @Test
    void tokens_onTheOperationsAddress_areAskedForButByProbes() throws Exception {
        Certificate server = Certificate.make(folder, "server", "EC", 10);
        Token.Minted reader = Token.mint("reader", Set.of("*"), EnumSet.of(Scope.ENTRIES_READ));
        startTls(List.of(minted.token(), reader.token()), server, Optional.empty());
        SSLContext trusting = server.trusting();
        int port = freshet.adminPort();

        assertThat(get(trusting, port, "/livez").statusCode()).isEqualTo(200);
        assertThat(get(trusting, port, "/readyz").statusCode()).isEqualTo(200);
        for (String path : List.of("/metrics", "/version")) {
            HttpResponse<String> refused = get(trusting, port, path);
            assertThat(refused.statusCode()).isEqualTo(401);
            assertThat(refused.headers().firstValue("www-authenticate")).contains("Bearer realm=\"freshet\"");
            assertThat(get(trusting, port, path, "Authorization", "Bearer " + reader.secret())
                            .statusCode())
                    .isEqualTo(403);
            assertThat(get(trusting, port, path, "Authorization", "Bearer " + minted.secret())
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    private Freshet onSocket(Path socket, EdgeConfig edge) {
        return await(Freshet.start(
                vertx,
                config(
                        new HttpConfig("127.0.0.1", 0, 1 << 20, 2 << 20, Coding.NONE, 16, Optional.of(socket), "600"),
                        edge)));
    }

    private static String ask(Path socket, String headers) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            channel.write(ByteBuffer.wrap(
                    ("GET " + CLOCK + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + headers + "\r\n")
                            .getBytes(StandardCharsets.US_ASCII)));
            return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void socket_ofALivingReplica_servesAndIsRemovedWithIt() throws Exception {
        Path socket = folder.resolve("s");
        Certificate server = Certificate.make(folder, "server", "EC", 10);
        Tls tls = Tls.read(server.cert(), server.key(), Optional.empty());
        freshet = onSocket(socket, EdgeConfig.DEFAULT.with(List.of(minted.token()), Optional.of(tls)));

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                .isEqualTo("rw-------");
        assertThat(ask(socket, "")).startsWith("HTTP/1.1 401 ");
        assertThat(ask(socket, "Authorization: Bearer " + minted.secret() + "\r\n"))
                .startsWith("HTTP/1.1 200 ");
        await(freshet.stop());
        assertThat(socket).doesNotExist();
    }

    @Test
    void socket_leftBehind_isReplaced() throws Exception {
        Path socket = folder.resolve("s");
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(socket))
                .close();
        assertThat(socket).exists();

        freshet = onSocket(socket, EdgeConfig.DEFAULT);

        assertThat(ask(socket, "")).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void socket_thatSomebodyAnswersOn_orThatIsNone_isLeftAlone() throws Exception {
        Path socket = folder.resolve("s");
        Path file = Files.writeString(folder.resolve("file"), "precious");
        try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.bind(UnixDomainSocketAddress.of(socket));

            assertThat(refusal(socket))
                    .isEqualTo("http.socket: cannot listen on " + socket + " (another process listens there)");
        }
        assertThat(socket).exists();
        assertThat(refusal(file))
                .isEqualTo("http.socket: cannot listen on " + file + " (there is something else than a socket)");
        assertThat(file).hasContent("precious");
    }

    private String refusal(Path socket) {
        Throwable failed = Futures.failure(Freshet.start(
                vertx,
                config(
                        new HttpConfig("127.0.0.1", 0, 1 << 20, 2 << 20, Coding.NONE, 16, Optional.of(socket), "600"),
                        EdgeConfig.DEFAULT)));
        assertThat(failed).isInstanceOf(StartException.class);
        return failed.getMessage();
    }
}
