package dev.freshet.http;

import dev.freshet.http.Event.Kind;
import dev.freshet.store.Change;
import dev.freshet.store.StoreException;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** The event streams of one event loop, which alone uses them: bounded in number and age, and kept from falling silent. */
final class EventStreams {
    private static final long RETRY_MS_MIN = 100;
    private static final long RETRY_MS_MAX = 2_000;

    private final Vertx vertx;
    private final int streamsMax;
    private final Times times;
    private final StreamMeters meters;

    /** Each with the timer that ends it. */
    private final Map<EventStream, Long> streams = new HashMap<>();

    @Nullable
    private Told told;

    private boolean stopped;

    /**
     * The times of a stream.
     *
     * @param beatMs how often a stream that has nothing to say says so
     * @param ageMs how old it gets, give or take a quarter
     * @param byeMs from the end of one to that of the next, when all are ended
     * @param byesMs from the end of the first to that of the last, at most
     */
    record Times(long beatMs, long ageMs, long byeMs, long byesMs) {
        static final Times DEFAULT = new Times(15_000, 15 * 60_000, 20, 4_000);

        /** How old a stream gets, by a number of 0 to below 1. */
        long ageMs(double draw) {
            return ageMs - ageMs / 4 + (long) (draw * ageMs / 2);
        }

        /** When a stream ends, of {@code all} that are ended: each at a time of its own. */
        long byeAtMs(int turn, int all) {
            return 1 + Math.min(byesMs, byeMs * all) * turn / all;
        }
    }

    /** A change, and what tells it. */
    private record Told(Change change, List<Event> events) {}

    /**
     * No streams yet.
     *
     * @param streamsMax of this event loop; more are refused
     */
    EventStreams(Vertx vertx, int streamsMax, Times times, StreamMeters meters) {
        this.vertx = vertx;
        this.streamsMax = streamsMax;
        this.times = times;
        this.meters = meters;
        vertx.setPeriodic(times.beatMs, tick -> List.copyOf(streams.keySet()).forEach(EventStream::beat));
    }

    StreamMeters meters() {
        return meters;
    }

    /** A new stream, which is forgotten when its client goes. */
    EventStream open(HttpServerRequest request) {
        if (stopped) {
            throw new StoreException("this replica stops");
        }
        if (streams.size() >= streamsMax) {
            throw new Problem(Problem.Kind.OVERLOADED, "there are " + streamsMax + " event streams already");
        }
        EventStream stream = new EventStream(this, vertx.getOrCreateContext(), request);
        long ageMs = times.ageMs(ThreadLocalRandom.current().nextDouble());
        streams.put(stream, vertx.setTimer(ageMs, old -> stream.bye(Kind.BYE_AGE)));
        meters.opened();
        return stream;
    }

    void forget(EventStream stream) {
        Long timer = streams.remove(stream);
        if (timer != null) {
            vertx.cancelTimer(timer);
            meters.closed();
        }
    }

    /** What tells a change: many streams hear one after the other, and it is encoded once. */
    List<Event> events(Change change) {
        Told last = told;
        if (last == null || !last.change.equals(change)) {
            last = new Told(change, Event.of(change));
            told = last;
        }
        return last.events;
    }

    /** How long a client is to wait before it comes back: each another time, so that they do not come back at once. */
    long retryMs() {
        return ThreadLocalRandom.current().nextLong(RETRY_MS_MIN, RETRY_MS_MAX + 1);
    }

    /** Ends every stream, one after the other: their clients go elsewhere. */
    void end() {
        stopped = true;
        List<EventStream> left = List.copyOf(streams.keySet());
        for (int i = 0; i < left.size(); i++) {
            EventStream stream = left.get(i);
            vertx.setTimer(times.byeAtMs(i, left.size()), turn -> stream.bye(Kind.BYE_STOP));
        }
    }
}
