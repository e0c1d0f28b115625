package dev.freshet.http;

import dev.freshet.http.Problem.Kind;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The event streams of one event loop, which alone uses them: bounded in number, and kept from falling silent. */
final class EventStreams {
    /** Streams of one event loop; more are refused. */
    static final int STREAMS_MAX = 512;

    private final Vertx vertx;
    private final Set<EventStream> streams = new HashSet<>();

    /**
     * No streams yet.
     *
     * @param beatMs how often a stream that has nothing to say says so
     */
    EventStreams(Vertx vertx, long beatMs) {
        this.vertx = vertx;
        vertx.setPeriodic(beatMs, tick -> List.copyOf(streams).forEach(EventStream::beat));
    }

    /** A new stream, which is forgotten when its client goes. */
    EventStream open(HttpServerRequest request) {
        if (streams.size() >= STREAMS_MAX) {
            throw new Problem(Kind.OVERLOADED, "there are " + STREAMS_MAX + " event streams already");
        }
        EventStream stream = new EventStream(vertx.getOrCreateContext(), request, this::forget);
        streams.add(stream);
        return stream;
    }

    void forget(EventStream stream) {
        streams.remove(stream);
    }

    /** Ends every stream: their clients go elsewhere. */
    void end() {
        List.copyOf(streams).forEach(EventStream::end);
    }
}
