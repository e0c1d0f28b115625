package dev.freshet.http;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.failure;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.freshet.edge.EdgeMeters;
import dev.freshet.testing.OnVertx;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class SendingTest extends OnVertx {
    private static final int BODY_BYTES = 8 << 20;
    private static final int SLOW = 24;
    private static final String GET = "GET / HTTP/1.1\nHost: h\n\n";

    private final byte[] body = new byte[BODY_BYTES];
    private final Buffer shared = Buffer.buffer(body);
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final EdgeMeters meters = new EdgeMeters(registry, "data");
    private final UnderWay underWay = new UnderWay(3 * BODY_BYTES, meters);
    private final Bodies bodies = new Bodies(underWay, meters, Duration.ofMinutes(1));
    private final Bodies hasty = new Bodies(underWay, meters, Duration.ofMillis(100));
    private final Promise<Future<Void>> sending = Promise.promise();
    private HttpServer server;

    @BeforeEach
    void serve() {
        new Random(1).nextBytes(body);
        server = await(vertx.createHttpServer().requestHandler(this::answer).listen(0, "127.0.0.1"));
    }

    @AfterEach
    void stop() {
        await(server.close());
    }

    private void answer(HttpServerRequest request) {
        if (request.path().startsWith("/bounded")) {
            request.response().putHeader(HttpHeaders.ETAG, "\"a\"");
            boolean same = request.path().endsWith("/same");
            Bodies sent = request.path().endsWith("/hasty") ? hasty : bodies;
            request.response().putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(BODY_BYTES));
            sent.send(request, same ? shared : Buffer.buffer(body))
                    .onFailure(failure -> Problem.answer(request, failure));
            return;
        }
        request.response().putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(BODY_BYTES));
        int half = BODY_BYTES / 2 - 1;
        Buffer whole = Buffer.buffer(body);
        sending.tryComplete(
                request.path().equals("/parts")
                        ? Sending.of(
                                request.response(),
                                List.of(whole.slice(0, half), whole.slice(half, BODY_BYTES), Buffer.buffer()))
                        : Sending.of(request.response(), List.of(whole)));
    }

    @Test
    void body_inOneOrInParts_arrivesWhole() throws IOException {
        for (String path : List.of("/", "/parts")) {
            HttpURLConnection connection =
                    (HttpURLConnection) URI.create("http://127.0.0.1:" + server.actualPort() + path)
                            .toURL()
                            .openConnection();
            assertThat(connection.getInputStream().readAllBytes()).isEqualTo(body);
        }
        await(sending.future().compose(sent -> sent));
    }

    @Test
    void clientThatReadsNothing_isSentALittle() throws IOException {
        long before = outsideTheHeap();
        List<Wire> clients = new ArrayList<>();
        for (int i = 0; i < SLOW; i++) {
            Wire client = new Wire(server.actualPort());
            clients.add(client);
            client.send(GET).readTo("\r\n\r\n");
        }

        assertThat(outsideTheHeap() - before).isLessThan((long) SLOW * (1 << 20));
        for (Wire client : clients) {
            client.close();
        }
    }

    @Test
    void bodies_ofMoreThanMayBeUnderWay_areRefusedUntilTheyAreGone() throws IOException {
        ListAppender<ILoggingEvent> faults = new ListAppender<>();
        faults.start();
        Logger log = (Logger) LoggerFactory.getLogger(Problem.class);
        log.addAppender(faults);
        List<Wire> slow = new ArrayList<>();
        for (String path : List.of("/bounded/same", "/bounded/same", "/bounded/same", "/bounded", "/bounded")) {
            Wire wire = new Wire(server.actualPort());
            slow.add(wire);
            assertThat(wire.send("GET " + path + " HTTP/1.1\nHost: h\n\n").readTo("\r\n\r\n"))
                    .startsWith("HTTP/1.1 200 ");
        }
        try (Wire wire = new Wire(server.actualPort())) {
            assertThat(wire.send("GET /bounded HTTP/1.1\nHost: h\n\n").readTo("\r\n\r\n"))
                    .startsWith("HTTP/1.1 503 ")
                    .doesNotContainIgnoringCase("etag");
        }
        for (Wire wire : slow) {
            wire.close();
        }
        until(this::isSent);
        log.detachAppender(faults);
        assertThat(faults.list).as("that a client goes is no fault").isEmpty();
    }

    @Test
    void clientThatTakesTooLong_isSentAway() throws IOException {
        List<Wire> slow = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Wire wire = new Wire(server.actualPort());
            slow.add(wire);
            wire.send("GET /bounded/hasty HTTP/1.1\nHost: h\n\n").readTo("\r\n\r\n");
        }

        until(() -> registry.counter("freshet.refused", "reason", "slow").count() == 3);
        until(this::isSent);
        for (Wire wire : slow) {
            wire.close();
        }
    }

    private boolean isSent() throws IOException {
        try (Wire wire = new Wire(server.actualPort())) {
            return wire.send("GET /bounded HTTP/1.1\nHost: h\n\n")
                    .readTo("\r\n\r\n")
                    .startsWith("HTTP/1.1 200 ");
        }
    }

    private static long outsideTheHeap() {
        return ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT)
                .metric()
                .usedDirectMemory();
    }

    @Test
    void clientThatGoes_isAFailure() throws IOException {
        try (Wire client = new Wire(server.actualPort())) {
            client.send(GET).readTo("\r\n\r\n");
        }

        assertThat(failure(await(sending.future()))).isNotNull();
    }

    @Test
    void clientThatIsGone_isAFailure() {
        Promise<Void> gone = Promise.promise();
        HttpServer late = await(vertx.createHttpServer()
                .requestHandler(request -> {
                    request.response().closeHandler(closed -> gone.complete());
                    gone.future().onSuccess(closed -> answer(request));
                })
                .listen(0, "127.0.0.1"));
        try (Wire client = new Wire(late.actualPort())) {
            client.send(GET);
        } catch (IOException e) {
            throw new AssertionError(e);
        }

        assertThat(failure(await(sending.future()))).isNotNull();
        await(late.close());
    }
}
