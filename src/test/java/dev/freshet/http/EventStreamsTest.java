package dev.freshet.http;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.gateway.Place;
import dev.freshet.gateway.Subscription;
import dev.freshet.gateway.Subscription.Replay;
import dev.freshet.http.Event.Kind;
import dev.freshet.http.EventStreams.Times;
import dev.freshet.http.Subscriber.Told;
import dev.freshet.store.Change;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import dev.freshet.testing.OnVertx;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Streams on their way to their beginning, and to their end. */
class EventStreamsTest extends OnVertx {
    private static final String EPOCH = "7.ab";

    private final AtomicInteger ended = new AtomicInteger();

    /** Serves streams that come to begin only after something was done to them. */
    private int serve(Consumer<EventStream> before) {
        return serve(before, new Subscription(new Place(EPOCH, 10), Replay.NONE, Map.of(), ended::incrementAndGet));
    }

    private int serve(Consumer<EventStream> before, Subscription subscription) {
        EventStreams streams = new EventStreams(vertx, 16, Times.DEFAULT, new StreamMeters(new SimpleMeterRegistry()));
        HttpServerOptions options = new HttpServerOptions().setSendBufferSize(16 << 10);
        HttpServer server = vertx.createHttpServer(options).requestHandler(request -> {
            request.response().putHeader("cache-control", "no-store");
            EventStream stream = streams.open(request);
            before.accept(stream);
            vertx.runOnContext(
                    later -> stream.begin("r1", subscription).onFailure(failure -> Problem.answer(request, failure)));
        });
        return await(server.listen(0, "127.0.0.1")).actualPort();
    }

    private static Change.Invalidated change(long stamp, int tags) {
        Map<Tag, Mark> marks = new HashMap<>();
        for (int i = 0; i < tags; i++) {
            marks.put(new Tag("x".repeat(250) + i), Mark.hard(stamp));
        }
        return new Change.Invalidated(EPOCH, stamp - 1, stamp, marks);
    }

    @Test
    void hear_beforeItBegins_isToldAfterTheHello() throws IOException {
        int port = serve(stream -> {
            stream.hear(change(11, 1));
            stream.hear(change(12, 600));
        });
        try (Subscriber subscriber = Subscriber.of(new Wire(port), "/", "")) {
            assertThat(subscriber.next().id()).isEqualTo("7.ab/10");
            assertThat(subscriber.next().id()).isEqualTo("7.ab/11");
            Told first = subscriber.next();
            Told second = subscriber.next();
            Told third = subscriber.next();
            assertThat(first.id() + second.id()).isEmpty();
            assertThat(third.id()).isEqualTo("7.ab/12");
            assertThat(first.tags().size() + second.tags().size() + third.tags().size())
                    .isEqualTo(600);
        }
    }

    /** G5, G7: what waits for the beginning is bounded, and its loss is said in the head. */
    @Test
    void hear_moreThanMayWaitBeforeItBegins_isToldAsAReset() throws IOException {
        int port = serve(stream -> {
            for (int stamp = 11; stamp < 40; stamp++) {
                stream.hear(change(stamp, 256));
            }
        });
        try (Subscriber subscriber = Subscriber.of(new Wire(port), "/", "")) {
            assertThat(subscriber.replay()).isEqualTo("reset; reason=slow");
            Told hello = subscriber.next();
            assertThat(hello.id()).isEmpty();
            assertThat(hello.data().path("replay").asText()).isEqualTo("reset");
            assertThat(subscriber.next().reason()).isEqualTo("slow");
            subscriber.wire.readTo("0\r\n\r\n");
            until(() -> ended.get() == 1);
        }
    }

    /** Much more than the connection takes at once is told as it takes it, and what was heard meanwhile after that. */
    @Test
    void begin_withMuchThatWasMissed_tellsAllOfItAsTheClientReads() throws IOException {
        Subscription much = new Subscription(
                new Place(EPOCH, 10), Replay.WHOLE, change(10, 8_192).marks(), () -> {});
        int port = serve(stream -> stream.hear(change(11, 1)), much);
        try (Subscriber subscriber = Subscriber.of(new Wire(port), "/", "")) {
            assertThat(subscriber.replay()).isEqualTo("whole");
            assertThat(subscriber.next().id()).isEmpty();
            List<Told> missed = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                missed.add(subscriber.next());
            }
            assertThat(missed).flatExtracting(Told::tags).hasSize(8_192).doesNotHaveDuplicates();
            assertThat(missed.subList(0, 31)).allMatch(told -> told.id().isEmpty());
            assertThat(missed.getLast().id()).isEqualTo("7.ab/10");
            assertThat(subscriber.next().id()).isEqualTo("7.ab/11");
        }
    }

    @Test
    void hear_whatIsNoClientsConcern_isNotTold() throws IOException {
        int port = serve(stream -> {
            stream.hear(new Change.Acknowledged(EPOCH, 10));
            stream.hear(new Change.Live());
            stream.hear(change(11, 0));
        });
        try (Subscriber subscriber = Subscriber.of(new Wire(port), "/", "")) {
            subscriber.next();
            Told told = subscriber.next();
            assertThat(told.id()).as("its place moves, be there no tag").isEqualTo("7.ab/11");
            assertThat(told.tags()).isEmpty();
        }
    }

    @Test
    void bye_beforeItBegins_isAnsweredAsUnavailable() throws IOException {
        int port = serve(stream -> stream.bye(Kind.BYE_STOP));
        try (Wire wire = new Wire(port)) {
            wire.send("GET / HTTP/1.1\nHost: h\n\n");
            assertThat(wire.readTo("\r\n\r\n")).startsWith("HTTP/1.1 503 ");
            until(() -> ended.get() == 1);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 45000", "0.5, 60000", "0.999999, 74999"})
    void age_byTheDraw_isGiveOrTakeAQuarter(double draw, long ageMs) {
        assertThat(new Times(1, 60_000, 1, 1).ageMs(draw)).isEqualTo(ageMs);
    }

    /** A deploy's reconnects spread: 20 ms apart, or as many as there are in 4 s. */
    @ParameterizedTest
    @CsvSource({"0, 1, 1", "1, 2, 21", "99, 100, 1981", "0, 512, 1", "256, 512, 2001", "511, 512, 3993"})
    void bye_ofEachOfAll_isAtATimeOfItsOwn(int turn, int all, long atMs) {
        assertThat(Times.DEFAULT.byeAtMs(turn, all)).isEqualTo(atMs);
    }
}
