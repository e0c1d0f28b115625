package dev.freshet.http;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.edge.EdgeConfig;
import dev.freshet.edge.Scope;
import dev.freshet.edge.Shortcut;
import dev.freshet.edge.Token;
import dev.freshet.entry.Body;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Frame;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.gateway.Lookup.Source;
import dev.freshet.store.StoreException;
import dev.freshet.tag.Tag;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HitsTest extends OnApi {
    private static final AtomicInteger TURN = new AtomicInteger();

    private final String path = Api.entry("hit-" + TURN.incrementAndGet());

    private static Entry entry(Lifetime lifetime) {
        Key key = Key.of("shop", "v1", "k");
        return new Entry(key, 1, 0, 0, List.of(new Tag("a")), lifetime, "text/plain", "", Body.EMPTY);
    }

    private static Key keyOf(String path) {
        return Key.of("shop", "v1", path.substring(path.lastIndexOf('/') + 1));
    }

    private static EdgeConfig withRequests(int most) {
        EdgeConfig usual = EdgeConfig.DEFAULT;
        return new EdgeConfig(
                usual.tokens(),
                usual.tls(),
                usual.connectionsMax(),
                most,
                usual.streamsMax(),
                usual.headTimeout(),
                usual.bodyTimeout(),
                usual.idleTimeout());
    }

    private static String get(String path, String... fields) {
        String more = fields.length == 0 ? "" : String.join("\n", fields) + "\n";
        return "GET " + path + " HTTP/1.1\nHost: h\n" + more + "\n";
    }

    /* A second may pass between two answers. */
    private static String ageless(String head) {
        return head.replaceAll("age: \\d+|ttl=\\d+", "");
    }

    private static String ticketless(String head) {
        return head.replaceAll("Freshet-As-Of: [^\r]*", "");
    }

    private static String answer(Wire wire, String body) throws IOException {
        return ageless(wire.readTo("\r\n\r\n" + body));
    }

    private static double repeated() {
        return api.count("freshet.requests.repeated");
    }

    /** Whether what is answered now was found without reading the request. */
    private static boolean repeats(Wire wire, String request, String body) throws IOException {
        double before = repeated();
        answer(wire.send(request), body);
        return repeated() > before;
    }

    private void put(String body, String... fields) {
        assertThat(api.put(path, body, fields).status()).isBetween(201, 204);
        assertThat(api.get(path).text()).isEqualTo(body);
    }

    @Test
    void repeatedRead_isAnsweredAsTheFirst_byteForByte() throws IOException {
        put(
                "body",
                "Content-Type",
                "text/plain",
                "Cache-Groups",
                "\"a\", \"b\"",
                "Freshet-Lifetime",
                "revalidate=60, expire=600");
        double before = repeated();
        long timed = api.requests("read");
        try (Wire wire = api.wire()) {
            String first = answer(wire.send(get(path)), "body");

            for (int i = 0; i < 3; i++) {
                assertThat(answer(wire.send(get(path)), "body")).isEqualTo(first);
            }
            assertThat(repeated()).isEqualTo(before + 3);
            assertThat(api.requests("read")).isEqualTo(timed + 4);
            assertThat(first).contains("cache-control: no-store", "Freshet-State: fresh", "detail=near");
        }
    }

    @Test
    void whatIsInvalidated_isNotAnsweredAgain() throws IOException {
        put("body", "Cache-Groups", "\"ended\"");
        try (Wire wire = api.wire()) {
            answer(wire.send(get(path)), "body");
            assertThat(repeats(wire, get(path), "body")).isTrue();

            api.invalidate("ended");

            assertThat(wire.send(get(path)).readTo("\r\n\r\n")).startsWith("HTTP/1.1 404");
        }
    }

    @Test
    void whatIsWrittenAnew_isAnswered() throws IOException {
        put("body");
        try (Wire wire = api.wire()) {
            answer(wire.send(get(path)), "body");
            put("newer");

            assertThat(repeats(wire, get(path), "newer")).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Freshet-Lease: want",
                "Prefer: wait=1",
                "If-None-Match: \"x\"",
                "Accept: " + Frame.MEDIA_TYPE,
                "Accept: Application/Vnd.Freshet.Entry; q=1",
                "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "Expect: 100-continue",
                "Anything: else"
            })
    void readThatSaysMore_isRead(String field) throws IOException {
        put("body");
        try (Wire wire = api.wire()) {
            wire.send(get(path, field)).readTo("body");

            assertThat(repeats(wire, get(path, field), "")).isFalse();
        }
    }

    @Test
    void fieldsOfWhichTheAnswerDepends_areNotIdle() {
        assertThat(Hits.isIdle("connection", "Keep-Alive")).isTrue();
        assertThat(Hits.isIdle("connection", "close")).isFalse();
        assertThat(Hits.isIdle("content-length", "1")).isFalse();
        assertThat(Hits.isIdle("accept", "text/html")).isTrue();
    }

    @Test
    void readThatEndsItsConnection_endsIt() throws IOException {
        put("body");
        try (Wire wire = api.wire()) {
            answer(wire.send(get(path, "Connection: keep-alive")), "body");
            assertThat(repeats(wire, get(path, "Connection: keep-alive"), "body"))
                    .isTrue();

            String close = get(path, "Connection: close");
            assertThat(wire.send(close + close).readAll()).endsWith("body").containsOnlyOnce("HTTP/1.1 200");
        }
    }

    @Test
    void longBody_isRead() throws IOException {
        String body = "x".repeat(16_385);
        put(body);
        try (Wire wire = api.wire()) {
            answer(wire.send(get(path)), body);
            assertThat(repeats(wire, get(path), body)).isFalse();

            put(body.substring(1));
            assertThat(repeats(wire, get(path), body.substring(1))).isTrue();
        }
    }

    @Test
    void bodyKeptCompressed_isRead() throws IOException {
        String body = "compressible ".repeat(1_000);
        try (Api compressing = Api.compressing();
                Wire wire = compressing.wire()) {
            compressing.put(path, body);
            compressing.get(path);
            for (int i = 0; i < 3; i++) {
                wire.send(get(path)).readTo("\r\n\r\n" + body);
            }
            assertThat(compressing.count("freshet.requests.repeated")).isZero();
        }
    }

    @Test
    void tokenThatIsReplaced_isRefusedAtOnce() throws IOException {
        Token.Minted mine = Token.mint("mine", Set.of("shop"), Set.of(Scope.ENTRIES_READ, Scope.ENTRIES_WRITE));
        Token.Minted other = Token.mint("mine", Set.of("shop"), Set.of(Scope.ENTRIES_READ));
        String bearer = "Authorization: Bearer " + mine.secret();
        try (Api guarded = Api.start(EdgeConfig.DEFAULT.with(List.of(mine.token()), Optional.empty()));
                Wire wire = guarded.wire()) {
            guarded.put(path, "body", "Authorization", "Bearer " + mine.secret());
            for (int i = 0; i < 3; i++) {
                wire.send(get(path, bearer)).readTo("\r\n\r\nbody");
            }
            assertThat(guarded.count("freshet.requests.repeated")).isPositive();

            guarded.access.replace(List.of(other.token()));

            assertThat(wire.send(get(path, bearer)).readTo("\r\n\r\n")).startsWith("HTTP/1.1 401");
        }
    }

    @Test
    void tokenOfAnotherApp_isRefused() throws IOException {
        Token.Minted shop = Token.mint("shop", Set.of("shop"), Set.of(Scope.ENTRIES_READ, Scope.ENTRIES_WRITE));
        Token.Minted blog = Token.mint("blog", Set.of("blog"), Set.of(Scope.ENTRIES_READ, Scope.ENTRIES_WRITE));
        try (Api guarded = Api.start(EdgeConfig.DEFAULT.with(List.of(shop.token(), blog.token()), Optional.empty()));
                Wire wire = guarded.wire()) {
            guarded.put(path, "body", "Authorization", "Bearer " + shop.secret());
            guarded.get(path, "Authorization", "Bearer " + shop.secret());

            for (int i = 0; i < 3; i++) {
                String answer = wire.send(get(path, "Authorization: Bearer " + blog.secret()))
                        .readTo("\r\n\r\n");
                assertThat(answer).startsWith("HTTP/1.1 403");
                wire.readTo("}");
            }
        }
    }

    @Test
    void appThatIsOneTooMany_isRefused_andTheConnectionGoesOn() throws IOException {
        try (Api full = Api.start();
                Wire wire = full.wire()) {
            for (int i = 0; i < Api.APPS_MAX; i++) {
                assertThat(wire.send(get("/v1/apps/app-" + i + "/deployments/v1/entries/k"))
                                .readTo("\r\n\r\n"))
                        .startsWith("HTTP/1.1 404");
            }
            for (int i = 0; i < 3; i++) {
                String refused = wire.send(get("/v1/apps/another/deployments/v1/entries/k"))
                        .readTo("}");
                assertThat(refused).contains("too-many-apps");
            }
        }
    }

    @Test
    void drainingReplica_endsTheConnection() throws IOException {
        try (Api leaving = Api.start();
                Wire wire = leaving.wire()) {
            leaving.put(path, "body");
            for (int i = 0; i < 3; i++) {
                wire.send(get(path)).readTo("\r\n\r\nbody");
            }
            leaving.http.drain();

            assertThat(wire.send(get(path)).readAll())
                    .contains("connection: close")
                    .endsWith("body");
        }
    }

    @Test
    void pipelinedReads_areAnsweredInTheirOrder() throws IOException {
        put("body");
        try (Wire wire = api.wire()) {
            answer(wire.send(get(path)), "body");

            sendFive(wire);

            assertAnswered(wire);
        }
    }

    /* What is there and what is missing, in turn. */
    private void sendFive(Wire wire) throws IOException {
        String missing = get(Api.entry("missing"));
        wire.send(get(path) + missing + get(path) + missing + get(path));
    }

    private static void assertAnswered(Wire five) throws IOException {
        for (int i = 0; i < 5; i++) {
            boolean found = i % 2 == 0;
            assertThat(five.readTo("\r\n\r\n")).startsWith(found ? "HTTP/1.1 200" : "HTTP/1.1 404");
            five.readTo(found ? "body" : "");
        }
    }

    @Test
    void head_isThatOfItsMillisecond() {
        Entry entry = entry(new Lifetime(2_345, Lifetime.NEVER));
        Entry undated = entry(new Lifetime(Lifetime.NEVER, Lifetime.NEVER));
        EntryHead head = new EntryHead(entry);
        EntryHead undatedHead = new EntryHead(undated);

        for (long ageMs = 0; ageMs < 5_000; ageMs++) {
            assertThat(head(head, entry, ageMs, Source.NEAR))
                    .isEqualTo(head(new EntryHead(entry), entry, ageMs, Source.NEAR));
            assertThat(head(undatedHead, undated, ageMs, Source.NEAR))
                    .isEqualTo(head(new EntryHead(undated), undated, ageMs, Source.NEAR));
        }
        for (Source source : List.of(Source.NEAR, Source.STORE)) {
            assertThat(head(head, entry, 0, source)).isEqualTo(head(new EntryHead(entry), entry, 0, source));
        }
    }

    /* As HTTP/1.1 sends it, and as HTTP/2 does. */
    private static List<String> head(EntryHead head, Entry entry, long ageMs, Source source) {
        Shortcut.Whole whole = head.whole(entry, ageMs, source);
        ByteBuf bytes = whole.bytes(UnpooledByteBufAllocator.DEFAULT);
        try {
            return List.of(
                    bytes.toString(StandardCharsets.ISO_8859_1), whole.fields().toString());
        } finally {
            bytes.release();
        }
    }

    /** Reads of entries that are not near. */
    @Nested
    class Far {
        private final EdgeConfig few = withRequests(16);
        private final Api far = Api.far(few);
        private final Promise<Void> held = Promise.promise();

        @AfterEach
        void close() {
            held.tryComplete();
            far.close();
        }

        private void put(String body, String... fields) {
            assertThat(far.put(path, body, fields).status()).isEqualTo(201);
        }

        private long reads() {
            return far.store.reads(keyOf(path));
        }

        private void awaitReads(long count) {
            until(() -> reads() >= count);
        }

        @Test
        void repeatedRead_isAnsweredAsTheFirst_byteForByte() throws IOException {
            put("body");
            long timed = far.requests("read");
            try (Wire wire = far.wire()) {
                String first = answer(wire.send(get(path)), "body");

                for (int i = 0; i < 3; i++) {
                    assertThat(answer(wire.send(get(path)), "body")).isEqualTo(first);
                }
                assertThat(far.count("freshet.requests.repeated")).isEqualTo(3);
                assertThat(far.requests("read")).isEqualTo(timed + 4);
                assertThat(reads()).isEqualTo(4);
                assertThat(first).contains("detail=store");
            }
        }

        @Test
        void whatIsMissing_isReadOnce() throws IOException {
            try (Wire wire = far.wire()) {
                String first = ticketless(wire.send(get(path)).readTo("\r\n\r\n"));

                assertThat(ticketless(wire.send(get(path)).readTo("\r\n\r\n"))).isEqualTo(first);
                assertThat(first).startsWith("HTTP/1.1 404");
                assertThat(reads()).isEqualTo(2);
                until(() -> far.requests("read") == 2);
            }
        }

        @Test
        void whatIsStale_isReadOnce_andToldSo() throws IOException {
            put("body", "Cache-Groups", "\"aged\"");
            far.post(Api.SHOP + "/invalidations", "{\"tags\":[\"aged\"],\"mode\":\"soft\"}");
            try (Wire wire = far.wire()) {
                for (int i = 1; i <= 3; i++) {
                    assertThat(wire.send(get(path)).readTo("\r\n\r\nbody")).contains("Freshet-State: stale");
                    assertThat(reads()).isEqualTo(i);
                }
            }
        }

        @Test
        void storeThatFails_isAskedOnce() throws IOException {
            far.store.breakOn(keyOf(path), new StoreException("no answer"));
            try (Wire wire = far.wire()) {
                for (int i = 1; i <= 2; i++) {
                    assertThat(wire.send(get(path)).readTo("\r\n\r\n")).startsWith("HTTP/1.1 503");
                    wire.readTo("}");
                    assertThat(reads()).isEqualTo(i);
                }
            }
        }

        @Test
        void timeInTheStore_isThatOfTheRequest_ifItIsReadAfterAll() throws IOException {
            try (Wire wire = far.wire()) {
                wire.send(get(path)).readTo("\r\n\r\n");
                until(() -> far.requests("read") == 1);
                double beforeMs = far.requestMs("read");
                far.store.holdReads(held.future());
                wire.send(get(path));
                awaitReads(2);
                long awaitedNanos = System.nanoTime();
                until(() -> System.nanoTime() - awaitedNanos > TimeUnit.MILLISECONDS.toNanos(50));
                held.complete();
                wire.readTo("\r\n\r\n");

                until(() -> far.requests("read") == 2);
                assertThat(far.requestMs("read") - beforeMs).isGreaterThan(50);
            }
        }

        @Test
        void pipelinedReads_areAnsweredInTheirOrder() throws IOException {
            put("body");
            try (Wire wire = far.wire()) {
                answer(wire.send(get(path)), "body");
                far.store.holdReads(held.future());

                sendFive(wire);
                awaitReads(2);
                held.complete();

                assertAnswered(wire);
            }
        }

        @Test
        void readsBeyondThoseThatMayWait_areRefused_untilOneWaitsNoMore() throws IOException {
            put("body");
            List<Wire> waiting = new ArrayList<>();
            for (int i = 0; i < few.requestsMax(); i++) {
                far.put(path + i, "body");
                waiting.add(far.wire());
                answer(waiting.getLast().send(get(path)), "body");
            }
            try (Wire last = far.wire()) {
                answer(last.send(get(path)), "body");
                far.store.holdReads(held.future());
                for (int i = 0; i < waiting.size(); i++) {
                    waiting.get(i).send(get(path + i));
                    Key key = keyOf(path + i);
                    until(() -> far.store.reads(key) > 0);
                }

                assertThat(last.send(get(path)).readTo("\r\n\r\n")).startsWith("HTTP/1.1 503");
                last.readTo("}");
                held.complete();

                for (Wire wire : waiting) {
                    assertThat(answer(wire, "body")).startsWith("HTTP/1.1 200");
                    wire.close();
                }
                assertThat(answer(last.send(get(path)), "body")).startsWith("HTTP/1.1 200");
            }
        }

        @Test
        void readThatIsAwaited_isAnsweredThoughTheReplicaStops() throws Exception {
            put("body");
            try (Wire wire = far.wire()) {
                answer(wire.send(get(path)), "body");
                far.store.holdReads(held.future());
                wire.send(get(path));
                awaitReads(2);

                Future<Void> stopped = far.stopServing();
                for (int turns = 0; turns < 100; turns++) {
                    await(far.http.call(Future::succeededFuture));
                }
                held.complete();

                assertThat(wire.readAll()).endsWith("body");
                await(stopped);
            }
        }
    }
}
