package dev.freshet.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freshet.edge.Denied;
import dev.freshet.entry.FrameException;
import dev.freshet.gateway.TooManyAppsException;
import dev.freshet.store.StoreException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Why a request gets no answer of its own, in the form of RFC 9457. */
final class Problem extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What the types have in common. */
    static final String TYPES = "https://freshet.dev/problems/";

    private static final String MEDIA_TYPE = "application/problem+json";
    private static final Logger LOG = LoggerFactory.getLogger(Problem.class);

    private final Kind type;
    private final transient Map<String, String> headers = new TreeMap<>();
    private long limit = -1;

    /** Each kind of problem, with its status. */
    enum Kind {
        /** An app, deployment, key, digest or token that is not of its form. */
        INVALID_NAME(400, "A name is not of its form"),
        /** A header, query or body that cannot be read. */
        INVALID_REQUEST(400, "The request cannot be read"),
        /** The body is not as long as it was said to be. */
        INCOMPLETE_BODY(400, "The body did not arrive whole"),
        /** A length or checksum is wrong. */
        DAMAGED_FRAME(400, "The frame is damaged"),
        /** It is not known who asks. */
        UNAUTHENTICATED(401, "It is not known who asks"),
        /** Who asks may not do this. */
        INSUFFICIENT_SCOPE(403, "Who asks may not do this"),
        /** There is no such path. */
        NOT_FOUND(404, "There is no such path"),
        /** The path is there, but not for this method. */
        METHOD_NOT_ALLOWED(405, "The path does not answer this method"),
        /** The stored entry comes from a newer computation. */
        OLDER_COMPUTATION(409, "The stored entry comes from a newer computation"),
        /** The token does not hold the lease any more. */
        LEASE_LOST(412, "The token does not hold the lease any more"),
        /** The body is over its limit. */
        TOO_LARGE(413, "The body is too large"),
        /** The body is not of a type that is understood here. */
        UNSUPPORTED_MEDIA_TYPE(415, "The media type is not supported"),
        /** A tag that is not of its form, or too many of them. */
        INVALID_TAG(422, "A tag is not of its form"),
        /** A value of an entry that is out of range. */
        INVALID_ENTRY(422, "A value of the entry is out of range"),
        /** This replica serves as many apps as it may. */
        TOO_MANY_APPS(429, "This replica serves as many apps as it may"),
        /** A fault of the gateway. */
        INTERNAL(500, "A fault of the gateway"),
        /** The store does not answer. */
        STORE_UNAVAILABLE(503, "The store does not answer"),
        /** A queue is full. */
        OVERLOADED(503, "A queue is full"),
        /** The store has no room. */
        STORE_FULL(507, "The store has no room");

        final int status;
        final String title;

        Kind(int status, String title) {
            this.status = status;
            this.title = title;
        }

        /** The last segment of its URI. */
        String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /**
     * A problem.
     *
     * @param detail what was wrong, and what is allowed
     */
    Problem(Kind type, String detail) {
        super(detail, null, false, false);
        this.type = type;
        if (type.status == 503) {
            headers.put("Retry-After", "1");
        }
    }

    /** A body of more than {@code bytesMax} bytes. */
    static Problem tooLarge(long bytesMax) {
        Problem problem = new Problem(Kind.TOO_LARGE, "the body has at most " + bytesMax + " bytes");
        problem.limit = bytesMax;
        return problem;
    }

    /** A path that answers other methods than the one asked. */
    static Problem methodNotAllowed(String allowed) {
        Problem problem = new Problem(Kind.METHOD_NOT_ALLOWED, "the path answers " + allowed);
        problem.headers.put("Allow", allowed);
        return problem;
    }

    private static Problem denied(Denied denied) {
        Problem problem =
                new Problem(denied.status() == 401 ? Kind.UNAUTHENTICATED : Kind.INSUFFICIENT_SCOPE, text(denied));
        problem.headers.put("WWW-Authenticate", denied.challenge());
        return problem;
    }

    /** What kind it is. */
    Kind type() {
        return type;
    }

    /** What a failure is to a client. */
    static Problem of(Throwable failure) {
        return switch (failure) {
            case Problem problem -> problem;
            case Denied denied -> denied(denied);
            case StoreException store -> new Problem(Kind.STORE_UNAVAILABLE, text(store));
            case TooManyAppsException apps -> new Problem(Kind.TOO_MANY_APPS, text(apps));
            case FrameException frame -> new Problem(Kind.DAMAGED_FRAME, text(frame));
            default -> new Problem(Kind.INTERNAL, "the log says more, under this instance");
        };
    }

    private static String text(Throwable failure) {
        return String.valueOf(failure.getMessage());
    }

    /** Answers a request that failed, unless it is answered, or its client is gone. */
    static void answer(HttpServerRequest request, Throwable failure) {
        HttpServerResponse response = request.response();
        Problem problem = of(failure);
        String instance = "urn:uuid:" + UUID.randomUUID();
        boolean gone = response.closed() || (response.headWritten() && failure instanceof IOException);
        if (problem.type == Kind.INTERNAL && !gone) {
            /* Without the path: a key may hold what is private. */
            LOG.error("A {} failed, {}", request.method(), instance, failure);
        }
        if (response.headWritten()) {
            Bodies.cut(request);
        } else if (!response.closed()) {
            problem.write(request, instance);
        }
    }

    private void write(HttpServerRequest request, String instance) {
        Buffer body = json(instance);
        HttpServerResponse response = request.response().setStatusCode(type.status);
        EntryHeaders.forget(response);
        headers.forEach(response::putHeader);
        response.putHeader(HttpHeaders.CONTENT_TYPE, MEDIA_TYPE)
                .putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length()));
        Buffer sent = request.method().equals(HttpMethod.HEAD) ? Buffer.buffer() : body;
        Bodies.endUnread(request, () -> response.end(sent));
    }

    private Buffer json(String instance) {
        ObjectNode json = Json.object()
                .put("type", TYPES + type.text())
                .put("title", type.title)
                .put("status", type.status)
                .put("detail", getMessage())
                .put("instance", instance);
        if (limit >= 0) {
            json.put("limit", limit);
        }
        return Json.bytes(json);
    }
}
