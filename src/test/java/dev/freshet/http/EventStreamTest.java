package dev.freshet.http;

import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freshet.entry.Key;
import dev.freshet.http.Subscriber.Told;
import dev.freshet.store.Change;
import dev.freshet.store.Pulse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hearing of what changes. */
class EventStreamTest extends OnApi {
    private static final String INVALIDATIONS = Api.SHOP + "/invalidations";
    private static final String CLOCK = Api.SHOP + "/clock";

    private static Subscriber subscribe(String headers) throws IOException {
        return subscribe(api, headers);
    }

    private static Subscriber subscribe(Api to, String headers) throws IOException {
        return Subscriber.of(to.wire(), INVALIDATIONS, headers);
    }

    private static Subscriber after(Api to, String place) throws IOException {
        return subscribe(to, "Last-Event-ID: " + place + "\n");
    }

    private static long stamp(Api of) {
        return of.get(CLOCK).json().path("stamp").asLong();
    }

    private static String epoch(Api of) {
        return of.get(CLOCK).json().path("epoch").asText();
    }

    private static String place(Api of) {
        return epoch(of) + "/" + stamp(of);
    }

    private static long invalidate(String tag) {
        return api.invalidate(tag).json().path("stamp").asLong();
    }

    /** Invalidates 256 tags of 256 characters. */
    private static void invalidateMany(Api at, String characters, int turn) {
        List<String> tags = IntStream.range(0, 256)
                .mapToObj(i -> '"' + characters + String.format("%06d", 256 * turn + i) + '"')
                .toList();
        assertThat(at.post(INVALIDATIONS, "{\"tags\":" + tags + ",\"mode\":\"hard\"}")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void stream_fromNow_tellsWhatChanges() throws IOException {
        try (Subscriber subscriber = subscribe("Accept: text/event-stream\n")) {
            assertThat(subscriber.replay()).isEqualTo("none");
            Told hello = subscriber.next();
            assertThat(hello.event()).isEqualTo("hello");
            assertThat(hello.id()).isEqualTo(place(api));
            assertThat(hello.data().path("epoch").asText()).isEqualTo(epoch(api));
            assertThat(hello.data().path("stamp").asLong()).isEqualTo(stamp(api));
            assertThat(hello.data().path("replica").asText()).isEqualTo("r1");
            assertThat(hello.data().path("replay").asText()).isEqualTo("none");
            assertThat(hello.data().path("writesMissed").asBoolean(true)).isFalse();
            assertThat(Integer.parseInt(hello.retry())).isBetween(100, 2_000);

            long stamp = invalidate("told");
            Told told = subscriber.next();
            assertThat(told.event()).isEqualTo("invalidate");
            assertThat(told.id()).isEqualTo(epoch(api) + "/" + stamp);
            assertThat(told.data())
                    .hasToString("{\"stamp\":" + stamp + ",\"tags\":{\"told\":{\"hard\":" + stamp + ",\"soft\":[]}}}");
        }
    }

    @Test
    void stream_afterAWriteOrRemoval_namesTheEntryWithoutAnId() throws IOException {
        try (Subscriber subscriber = subscribe("")) {
            subscriber.next();
            String etag = api.put(Api.entry("watched"), "one").header("ETag");
            api.delete(Api.entry("watched"));

            String named = "{\"deployment\":\"v1\",\"digest\":\""
                    + Key.of("shop", "v1", "watched").digest() + '"';
            for (String revision : List.of(",\"revision\":\"" + etag.substring(1, etag.indexOf('.')) + "\"", "")) {
                Told write = subscriber.next();
                assertThat(write.event()).isEqualTo("write");
                assertThat(write.id()).isEmpty();
                assertThat(write.data()).hasToString(named + revision + '}');
            }
        }
    }

    /** G7: each tag once, with its latest mark; a stamp alone does as well. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void stream_afterTheLastId_tellsWhatWasMissed(boolean alone) throws IOException {
        long before = stamp(api);
        invalidate("missed");
        long stamp = invalidate("missed");
        String prefix = alone ? "" : epoch(api) + "/";
        try (Subscriber subscriber = after(api, prefix + before)) {
            assertThat(subscriber.replay()).isEqualTo("whole");
            Told hello = subscriber.next();
            assertThat(hello.id()).isEmpty();
            assertThat(hello.data().path("replay").asText()).isEqualTo("whole");
            assertThat(hello.data().path("writesMissed").asBoolean()).isTrue();
            Told missed = subscriber.next();
            assertThat(missed.id()).isEqualTo(place(api));
            assertThat(missed.data())
                    .hasToString(
                            "{\"stamp\":" + stamp + ",\"tags\":{\"missed\":{\"hard\":" + stamp + ",\"soft\":[]}}}");
        }
        try (Subscriber subscriber = after(api, prefix + stamp)) {
            assertThat(subscriber.next().id()).isEqualTo(place(api));
            long next = invalidate("next");
            assertThat(subscriber.next().id()).isEqualTo(epoch(api) + "/" + next);
        }
    }

    @Test
    void stream_afterManyTags_givesTheLastEventAloneAnId() throws IOException {
        String before = place(api);
        for (int turn = 0; turn < 3; turn++) {
            invalidateMany(api, "many-", turn);
        }
        try (Subscriber subscriber = after(api, before)) {
            subscriber.next();
            List<Told> events = List.of(subscriber.next(), subscriber.next(), subscriber.next());

            assertThat(events).extracting(Told::id).containsExactly("", "", place(api));
            assertThat(events).flatExtracting(Told::tags).hasSize(768).doesNotHaveDuplicates();
        }
    }

    /** G7: of another history, be it said or older than this one, or not of this one yet. */
    @ParameterizedTest
    @ValueSource(strings = {"1795377977842918.ab12cd34/1795377977842918", "1", "9000000000000000"})
    void stream_afterAPlaceInAnotherHistory_beginsWithAReset(String place) throws IOException {
        double resets = api.count("freshet.stream.resets", "reason", "epoch");
        try (Subscriber subscriber = after(api, place)) {
            assertThat(subscriber.replay()).isEqualTo("reset; reason=epoch");
            Told hello = subscriber.next();
            assertThat(hello.id()).isEmpty();
            assertThat(hello.data().path("replay").asText()).isEqualTo("reset");
            Told reset = subscriber.next();
            assertThat(reset.event()).isEqualTo("reset");
            assertThat(reset.reason()).isEqualTo("epoch");
            assertThat(reset.id()).isEqualTo(place(api));
            assertThat(api.count("freshet.stream.resets", "reason", "epoch")).isEqualTo(resets + 1);
        }
    }

    @Test
    void stream_afterAStampOfThisHistoryThatIsNotGivenYet_beginsWithAReset() throws IOException {
        try (Subscriber subscriber = after(api, epoch(api) + "/9000000000000000")) {
            assertThat(subscriber.replay()).isEqualTo("reset; reason=epoch");
        }
    }

    /** G7: the marks of 10,000 tags are kept, and of 8,192 told. */
    @ParameterizedTest
    @ValueSource(ints = {33, 42})
    void stream_afterMoreThanIsToldOrKept_beginsWithAReset(int turns) throws IOException {
        try (Api busy = Api.start()) {
            busy.invalidate("first");
            String before = place(busy);
            for (int turn = 0; turn < turns; turn++) {
                invalidateMany(busy, "t", turn);
            }
            try (Subscriber subscriber = after(busy, before)) {
                assertThat(subscriber.replay()).isEqualTo("reset; reason=behind");
                assertThat(subscriber.next().id()).isEmpty();
                Told reset = subscriber.next();
                assertThat(reset.event()).isEqualTo("reset");
                assertThat(reset.reason()).isEqualTo("behind");
                assertThat(reset.id()).isEqualTo(place(busy));
            }
        }
    }

    @Test
    void stream_whenTheBusIsLost_isReset() throws IOException {
        try (Subscriber subscriber = subscribe("")) {
            subscriber.next();
            api.store.tell(new Change.Lost());
            api.store.tell(new Change.Live());

            Told reset = subscriber.next();
            assertThat(reset.event()).isEqualTo("reset");
            assertThat(reset.reason()).isEqualTo("lost");
        }
    }

    /** G7, R11: what the client knows is of a history that is over, and so is its id. */
    @Test
    void stream_whenAnotherHistoryBegins_isResetAndGoesOnInIt() throws IOException {
        try (Api failing = Api.start();
                Subscriber subscriber = subscribe(failing, "")) {
            String before = subscriber.next().id();
            failing.store.pulses = EventStreamTest::ofAnotherHistory;

            Told reset = subscriber.next();
            assertThat(reset.event()).isEqualTo("reset");
            assertThat(reset.reason()).isEqualTo("epoch");
            assertThat(reset.id()).isEmpty();
            assertThat(subscriber.next("invalidate").id()).startsWith("7.another/");
            try (Subscriber late = after(failing, before)) {
                assertThat(late.replay()).isEqualTo("reset; reason=epoch");
            }
            try (Subscriber known = after(failing, subscriber.id)) {
                assertThat(known.replay()).isEqualTo("whole");
            }
        }
    }

    private static Pulse ofAnotherHistory(Pulse pulse) {
        return new Pulse(
                "7.another",
                pulse.head(),
                pulse.upTo(),
                pulse.floor(),
                0,
                0,
                pulse.timeMicros(),
                pulse.acknowledged(),
                pulse.changed());
    }

    @Test
    void stream_withoutNews_saysSo() throws IOException {
        try (Api quick = Api.start(new EventStreams.Times(20, 60_000, 1, 100));
                Subscriber subscriber = subscribe(quick, "")) {
            subscriber.next();

            assertThat(subscriber.wire.readTo("\n\n")).contains(": \n\n");
        }
    }

    /**
     * R6: a message lost during reconnect. Whatever comes while a client is away, or on its way, is told to it after its last
     * id, or it is told to forget.
     */
    @Test
    void stream_reconnectedAgainAndAgainWhileMuchChanges_missesNothing() throws Exception {
        int changes = 400;
        Set<String> told = new HashSet<>();
        Subscriber subscriber = subscribe("");
        subscriber.next();
        CompletableFuture<Void> changing = CompletableFuture.runAsync(() -> {
            for (int i = 0; i < changes; i++) {
                invalidate("r6-" + i);
            }
        });
        for (int turn = 0; told.size() < changes; turn++) {
            for (int i = 0; i < turn % 5; i++) {
                Told event = subscriber.next();
                assertThat(event.event()).isNotEqualTo("reset");
                event.tags().stream().filter(tag -> tag.startsWith("r6-")).forEach(told::add);
                if (told.size() == changes) {
                    break;
                }
            }
            String id = subscriber.id;
            subscriber.close();
            subscriber = after(api, id);
            subscriber.id = id;
            assertThat(subscriber.replay()).isEqualTo("whole");
            subscriber.next();
            if (changing.isDone() && subscriber.id.equals(place(api))) {
                break;
            }
        }
        changing.join();
        subscriber.close();
        assertThat(told).hasSize(changes);
    }

    /**
     * R8: a slow subscriber is cut at the buffer limit. It is told so, nobody else waits for it, and what it had not got is
     * told to it after its last id, or it is told to forget.
     */
    @Test
    void stream_ofAClientThatDoesNotRead_endsWithAReset_andDelaysNobody() throws IOException {
        try (Api busy = Api.start();
                Subscriber slow = subscribe(busy, "");
                Subscriber other = subscribe(busy, "")) {
            slow.next();
            other.next();
            int turns = 0;
            while (busy.count("freshet.stream.resets", "reason", "slow") == 0) {
                assertThat(turns).isLessThan(400);
                invalidateMany(busy, "x".repeat(250), turns++ % 30);
                assertThat(other.next().id()).isEqualTo(place(busy));
            }
            assertThat(busy.count("freshet.streams")).isEqualTo(1);

            Told last = slow.next();
            int told = 0;
            while (last.event().equals("invalidate")) {
                told++;
                last = slow.next();
            }
            assertThat(last.event()).isEqualTo("reset");
            assertThat(last.reason()).isEqualTo("slow");
            assertThat(told).isLessThan(turns);
            try (Subscriber again = after(busy, slow.id)) {
                assertThat(again.replay()).isEqualTo("whole");
                again.next();
                assertThat(again.next("invalidate").tags()).isNotEmpty();
            }
        }
    }

    @Test
    void stream_thatIsOld_saysGoodbyeAndLeavesTheConnection() throws IOException {
        try (Api quick = Api.start(new EventStreams.Times(15_000, 40, 1, 100));
                Subscriber subscriber = subscribe(quick, "")) {
            String id = subscriber.next().id();
            Told bye = subscriber.next();
            assertThat(bye.event()).isEqualTo("bye");
            assertThat(bye.reason()).isEqualTo("age");
            assertThat(Integer.parseInt(bye.retry())).isBetween(100, 2_000);
            assertThat(bye.id()).isEmpty();
            subscriber.wire.readTo("0\r\n\r\n");
            until(() -> quick.count("freshet.streams") == 0);
            assertThat(quick.count("freshet.stream.byes", "reason", "age")).isEqualTo(1);

            assertThat(Subscriber.of(subscriber.wire, INVALIDATIONS, "Last-Event-ID: " + id + "\n")
                            .replay())
                    .isEqualTo("whole");
        }
    }

    @Test
    void stop_withStreams_saysGoodbyeToEach() throws IOException {
        List<Subscriber> subscribers = new ArrayList<>();
        try (Api stopped = Api.start(new EventStreams.Times(15_000, 60_000, 5, 100))) {
            for (int i = 0; i < 20; i++) {
                subscribers.add(subscribe(stopped, ""));
            }
        }
        for (Subscriber subscriber : subscribers) {
            Told bye = subscriber.next("bye");
            assertThat(bye.reason()).isEqualTo("stop");
            assertThat(subscriber.wire.readAll()).endsWith("0\r\n\r\n");
            subscriber.close();
        }
    }

    @Test
    void streams_aboveTheirNumber_areRefused() throws IOException {
        try (Api crowded = Api.start()) {
            List<Subscriber> subscribers = new ArrayList<>();
            for (int i = 0; i < Api.STREAMS_MAX; i++) {
                subscribers.add(subscribe(crowded, ""));
            }
            assertThat(crowded.get(INVALIDATIONS).problem()).isEqualTo("overloaded");
            assertThat(crowded.count("freshet.streams")).isEqualTo(Api.STREAMS_MAX);
            subscribers.removeFirst().close();
            until(() -> crowded.count("freshet.streams") < Api.STREAMS_MAX);
            subscribers.add(subscribe(crowded, ""));
            for (Subscriber subscriber : subscribers) {
                subscriber.close();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"x", "-1", "99999999999999999", "/1", "1.ab/", "1.ab/x", "1/2/3", ".a/1"})
    void stream_afterWhatIsNoPlace_isRefused(String value) {
        assertThat(api.get(INVALIDATIONS, "Last-Event-ID", value).problem()).isEqualTo("invalid-request");
        assertThat(api.get(INVALIDATIONS + "?after=" + value).problem()).isEqualTo("invalid-request");
    }

    @Test
    void stream_ofOneAppTooMany_isRefused() {
        try (Api full = Api.start()) {
            for (int i = 0; i < 8; i++) {
                full.get("/v1/apps/app" + i + "/clock");
            }

            assertThat(full.get("/v1/apps/one-more/invalidations").problem()).isEqualTo("too-many-apps");
        }
    }

    /** Writes may be missed, so nothing is promised, until the bus is back. */
    @Test
    void clock_whileTheBusIsLost_promisesNothing() {
        try (Api deaf = Api.start()) {
            deaf.get(CLOCK);
            deaf.store.tell(new Change.Lost());
            until(() -> !deaf.get(CLOCK).json().path("coherent").asBoolean());
            JsonNode clock = deaf.get(CLOCK).json();
            assertThat(clock.path("window").asLong(-1)).isZero();

            deaf.store.tell(new Change.Live());
            until(() -> deaf.get(CLOCK).json().path("coherent").asBoolean());
        }
    }
}
