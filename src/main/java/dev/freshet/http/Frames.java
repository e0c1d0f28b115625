package dev.freshet.http;

import dev.freshet.entry.Frame;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.util.ArrayList;
import java.util.List;

/** An answer of frames. Large bodies are not copied, small ones are sent together. */
final class Frames {
    private static final int SMALL_BYTES_MAX = 4_096;

    private final List<Buffer> parts = new ArrayList<>();
    private Buffer last = Buffer.buffer();
    private long bytes;

    void add(Frame frame) {
        Buffer head = frame.head();
        bytes += head.length() + frame.body().length();
        last.appendBuffer(head);
        if (frame.body().length() <= SMALL_BYTES_MAX) {
            last.appendBuffer(frame.body().bytes());
            return;
        }
        parts.add(last);
        parts.add(frame.body().bytes());
        last = Buffer.buffer();
    }

    /** Answers with the status that is set. */
    Future<Void> answer(Asked asked, Bodies bodies) {
        HttpServerResponse response = asked.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, Frame.MEDIA_TYPE)
                .putHeader(HttpHeaders.CONTENT_LENGTH, Long.toString(bytes));
        if (asked.isHead()) {
            return response.end();
        }
        parts.add(last);
        return bodies.send(asked.request(), parts);
    }
}
