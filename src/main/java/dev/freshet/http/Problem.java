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

    /** Each kind of problem, with its status and what its clients are told: what it means, and what to do. */
    enum Kind {
        INVALID_NAME(400, "An app, deployment, key, digest or token is not of its form"),
        INVALID_REQUEST(400, "A header, the query or the body cannot be read: the detail says which"),
        INCOMPLETE_BODY(400, "The body is not as long as it was said to be"),
        DAMAGED_FRAME(400, "A length or checksum of the frame is wrong: send it again"),
        UNAUTHENTICATED(
                401, "No token or certificate was shown, or none that is known: the header WWW-Authenticate tells"),
        INSUFFICIENT_SCOPE(
                403, "The token is not good for this, or for this app: the header WWW-Authenticate names the scope"),
        NOT_FOUND(404, "There is no such path"),
        METHOD_NOT_ALLOWED(405, "The path does not answer this method: the header Allow names those that it does"),
        OLDER_COMPUTATION(409, "A value of a newer computation is stored: drop this one"),
        LEASE_LOST(412, "The token does not hold the lease any more: drop the value, or write it without a token"),
        TOO_LARGE(413, "The body has more bytes than the limit"),
        UNSUPPORTED_MEDIA_TYPE(415, "The media type is not supported: the detail names those that are"),
        INVALID_TAG(422, "A tag is empty, too long or has control characters, or there are too many"),
        INVALID_ENTRY(422, "A lifetime, age, ticket or member of the meta is out of range"),
        TOO_MANY_APPS(429, "This replica serves limits.apps apps already"),
        INTERNAL(500, "A fault of the gateway: the log has it by its instance"),
        STORE_UNAVAILABLE(503, "Redis does not answer: the header Retry-After says when to try again"),
        OVERLOADED(
                503,
                "There are as many requests, bodies or event streams as http.requests-max, limits.bodies-bytes or"
                        + " limits.event-streams let in: the header Retry-After says when to try again"),
        STORE_FULL(507, "Redis is full and evicts nothing: nothing can be written until it has room");

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
