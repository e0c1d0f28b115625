package dev.freshet.http;

import dev.freshet.edge.EdgeMeters;
import dev.freshet.edge.EdgeMeters.Refusal;
import dev.freshet.http.Problem.Kind;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.impl.HttpServerConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Reads the bodies of requests and sends those of answers, as they are, up to a limit. Of one event loop. */
final class Bodies {
    /*
     * A refusal may come before its body. A small rest is read and dropped, and the connection lives
     * on. A large one, or one that the client holds back until it is told to continue, is not waited
     * for: the answer says that the connection ends. It ends a little later, for a client that is
     * still sending would otherwise be told of a broken connection, and never see the answer.
     */

    /** A rest of a body that is read so that its connection can be kept. */
    private static final int REST_BYTES_MAX = 65_536;

    /** How long the rest of a refused body is dropped before its connection ends. */
    private static final long LINGER_MS = 500;

    /** The code of HTTP/2 for a stream whose rest is not wanted. */
    private static final long NO_ERROR = 0;

    private final UnderWay underWay;
    private final EdgeMeters meters;
    private final long sendingMs;

    /**
     * Reads nothing yet.
     *
     * @param sending how long a large body may take to leave
     */
    Bodies(UnderWay underWay, EdgeMeters meters, Duration sending) {
        this.underWay = underWay;
        this.meters = meters;
        this.sendingMs = sending.toMillis();
    }

    /** One body on its way. */
    private final class Reading {
        private final HttpServerRequest request;
        private final long bytesMax;
        private final List<Buffer> parts = new ArrayList<>();
        private final Promise<Buffer> whole = Promise.promise();
        private long bytes;

        Reading(HttpServerRequest request, long bytesMax) {
            this.request = request;
            this.bytesMax = bytesMax;
            request.handler(this::take);
            request.endHandler(ended -> end());
            request.exceptionHandler(cut -> broken());
        }

        private void take(Buffer part) {
            if (bytes + part.length() > bytesMax) {
                fail(Problem.tooLarge(bytesMax));
                return;
            }
            try {
                underWay.take(part.length());
            } catch (Problem tooMuch) {
                fail(tooMuch);
                return;
            }
            bytes += part.length();
            parts.add(part);
        }

        /* A client that is still there, and sent what is no chunk, gets the answer by the closing, which flushes. */
        private void broken() {
            fail(new Problem(Kind.INCOMPLETE_BODY, "the body broke off after " + bytes + " bytes"));
            cut(request);
        }

        private void end() {
            Buffer body = joined();
            parts.clear();
            whole.tryComplete(body);
        }

        private void fail(Problem problem) {
            done();
            parts.clear();
            drop(request);
            whole.tryFail(problem);
        }

        void done() {
            underWay.giveBack(bytes);
            bytes = 0;
        }

        private Buffer joined() {
            if (parts.size() == 1) {
                return parts.getFirst();
            }
            Buffer joined = Buffer.buffer((int) bytes);
            parts.forEach(joined::appendBuffer);
            return joined;
        }
    }

    /**
     * Reads the body of a request, as a frame, form or whatever it is. Refuses one that is too large before it is sent, if its length is
     * said.
     *
     * @param use what is done with it; it is under way until then
     */
    <T> Future<T> read(HttpServerRequest request, long bytesMax, Function<Buffer, Future<T>> use) {
        if (length(request) > bytesMax) {
            return Future.failedFuture(Problem.tooLarge(bytesMax));
        }
        Reading reading = new Reading(request, bytesMax);
        if (awaitsContinue(request)) {
            request.response().writeContinue();
        }
        return reading.whole.future().compose(use).onComplete(used -> reading.done());
    }

    /** Sends a body. Fails with nothing sent if too much is under way. */
    Future<Void> send(HttpServerRequest request, Buffer body) {
        return body.length() <= Sending.SLICE_BYTES ? request.response().end(body) : send(request, List.of(body));
    }

    /** Sends the parts of a body; there is one at least. Fails with nothing sent if too much is under way. */
    Future<Void> send(HttpServerRequest request, List<Buffer> parts) {
        List<Buffer> large = new ArrayList<>();
        try {
            for (Buffer part : parts) {
                if (part.length() > Sending.SLICE_BYTES) {
                    underWay.take(part);
                    large.add(part);
                }
            }
        } catch (Problem tooMuch) {
            large.forEach(underWay::giveBack);
            return Future.failedFuture(tooMuch);
        }
        return inTime(request, Sending.of(request.response(), parts))
                .onComplete(sent -> large.forEach(underWay::giveBack));
    }

    /* Who takes too long over what he asked for keeps others from theirs. */
    private Future<Void> inTime(HttpServerRequest request, Future<Void> sending) {
        if (sending.isComplete()) {
            return sending;
        }
        Vertx vertx = vertx();
        long timer = vertx.setTimer(sendingMs, late -> {
            meters.refused(Refusal.SLOW);
            sever(request);
        });
        return sending.onComplete(sent -> vertx.cancelTimer(timer));
    }

    /** Answers a request by {@code end}, however much of its body is unread. */
    static void endUnread(HttpServerRequest request, Runnable end) {
        if (request.isEnded() || request.decoderResult().isFailure() || !hasBody(request)) {
            end.run();
            return;
        }
        drop(request);
        long length = length(request);
        if (length >= 0 && length <= REST_BYTES_MAX && !awaitsContinue(request)) {
            end.run();
            return;
        }
        if (request.version() == HttpVersion.HTTP_2) {
            /* Only this stream ends: what else the connection carries is not its fault. */
            end.run();
            request.response().reset(NO_ERROR);
            return;
        }
        request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        end.run();
        linger(request);
    }

    /** Ends a request that cannot be answered any more, with its connection where that carries nothing else. */
    static void cut(HttpServerRequest request) {
        if (request.version() == HttpVersion.HTTP_2) {
            request.response().reset();
        } else {
            request.connection().close();
        }
    }

    /* Without waiting until the client has read what was sent, as closing does. */
    @SuppressWarnings("FutureReturnValueIgnored") // Closed it is, whatever it says of it.
    private static void sever(HttpServerRequest request) {
        if (request.version() == HttpVersion.HTTP_2) {
            request.response().reset();
        } else {
            ((HttpServerConnection) request.connection())
                    .channelHandlerContext()
                    .close();
        }
    }

    private static void linger(HttpServerRequest request) {
        Vertx vertx = vertx();
        long timer = vertx.setTimer(LINGER_MS, late -> request.connection().close());
        request.endHandler(ended -> {
            vertx.cancelTimer(timer);
            request.connection().close();
        });
    }

    private static Vertx vertx() {
        Context context = Vertx.currentContext();
        if (context == null) {
            throw new IllegalStateException("not on an event loop");
        }
        return context.owner();
    }

    private static void drop(HttpServerRequest request) {
        if (!request.isEnded()) {
            request.handler(part -> {}).endHandler(ended -> {}).exceptionHandler(cut -> {});
        }
    }

    private static boolean hasBody(HttpServerRequest request) {
        return length(request) > 0 || request.headers().contains(HttpHeaders.TRANSFER_ENCODING);
    }

    private static boolean awaitsContinue(HttpServerRequest request) {
        return "100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT));
    }

    /* The HTTP decoder has checked the number. */
    private static long length(HttpServerRequest request) {
        String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        return length == null ? -1 : Long.parseLong(length.strip());
    }
}
