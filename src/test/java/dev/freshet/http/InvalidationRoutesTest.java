package dev.freshet.http;

import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freshet.entry.Key;
import dev.freshet.http.Api.Answer;
import dev.freshet.store.Change;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Invalidations, tags and the clock, and hearing of what changes. */
class InvalidationRoutesTest extends OnApi {
    private static final String INVALIDATIONS = Api.SHOP + "/invalidations";

    private static long clock() {
        return api.get(Api.SHOP + "/clock").json().path("stamp").asLong();
    }

    private static long invalidate(String tag) {
        return api.invalidate(tag).json().path("stamp").asLong();
    }

    private static Wire subscribe(String headers) throws IOException {
        Wire wire = api.wire();
        wire.send("GET " + INVALIDATIONS + " HTTP/1.1\nHost: h\n" + headers + "\n");
        assertThat(wire.readTo("\r\n\r\n"))
                .startsWith("HTTP/1.1 200 ")
                .contains("content-type: text/event-stream")
                .contains("cache-control: no-store")
                .contains("X-Accel-Buffering: no");
        return wire;
    }

    /** Events as they come, each as its lines without the chunks they came in. */
    private static String event(Wire wire) throws IOException {
        return wire.readTo("\n\n").replaceAll("(?m)^[0-9a-f]*\r\n", "").strip();
    }

    @Test
    void post_ofTags_saysWhenAndByHowMany() {
        long before = clock();
        Answer answer = api.invalidate("posts");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().path("stamp").asLong()).isGreaterThan(before);
        assertThat(answer.json().path("replicas").asInt()).isEqualTo(1);
        assertThat(clock()).isEqualTo(answer.json().path("stamp").asLong());
    }

    @Test
    void post_settled_saysWhoAcknowledgedAndHowLongItTook() {
        var json = api.invalidate("settled").json();

        assertThat(json.path("replicas").asInt()).isEqualTo(1);
        assertThat(json.path("unacknowledged").isArray()).isTrue();
        assertThat(json.path("unacknowledged")).isEmpty();
        assertThat(json.path("waited").asDouble()).isBetween(0.0, 10.0);
    }

    @Test
    void post_holdOffOutOfRange_saysTheRange() {
        assertThat(api.post("/v1/apps/shop/invalidations", "{\"tags\":[\"posts\"],\"mode\":\"hard\",\"holdOff\":3601}")
                        .text())
                .contains("holdOff")
                .contains("0 to 3600 seconds");
    }

    @Test
    void post_withoutWaiting_isAccepted() {
        Answer answer = api.post(INVALIDATIONS, "{\"tags\":[\"later\"],\"mode\":\"hard\"}", "Prefer", "respond-async");

        assertThat(answer.status()).isEqualTo(202);
        assertThat(answer.json().path("replicas").asInt()).isZero();
        assertThat(answer.json().path("stamp").asLong()).isPositive();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"tags\":[\"kept\"]}                                        | invalid-request",
                "{\"mode\":\"hard\"}                                          | invalid-request",
                "{\"tags\":[],\"mode\":\"hard\"}                              | invalid-request",
                "{\"tags\":\"kept\",\"mode\":\"hard\"}                        | invalid-request",
                "{\"tags\":[\"kept\"],\"mode\":\"HARD\"}                      | invalid-request",
                "{\"tags\":[\"kept\"],\"mode\":null}                          | invalid-request",
                "{\"tags\":[\"kept\"],\"mode\":\"hard\",\"expire\":1}         | invalid-request",
                "{\"tags\":[\"kept\"],\"mode\":\"soft\",\"expire\":-1}        | invalid-request",
                "{\"tags\":[\"kept\"],\"mode\":\"soft\",\"expire\":\"1\"}     | invalid-request",
                "{\"tags\":[\"kept\"],\"mode\":\"hard\",\"x\":1}              | invalid-request",
                "{\"tags\":[\"kept\"],\"mode\":\"hard\"} {}                   | invalid-request",
                "{\"tags\":[\"kept\"],\"tags\":[\"kept\"],\"mode\":\"hard\"}  | invalid-request",
                "{\"tags\":[\"kept\",\"\"],\"mode\":\"hard\"}                 | invalid-tag",
                "{\"tags\":[\"kept\",\"a\\nb\"],\"mode\":\"hard\"}            | invalid-tag",
            })
    void post_ofWhatIsWrong_changesNothing(String json, String problem) {
        Answer answer = api.post(INVALIDATIONS, json);

        assertThat(answer.problem()).isEqualTo(problem);
        assertThat(answer.json().path("detail").asText()).isNotEmpty();
        assertThat(api.get(Api.SHOP + "/tags/kept").text()).isEqualTo("{\"tag\":\"kept\",\"hard\":0,\"soft\":[]}");
    }

    @Test
    void post_ofTooMuch_isRefused() {
        List<String> tags =
                IntStream.range(0, 257).mapToObj(i -> "\"t" + i + "\"").toList();
        Answer many = api.post(INVALIDATIONS, "{\"tags\":" + tags + ",\"mode\":\"hard\"}");
        Answer large = api.post(INVALIDATIONS, " ".repeat(256 << 10) + "{}");

        assertThat(many.problem()).isEqualTo("invalid-tag");
        assertThat(large.problem()).isEqualTo("too-large");
        assertThat(large.json().path("limit").asInt()).isEqualTo(256 << 10);
    }

    @Test
    void post_fromAWebPage_isRefused() {
        assertThat(api.send("POST", INVALIDATIONS, "{}".getBytes(), "Content-Type", "text/plain")
                        .problem())
                .isEqualTo("unsupported-media-type");
    }

    @Test
    void get_ofATag_tellsItsMark() {
        long hard = invalidate("a/b é");
        api.post(INVALIDATIONS, "{\"tags\":[\"a/b é\"],\"mode\":\"soft\",\"expire\":60}");
        api.post(INVALIDATIONS, "{\"tags\":[\"a/b é\"],\"mode\":\"soft\"}");
        JsonNode mark = api.get(Api.SHOP + "/tags/a%2Fb%20%C3%A9").json();

        assertThat(mark.path("tag").asText()).isEqualTo("a/b é");
        assertThat(mark.path("hard").asLong()).isEqualTo(hard);
        assertThat(mark.path("soft")).hasSize(2);
        assertThat(mark.at("/soft/0/deadline").asLong()
                        - mark.at("/soft/0/stamp").asLong() / 1_000)
                .isBetween(59_900L, 60_100L);
        assertThat(mark.at("/soft/1").has("deadline")).isFalse();
    }

    @Test
    void get_ofWhatIsNoTag_isRefused() {
        assertThat(api.get(Api.SHOP + "/tags/").problem()).isEqualTo("invalid-tag");
        assertThat(api.get(Api.SHOP + "/tags/a%0Ab").problem()).isEqualTo("invalid-tag");
        assertThat(api.get(Api.SHOP + "/tags/%FF").problem()).isEqualTo("invalid-name");
    }

    @Test
    void get_ofTheClock_tellsWhereItStands() {
        JsonNode clock = api.get(Api.SHOP + "/clock").json();

        assertThat(clock.path("stamp").asLong()).isPositive();
        assertThat(clock.path("coherent").isBoolean()).isTrue();
        assertThat(clock.path("epoch").asText()).isNotEmpty();
        assertThat(clock.path("floor").asLong()).isZero();
        assertThat(clock.path("replica").asText()).isEqualTo("r1");
    }

    @Test
    void list_sinceAStamp_tellsWhatChanged() {
        long before = clock();
        long stamp = invalidate("listed");
        JsonNode list = api.get(INVALIDATIONS + "?after=" + before, "Accept", "application/json")
                .json();

        assertThat(list.path("stamp").asLong()).isEqualTo(stamp);
        assertThat(list.at("/tags/listed/hard").asLong()).isEqualTo(stamp);
        assertThat(list.path("tags")).hasSize(1);
        assertThat(api.get(INVALIDATIONS + "?after=" + stamp, "Accept", "application/json")
                        .text())
                .isEqualTo("{\"stamp\":" + stamp + ",\"tags\":{}}");
    }

    @Test
    void list_sinceTheFuture_saysThatItIsNotKnown() {
        JsonNode list = api.get(INVALIDATIONS + "?after=9000000000000000", "Accept", "application/json")
                .json();

        assertThat(list.path("reset").asText()).isEqualTo("behind");
    }

    @Test
    void stream_fromNow_tellsWhatChanges() throws IOException {
        try (Wire wire = subscribe("Accept: text/event-stream\n")) {
            assertThat(event(wire)).matches("event: hello\nid: ([0-9]+)\ndata: \\{\"stamp\":\\1,\"replica\":\"r1\"}");
            long stamp = invalidate("told");
            assertThat(event(wire))
                    .isEqualTo("event: invalidate\nid: " + stamp + "\ndata: {\"stamp\":" + stamp
                            + ",\"tags\":{\"told\":{\"hard\":" + stamp + ",\"soft\":[]}}}");
            api.put(Api.entry("written"), "x");
            assertThat(event(wire))
                    .isEqualTo("event: write\ndata: {\"deployment\":\"v1\",\"digest\":\""
                            + Key.of("shop", "v1", "written").digest() + "\"}");
            api.delete(Api.entry("written"));
            assertThat(event(wire)).startsWith("event: write\n");
        }
    }

    @Test
    void stream_afterAStamp_tellsWhatWasMissedOnce() throws IOException {
        long before = clock();
        invalidate("missed");
        long stamp = invalidate("missed");
        try (Wire wire = subscribe("Last-Event-ID: " + before + "\n")) {
            assertThat(event(wire)).startsWith("event: hello\nid: " + before + "\n");
            assertThat(event(wire))
                    .isEqualTo("event: invalidate\nid: " + stamp + "\ndata: {\"stamp\":" + stamp
                            + ",\"tags\":{\"missed\":{\"hard\":" + stamp + ",\"soft\":[]}}}");
        }
        try (Wire wire = subscribe("Last-Event-ID: " + stamp + "\n")) {
            assertThat(event(wire)).startsWith("event: hello\nid: " + stamp + "\n");
            long next = invalidate("next");
            assertThat(event(wire)).startsWith("event: invalidate\nid: " + next + "\n");
        }
    }

    @Test
    void stream_afterManyTags_givesTheLastEventAloneAnId() throws IOException {
        long before = clock();
        for (int i = 0; i < 3; i++) {
            int first = 256 * i;
            List<String> tags = IntStream.range(first, first + 256)
                    .mapToObj(tag -> "\"many-" + tag + "\"")
                    .toList();
            api.post(INVALIDATIONS, "{\"tags\":" + tags + ",\"mode\":\"hard\"}");
        }
        try (Wire wire = subscribe("Last-Event-ID: " + before + "\n")) {
            event(wire);
            List<String> events = List.of(event(wire), event(wire), event(wire));

            assertThat(events.subList(0, 2)).allMatch(event -> event.startsWith("event: invalidate\ndata: "));
            assertThat(events.get(2)).startsWith("event: invalidate\nid: " + clock() + "\n");
            assertThat(String.join("", events).split("many-", -1)).hasSize(769);
        }
    }

    @Test
    void stream_afterAStampThatIsNotKnown_beginsWithAReset() throws IOException {
        try (Wire wire = subscribe("Last-Event-ID: 9000000000000000\n")) {
            assertThat(event(wire)).startsWith("event: hello\nid: 9000000000000000\n");
            assertThat(event(wire)).isEqualTo("event: reset\nid: " + clock() + "\ndata: {\"reason\":\"behind\"}");
        }
    }

    @Test
    void stream_whenTheBusIsLost_isReset() throws IOException {
        try (Wire wire = subscribe("")) {
            event(wire);
            api.store.tell(new Change.Lost());
            api.store.tell(new Change.Live());

            assertThat(event(wire)).isEqualTo("event: reset\nid: " + clock() + "\ndata: {\"reason\":\"lost\"}");
        }
    }

    @Test
    void stream_withoutNews_saysSo() throws IOException {
        try (Api quick = Api.start(20);
                Wire wire = quick.wire()) {
            wire.send("GET " + INVALIDATIONS + " HTTP/1.1\nHost: h\n\n");
            wire.readTo("event: hello");
            wire.readTo("\n\n");

            assertThat(wire.readTo("\n\n")).contains(": \n\n");
        }
    }

    @Test
    void stream_ofAClientThatDoesNotRead_endsWithAReset() throws IOException {
        String tags = String.join(
                ",",
                IntStream.range(0, 256)
                        .mapToObj(i -> '"' + "x".repeat(250) + i + '"')
                        .toList());
        try (Wire wire = new Wire(api.port, 4_096)) {
            wire.send("GET " + INVALIDATIONS + " HTTP/1.1\nHost: h\n\n");
            wire.readTo("event: hello");
            for (int i = 0; i < 120; i++) {
                api.post(INVALIDATIONS, "{\"tags\":[" + tags + "],\"mode\":\"hard\"}");
            }

            assertThat(wire.readAll()).contains("event: reset").contains("data: {\"reason\":\"slow\"}");
        }
    }

    @Test
    void streams_aboveTheirNumber_areRefused() throws IOException {
        try (Api crowded = Api.start()) {
            List<Wire> wires = new ArrayList<>();
            for (int i = 0; i < EventStreams.STREAMS_MAX; i++) {
                wires.add(crowded.wire().send("GET " + INVALIDATIONS + " HTTP/1.1\nHost: h\n\n"));
            }
            for (Wire wire : wires) {
                wire.readTo("event: hello");
            }
            assertThat(crowded.get(INVALIDATIONS).problem()).isEqualTo("overloaded");
            wires.removeFirst().close();
            until(() -> {
                Wire wire = crowded.wire();
                wires.add(wire.send("GET " + INVALIDATIONS + " HTTP/1.1\nHost: h\n\n"));
                return wire.readTo("\r\n\r\n").startsWith("HTTP/1.1 200 ");
            });
            for (Wire wire : wires) {
                wire.close();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"Last-Event-ID,x", "Last-Event-ID,-1", "Last-Event-ID,99999999999999999"})
    void stream_afterWhatIsNoStamp_isRefused(String header, String value) {
        assertThat(api.get(INVALIDATIONS, header, value).problem()).isEqualTo("invalid-request");
        assertThat(api.get(INVALIDATIONS + "?after=" + value).problem()).isEqualTo("invalid-request");
    }

    @Test
    void stream_ofOneAppTooMany_isRefused() {
        for (int i = 0; i < 8; i++) {
            api.get("/v1/apps/app" + i + "/clock");
        }

        assertThat(api.get("/v1/apps/one-more/invalidations").problem()).isEqualTo("too-many-apps");
    }

    @Test
    void stop_withStreams_endsThem() throws IOException {
        Wire wire;
        try (Api stopped = Api.start()) {
            wire = stopped.wire().send("GET " + INVALIDATIONS + " HTTP/1.1\nHost: h\n\n");
            wire.readTo("event: hello");
        }
        try (wire) {
            assertThat(wire.readAll()).endsWith("0\r\n\r\n");
        }
    }
}
