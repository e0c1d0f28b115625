package dev.freshet.http;

import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.entry.Frame;
import dev.freshet.entry.Key;
import io.vertx.core.Promise;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Bodies that do not come as they should. */
class BodiesTest extends OnApi {
    private static String put(String key, String headers) {
        return "PUT " + Api.entry(key) + " HTTP/1.1\nHost: h\n" + headers + "\n";
    }

    private static boolean isWritten(String key) {
        return api.store.written().contains(Key.of("shop", "v1", key).digest());
    }

    @Test
    void put_overTheLimitByItsLength_isRefusedUnread() throws IOException {
        try (Wire wire = api.wire()) {
            wire.send(put("unread", "Content-Length: " + (Api.BODY_BYTES_MAX + 1) + "\n"));

            assertThat(wire.readAll())
                    .startsWith("HTTP/1.1 413 ")
                    .contains("connection: close")
                    .contains("\"limit\":" + Api.BODY_BYTES_MAX);
        }
        assertThat(isWritten("unread")).isFalse();
    }

    @Test
    void put_overTheLimitByItsLength_isAnsweredThoughItIsSent() throws IOException {
        try (Wire wire = api.wire()) {
            wire.send(put("sent", "Content-Length: " + 4 * Api.BODY_BYTES_MAX + "\n"));
            wire.send(new byte[4 * Api.BODY_BYTES_MAX]);

            assertThat(wire.readAll()).startsWith("HTTP/1.1 413 ").doesNotContain("(reset)");
        }
    }

    @Test
    void put_overTheLimitInChunks_isRefused() throws IOException {
        try (Wire wire = api.wire()) {
            wire.send(put("chunks", "Transfer-Encoding: chunked\n"));
            String chunk = "10000\n" + "x".repeat(0x10000) + "\n";
            for (int i = 0; i <= Api.BODY_BYTES_MAX / 0x10000; i++) {
                wire.send(chunk);
            }

            assertThat(wire.readAll())
                    .startsWith("HTTP/1.1 413 ")
                    .contains("connection: close")
                    .contains("too-large");
        }
        assertThat(isWritten("chunks")).isFalse();
    }

    @Test
    void put_inChunks_isStored() throws IOException {
        try (Wire wire = api.wire()) {
            wire.send(put("chunked", "Transfer-Encoding: chunked\n") + "3\nabc\n2\nde\n0\n\n");

            assertThat(wire.readTo("\r\n\r\n")).startsWith("HTTP/1.1 201 ");
        }
        assertThat(api.get(Api.entry("chunked")).text()).isEqualTo("abcde");
    }

    @Test
    void put_thatWaitsToContinue_isToldTo() throws IOException {
        try (Wire wire = api.wire()) {
            wire.send(put("continue", "Content-Length: 5\nExpect: 100-continue\n"));
            assertThat(wire.readTo("\r\n\r\n")).startsWith("HTTP/1.1 100 ");
            wire.send("hello");

            assertThat(wire.readTo("\r\n\r\n")).startsWith("HTTP/1.1 201 ");
        }
    }

    @Test
    void put_thatWaitsToContinueAndIsTooLarge_isNotToldTo() throws IOException {
        try (Wire wire = api.wire()) {
            wire.send(put("stop", "Content-Length: " + (Api.BODY_BYTES_MAX + 1) + "\nExpect: 100-continue\n"));

            assertThat(wire.readAll()).startsWith("HTTP/1.1 413 ").contains("connection: close");
        }
    }

    @Test
    void put_thatWaitsToContinueAndIsWrong_isNotToldTo() throws IOException {
        try (Wire wire = api.wire()) {
            wire.send(put("@no", "Content-Length: 5\nExpect: 100-continue\n"));

            assertThat(wire.readAll()).startsWith("HTTP/1.1 400 ").contains("connection: close");
        }
    }

    @Test
    void put_thatIsWrongAndSmall_keepsItsConnection() throws IOException {
        try (Wire wire = api.wire()) {
            wire.send(put("@no", "Content-Length: 5\n"));
            assertThat(wire.readTo("}")).startsWith("HTTP/1.1 400 ").doesNotContain("connection: close");
            wire.send("hello" + put("kept", "Content-Length: 1\n") + "x");

            assertThat(wire.readTo("\r\n\r\n")).startsWith("HTTP/1.1 201 ");
        }
    }

    @Test
    void put_cutOff_changesNothing() throws IOException {
        api.put(Api.entry("cut"), "before");
        try (Wire wire = api.wire()) {
            wire.send(put("cut", "Content-Length: 10\n") + "after");
        }
        try (Wire wire = api.wire()) {
            wire.send(put("cut", "Transfer-Encoding: chunked\n") + "5\nafter\n");
        }
        try (Wire wire = api.wire()) {
            wire.send(put("cut", "Content-Length: 10\n") + "after");
            wire.socket.shutdownOutput();
            wire.readAll();
        }

        assertThat(api.get(Api.entry("cut")).text()).isEqualTo("before");
    }

    @Test
    void put_withABrokenChunk_isIncomplete() throws IOException {
        try (Wire wire = api.wire()) {
            wire.send(put("broken", "Transfer-Encoding: chunked\n") + "3\nabc\nno chunk\n");

            assertThat(wire.readAll())
                    .startsWith("HTTP/1.1 400 ")
                    .contains("incomplete-body")
                    .contains("connection: close");
        }
        assertThat(isWritten("broken")).isFalse();
    }

    @Test
    void put_ofAFrameThatIsShorterThanItSays_isDamaged() {
        byte[] frame = Api.frame("{}", "hello");
        byte[] cut = Arrays.copyOf(frame, frame.length - 1);

        assertThat(api.send("PUT", Api.entry("cut-frame"), cut, "Content-Type", Frame.MEDIA_TYPE)
                        .problem())
                .isEqualTo("damaged-frame");
        assertThat(isWritten("cut-frame")).isFalse();
    }

    private static Optional<Wire> refused(List<Wire> wires) throws IOException {
        for (Wire wire : wires) {
            if (wire.socket.getInputStream().available() > 0) {
                return Optional.of(wire);
            }
        }
        return Optional.empty();
    }

    @Test
    void put_byMoreThanFitInMemory_isToldToComeBack() throws IOException {
        List<Wire> wires = new ArrayList<>();
        byte[] nearlyAll = new byte[Api.BODY_BYTES_MAX - 1];
        try {
            for (int i = 0; i <= Api.BODIES_BYTES_MAX / Api.BODY_BYTES_MAX; i++) {
                wires.add(api.wire()
                        .send(put("many-" + i, "Content-Length: " + Api.BODY_BYTES_MAX + "\n"))
                        .send(nearlyAll));
            }
            until(() -> refused(wires).isPresent());

            assertThat(refused(wires).orElseThrow().readAll())
                    .startsWith("HTTP/1.1 503 ")
                    .contains("problems/overloaded")
                    .contains("Retry-After: 1");
        } finally {
            for (Wire wire : wires) {
                wire.close();
            }
        }
        until(() -> api.put(Api.entry("later"), "x".repeat(1_000_000)).status() < 300);
    }

    /** It is in memory for as long as the store has not taken it. */
    @Test
    void put_whileTheStoreTakesItsTime_isUnderWay() {
        Promise<Void> free = Promise.promise();
        api.store.holdWrites(free.future());
        byte[] large = new byte[Api.BODY_BYTES_MAX];
        int most = Api.BODIES_BYTES_MAX / Api.BODY_BYTES_MAX;
        List<CompletableFuture<Api.Answer>> held = new ArrayList<>();
        for (int i = 0; i < most; i++) {
            held.add(api.sendAsync("PUT", Api.entry("held-" + i), large));
        }
        until(() -> IntStream.range(0, most).allMatch(i -> isWritten("held-" + i)));

        CompletableFuture<Api.Answer> oneMore = api.sendAsync("PUT", Api.entry("held-after"), new byte[1]);
        until(oneMore::isDone);
        assertThat(oneMore.join().status()).isEqualTo(503);
        assertThat(api.send(
                                "POST",
                                Api.SHOP + "/invalidations",
                                "{\"tags\":[\"a\"],\"mode\":\"hard\"}".getBytes(StandardCharsets.UTF_8),
                                "Content-Type",
                                "application/json")
                        .status())
                .as("an invalidation is not refused for it")
                .isEqualTo(200);
        free.complete();
        assertThat(held).allMatch(put -> put.join().status() == 201);
        assertThat(api.put(Api.entry("held-after"), "x").status()).isEqualTo(201);
    }

    /** A near copy is read without waiting: who is refused it is told so all the same. */
    @Test
    void get_ofALargeNearCopyWhenTooMuchIsUnderWay_isToldToComeBack() throws IOException {
        String large = Api.entry("large");
        assertThat(api.put(large, "x".repeat(Api.BODY_BYTES_MAX)).status()).isEqualTo(201);
        until(() -> api.get(large).header("Cache-Status").contains("detail=near"));
        List<Wire> wires = new ArrayList<>();
        byte[] nearlyAll = new byte[Api.BODY_BYTES_MAX - 1];
        try {
            for (int i = 0; i < Api.BODIES_BYTES_MAX / Api.BODY_BYTES_MAX; i++) {
                wires.add(api.wire()
                        .send(put("filling-" + i, "Content-Length: " + Api.BODY_BYTES_MAX + "\n"))
                        .send(nearlyAll));
            }
            until(() -> api.get(large).status() == 503);

            Api.Answer refused = api.get(large);
            assertThat(refused.problem()).isEqualTo("overloaded");
            assertThat(refused.header("etag") + refused.header("Freshet-State")).isEmpty();
        } finally {
            for (Wire wire : wires) {
                wire.close();
            }
        }
        until(() -> api.get(large).status() == 200);
    }

    @Test
    void request_thatIsNoHttp_isRefused() throws IOException {
        for (String garbage : List.of(
                "NONSENSE\n\n",
                "GET /v1/apps/shop/clock HTTP/1.1\nHost: h\nX: " + "x".repeat(20_000) + "\n\n",
                "GET /v1/apps/" + "x".repeat(20_000) + " HTTP/1.1\nHost: h\n\n",
                "PUT " + Api.entry("a") + " HTTP/1.1\nHost: h\nContent-Length: x\n\n")) {
            try (Wire wire = api.wire()) {
                wire.send(garbage);

                assertThat(wire.readAll())
                        .containsPattern("^HTTP/1.[01] 400 ")
                        .contains("problems/invalid-request")
                        .contains("connection: close");
            }
        }
    }

    @Test
    void request_thatWouldUpgrade_isAnsweredAsItIs() throws IOException {
        try (Wire wire = api.wire()) {
            wire.send("GET /v1/apps/shop/clock HTTP/1.1\nHost: h\nConnection: Upgrade, HTTP2-Settings\n"
                    + "Upgrade: h2c\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\n\n");

            assertThat(wire.readTo("\r\n\r\n")).startsWith("HTTP/1.1 200 ");
        }
    }
}
