package dev.freshet.http;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;

/** Sends a body no faster than the client takes it. */
final class Sending {
    /*
     * What is handed to a socket is copied out of the heap, and stays there until the client has read
     * it: of large bodies and slow clients that would be more than the heap itself. So a slice follows
     * when the one before it is gone. Between two slices others are served, too.
     */

    /** At once. What is shorter is sent as it is. */
    static final int SLICE_BYTES = 65_536;

    private final HttpServerResponse response;
    private final Deque<Buffer> parts;
    private final Promise<Void> sent = Promise.promise();
    private int at;
    private boolean ended;

    private Sending(HttpServerResponse response, Collection<Buffer> parts) {
        this.response = response;
        this.parts = new ArrayDeque<>(parts);
    }

    /** Sends the parts of a body, whose length the headers tell. Succeeds when it has left; fails if the client is gone before. */
    static Future<Void> of(HttpServerResponse response, Collection<Buffer> parts) {
        Sending sending = new Sending(response, parts);
        response.exceptionHandler(sending.sent::tryFail);
        response.closeHandler(closed -> sending.sent.tryFail("the client is gone"));
        response.drainHandler(drained -> sending.more());
        sending.more();
        return sending.sent.future();
    }

    private void more() {
        while (!ended && !response.writeQueueFull()) {
            Buffer slice = next();
            ended = parts.isEmpty();
            if (ended) {
                response.end(slice).onSuccess(sent::tryComplete).onFailure(sent::tryFail);
            } else {
                response.write(slice).onFailure(sent::tryFail);
            }
        }
    }

    private Buffer next() {
        Buffer part = parts.element();
        int to = Math.min(part.length(), at + SLICE_BYTES);
        Buffer slice = part.slice(at, to);
        at = to;
        if (at == part.length()) {
            parts.remove();
            at = 0;
        }
        return slice;
    }
}
