package dev.freshet.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freshet.gateway.Subscription;
import dev.freshet.store.Change;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The changes of one app on their way to one client, as server-sent events. Belongs to the event loop of its connection. */
final class EventStream {
    /*
     * No silent loss. Whoever reconnects says the last id it got, and is told what came after. So an
     * id is sent only with what completes it: the hello of a client that missed something has the id
     * that the client gave, and of the events that tell what it missed only the last has the new one.
     *
     * A client that does not read is not waited for. Once more is queued for it than the connection
     * may hold, it is told to forget every copy, and disconnected.
     */

    /** The media type. */
    static final String MEDIA_TYPE = "text/event-stream";

    /** What a connection holds for a client that does not read. */
    static final int QUEUE_BYTES_MAX = 1 << 20;

    /** Tags that a client may have missed; with more it is as well off when it forgets every copy. */
    private static final int MISSED_TAGS_MAX = 8_192;

    private static final int TAGS_PER_EVENT = 256;
    private static final long CLOSE_MS = 5_000;

    private final Context context;
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Consumer<EventStream> forget;
    private final Promise<Void> over = Promise.promise();
    private final List<Change> early = new ArrayList<>();

    @Nullable
    private Subscription subscription;

    private boolean ended;
    private long stamp;

    EventStream(Context context, HttpServerRequest request, Consumer<EventStream> forget) {
        this.context = context;
        this.request = request;
        this.response = request.response();
        this.forget = forget;
        response.closeHandler(closed -> over());
    }

    /** Whether what was missed is known, and worth telling. */
    static boolean isWhole(Subscription subscription) {
        return subscription.whole() && subscription.missed().size() <= MISSED_TAGS_MAX;
    }

    /** Takes a change. Any thread may call. */
    void hear(Change change) {
        context.runOnContext(run -> {
            if (subscription == null) {
                early.add(change);
            } else {
                take(change);
            }
        });
    }

    /**
     * Begins. Succeeds when the stream is over.
     *
     * @param after the last stamp that the client knows, below 0 for none
     */
    Future<Void> begin(String replica, long after, Subscription begun) {
        subscription = begun;
        if (ended) {
            begun.end().run();
            return over.future();
        }
        response.setChunked(true)
                .setWriteQueueMaxSize(QUEUE_BYTES_MAX)
                .putHeader(HttpHeaders.CONTENT_TYPE, MEDIA_TYPE)
                .putHeader("X-Accel-Buffering", "no");
        boolean whole = isWhole(begun);
        stamp = begun.stamp();
        long from = whole && begun.missed().isEmpty() ? stamp : after;
        write("hello", from, Json.object().put("stamp", from).put("replica", replica));
        if (whole) {
            missed(begun.missed());
        } else {
            reset("behind");
        }
        early.forEach(this::take);
        early.clear();
        return over.future();
    }

    private void missed(Map<Tag, Mark> marks) {
        Map<Tag, Mark> some = new HashMap<>();
        int left = marks.size();
        for (Map.Entry<Tag, Mark> mark : marks.entrySet()) {
            some.put(mark.getKey(), mark.getValue());
            left--;
            if (left == 0 || some.size() == TAGS_PER_EVENT) {
                write("invalidate", left == 0 ? stamp : -1, Json.marks(stamp, some));
                some.clear();
            }
        }
    }

    private void take(Change change) {
        if (ended) {
            return;
        }
        if (response.writeQueueFull()) {
            slow();
            return;
        }
        switch (change) {
            case Change.Invalidated invalidated -> {
                stamp = Math.max(stamp, invalidated.stamp());
                write("invalidate", stamp, Json.marks(invalidated.stamp(), invalidated.marks()));
            }
            case Change.Written written ->
                write(
                        "write",
                        -1,
                        Json.object()
                                .put("deployment", written.key().deployment())
                                .put("digest", written.key().digest()));
            case Change.Lost lost -> reset("lost");
            case Change.Released released -> {}
            case Change.Acknowledged acknowledged -> {}
            case Change.Live live -> {}
            case Change.Echo echo -> {}
        }
    }

    private void slow() {
        reset("slow");
        long timer =
                context.owner().setTimer(CLOSE_MS, late -> request.connection().close());
        response.end().onComplete(sent -> {
            context.owner().cancelTimer(timer);
            request.connection().close();
        });
        over();
    }

    private void reset(String reason) {
        write("reset", stamp, Json.object().put("reason", reason));
    }

    /* An id below 0 is none. */
    private void write(String event, long id, JsonNode data) {
        String lines = "event: " + event + (id < 0 ? "" : "\nid: " + id) + "\ndata: " + data + "\n\n";
        response.write(lines);
    }

    /** Says that there is nothing to say. */
    void beat() {
        if (!ended && response.headWritten() && !response.writeQueueFull()) {
            response.write(": \n\n");
        }
    }

    /** Ends it. */
    void end() {
        if (!ended && response.headWritten()) {
            response.end();
        }
        over();
    }

    private void over() {
        if (ended) {
            return;
        }
        ended = true;
        forget.accept(this);
        if (subscription != null) {
            subscription.end().run();
        }
        over.tryComplete();
    }
}
