package dev.freshet.http;

import dev.freshet.gateway.Subscription;
import dev.freshet.gateway.Subscription.Replay;
import dev.freshet.http.Event.Kind;
import dev.freshet.store.Change;
import dev.freshet.store.StoreException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The changes of one app on their way to one client, as server-sent events. Belongs to the event loop of its connection. */
final class EventStream {
    /*
     * No silent loss. Whoever reconnects says the last id it got, and is told what came after. So an
     * id is sent only with what completes it: the hello of a client that missed something has none,
     * and of the events that tell what it missed only the last one has.
     *
     * A client that does not read is not waited for. The connection holds QUEUE_BYTES_MAX and an event
     * more. What else there is to tell waits here, encoded once for all the streams that tell it; once
     * that is more than WAITING_BYTES_MAX the client is told to forget every copy, and the stream ends.
     * What the client missed before is encoded as it is sent.
     */

    /** The media type. */
    static final String MEDIA_TYPE = "text/event-stream";

    /** What a connection holds for a client that does not read. */
    static final int QUEUE_BYTES_MAX = 64 << 10;

    /** What waits until the connection takes more, or until the stream begins. */
    static final int WAITING_BYTES_MAX = 1 << 20;

    private static final long CLOSE_MS = 5_000;

    private final EventStreams streams;
    private final Context context;
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Promise<Void> over = Promise.promise();
    private final Deque<Event> waiting = new ArrayDeque<>();
    private Iterator<Event> missed = Collections.emptyIterator();
    private int waitingBytes;

    @Nullable
    private Subscription subscription;

    private boolean slow;
    private boolean ended;

    EventStream(EventStreams streams, Context context, HttpServerRequest request) {
        this.streams = streams;
        this.context = context;
        this.request = request;
        this.response = request.response();
        response.closeHandler(closed -> over());
    }

    /** What a client must be told that missed what cannot be told. */
    static Optional<Kind> reset(Replay replay) {
        return switch (replay) {
            case NONE, WHOLE -> Optional.empty();
            case BEHIND -> Optional.of(Kind.RESET_BEHIND);
            case EPOCH -> Optional.of(Kind.RESET_EPOCH);
        };
    }

    /** Says in the head how much is told of what the client missed. */
    static HttpServerResponse head(HttpServerResponse response, Replay replay, Optional<Kind> reset) {
        String told = reset.map(kind -> "reset; reason=" + kind.reason).orElseGet(() -> text(replay));
        return response.putHeader("Freshet-Replay", told);
    }

    private static String text(Replay replay) {
        return replay.name().toLowerCase(Locale.ROOT);
    }

    /** Takes a change. Any thread may call. */
    void hear(Change change) {
        context.runOnContext(run -> streams.events(change).forEach(this::take));
    }

    private void take(Event event) {
        if (ended) {
            return;
        }
        waiting.add(event);
        waitingBytes += event.bytes().length();
        pump();
        if (waitingBytes > WAITING_BYTES_MAX) {
            slow = true;
            waiting.clear();
            waitingBytes = 0;
            end(Event.because(Kind.RESET_SLOW, ""));
        }
    }

    /** Begins. Succeeds when the stream is over; fails, with nothing sent, if this replica stops meanwhile. */
    Future<Void> begin(String replica, Subscription begun) {
        if (ended) {
            begun.end().run();
            return response.closed() ? over.future() : Future.failedFuture(new StoreException("this replica stops"));
        }
        subscription = begun;
        Optional<Kind> reset = slow ? Optional.of(Kind.RESET_SLOW) : reset(begun.replay());
        head(response, begun.replay(), reset)
                .setChunked(true)
                .setWriteQueueMaxSize(QUEUE_BYTES_MAX)
                .putHeader(HttpHeaders.CONTENT_TYPE, MEDIA_TYPE)
                .putHeader("X-Accel-Buffering", "no")
                .drainHandler(drained -> pump());
        send(hello(replica, begun, reset));
        if (slow) {
            end(Event.because(Kind.RESET_SLOW, ""));
        } else {
            reset.ifPresent(kind -> send(Event.because(kind, Event.id(begun.place()))));
            missed = Event.marks(begun.place(), begun.missed());
            pump();
        }
        return over.future();
    }

    private Event hello(String replica, Subscription begun, Optional<Kind> reset) {
        boolean complete = reset.isEmpty() && begun.missed().isEmpty();
        String fields = (complete ? Event.id(begun.place()) : "") + Event.retry(streams.retryMs());
        var data = Json.object()
                .put("epoch", begun.place().epoch())
                .put("stamp", begun.place().stamp())
                .put("replica", replica)
                .put("replay", reset.isPresent() ? "reset" : text(begun.replay()))
                .put("writesMissed", begun.replay() != Replay.NONE);
        return Event.of(Kind.HELLO, fields, data);
    }

    /* Sends what there is to tell for as long as the connection takes it. */
    private void pump() {
        while (subscription != null && !ended && !response.writeQueueFull()) {
            Event next = next();
            if (next == null) {
                return;
            }
            send(next);
        }
    }

    @Nullable
    private Event next() {
        if (missed.hasNext()) {
            return missed.next();
        }
        Event next = waiting.poll();
        waitingBytes -= next == null ? 0 : next.bytes().length();
        return next;
    }

    private void send(Event event) {
        streams.meters().sent(event.kind());
        response.write(event.bytes());
    }

    /** Says that there is nothing to say. */
    void beat() {
        if (subscription != null && !ended && !response.writeQueueFull()) {
            response.write(": \n\n");
        }
    }

    /** Tells the client to come back, and ends. */
    void bye(Kind why) {
        if (!ended) {
            end(Event.because(why, Event.retry(streams.retryMs())));
            over();
        }
    }

    /* A stream that has not begun ends when it does. */
    private void end(Event last) {
        if (subscription == null) {
            return;
        }
        send(last);
        long timer = context.owner().setTimer(CLOSE_MS, late -> Bodies.cut(request));
        response.end().onComplete(sent -> context.owner().cancelTimer(timer));
        over();
    }

    private void over() {
        if (ended) {
            return;
        }
        ended = true;
        streams.forget(this);
        if (subscription != null) {
            subscription.end().run();
        }
        over.tryComplete();
    }
}
