package dev.freshet.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freshet.edge.Scope;
import dev.freshet.edge.Token;
import dev.freshet.entry.Frame;
import dev.freshet.entry.Key;
import dev.freshet.gateway.Place;
import dev.freshet.http.Fields.Item;
import dev.freshet.http.Problem.Kind;
import dev.freshet.trace.Attribute;
import dev.freshet.trace.RequestSpan;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a request asks for: what is absent is a value, and what is wrong a problem. */
final class Asked {
    private static final CharSequence LEASE = HttpHeaders.createOptimized("Freshet-Lease");
    private static final CharSequence PREFER = HttpHeaders.createOptimized("Prefer");

    private final HttpServerRequest request;
    private final Target target;
    private final Token token;
    private final @Nullable RequestSpan span;

    Asked(HttpServerRequest request, Target target, Token token, @Nullable RequestSpan span) {
        this.request = request;
        this.target = target;
        this.token = token;
        this.span = span;
    }

    HttpServerRequest request() {
        return request;
    }

    HttpServerResponse response() {
        return request.response();
    }

    /** What is traced of it; null if it is not traced. */
    @Nullable
    RequestSpan span() {
        return span;
    }

    boolean isHead() {
        return request.method().equals(HttpMethod.HEAD);
    }

    /** A segment of the path, decoded. */
    String segment(String name) {
        return target.segment(name);
    }

    /** The app. */
    String app() {
        String app = target.app();
        if (span != null) {
            span.tell(Attribute.APP, app);
        }
        return app;
    }

    /** The key. */
    Key key() {
        return noted(target.key());
    }

    private Key noted(Key key) {
        if (span != null) {
            span.tell(Attribute.APP, key.app());
            span.tell(Attribute.DEPLOYMENT, key.deployment());
        }
        return key;
    }

    /** Refuses names of an app or deployment that are none. */
    void checkNames() {
        key("0".repeat(64));
    }

    /** A key by its digest. */
    Key key(String digest) {
        return noted(target.key(digest));
    }

    /** A key by its text. */
    Key keyOf(String text) {
        return noted(target.keyOf(text));
    }

    /** A header; several lines of it as one list. */
    Optional<String> header(CharSequence name) {
        return request.headers().get(name) == null
                ? Optional.empty()
                : Optional.of(String.join(", ", request.headers().getAll(name)));
    }

    /** Whether a read says nothing of a lease, or of waiting for another's value. */
    boolean wantsTheEntryAlone() {
        return request.headers().get(LEASE) == null && request.headers().get(PREFER) == null;
    }

    /** A header that is a dictionary, empty if it is not there. */
    Map<String, Item> dictionary(String name) {
        return header(name).map(text -> Fields.dictionary(name, text)).orElse(Map.of());
    }

    /** Whether the reader would refresh the entry. */
    boolean wantsLease() {
        Map<String, Item> lease = dictionary("Freshet-Lease");
        if (!lease.isEmpty() && !lease.equals(Map.of("want", new Item.Flag(true)))) {
            throw new Problem(Kind.INVALID_REQUEST, "Freshet-Lease of a GET is: want, or want; early");
        }
        checkLease(!lease.isEmpty());
        return !lease.isEmpty();
    }

    /** Refuses a lease to whoever could not write what it is for: it would only keep others from it. */
    void checkLease(boolean wanted) {
        if (wanted) {
            token.check(Scope.ENTRIES_WRITE);
        }
    }

    /** Whether the reader, if it would refresh the entry, would do so before it is stale. */
    boolean wantsItEarly() {
        return header("Freshet-Lease")
                .map(text -> Fields.parameters("Freshet-Lease", text).contains("early"))
                .orElse(false);
    }

    /** How long the reader would wait. */
    long waitMs() {
        return prefersWaitMs().orElse(0L);
    }

    /** How long the client would wait, if it says so. */
    Optional<Long> prefersWaitMs() {
        return Optional.ofNullable(prefer().get("wait")).map(wait -> switch (wait) {
            case Item.Decimal seconds -> Values.waitMs(seconds.thousandths());
            case Item other -> throw new Problem(Kind.INVALID_REQUEST, "Prefer: wait is a number of seconds");
        });
    }

    /** Whether the client would rather not wait for the effect. */
    boolean prefersAsync() {
        return prefer().containsKey("respond-async");
    }

    /* The names of preferences are in any case (RFC 7240), and none of theirs has a value that case matters to. */
    private Map<String, Item> prefer() {
        return header("Prefer")
                .map(text -> Fields.dictionary("Prefer", text.toLowerCase(Locale.ROOT)))
                .orElse(Map.of());
    }

    /** Whether the client names a media type as one that it accepts. */
    boolean accepts(String type) {
        Optional<String> header = header(HttpHeaders.ACCEPT);
        return header.isPresent()
                && Arrays.stream(header.get().split(",", -1))
                        .anyMatch(accepted -> Values.essence(accepted).equals(type));
    }

    /** Whether the client takes a content coding, and would not rather have none. */
    boolean prefersCoding(String coding) {
        return header(HttpHeaders.ACCEPT_ENCODING)
                .filter(text -> AcceptEncoding.prefers(text, coding))
                .isPresent();
    }

    /** Whether the body is a frame. */
    boolean sendsFrame() {
        return header("Content-Type").map(Values::essence).orElse("").equals(Frame.MEDIA_TYPE);
    }

    /** Refuses a body that is not JSON. */
    void checkJson() {
        checkEncoding();
        String type = header("Content-Type").map(Values::essence).orElse("");
        if (!type.equals(Json.MEDIA_TYPE)) {
            throw new Problem(Kind.UNSUPPORTED_MEDIA_TYPE, "the Content-Type is " + Json.MEDIA_TYPE);
        }
    }

    /** Refuses a body that is encoded. */
    void checkEncoding() {
        String encoding = header("Content-Encoding").orElse("identity").strip();
        if (!encoding.equalsIgnoreCase("identity")) {
            throw new Problem(Kind.UNSUPPORTED_MEDIA_TYPE, "a Content-Encoding is not supported: identity alone is");
        }
    }

    /** A JSON object from a body. */
    static ObjectNode json(Buffer body) {
        return Json.utf8(body)
                .flatMap(Json::read)
                .orElseThrow(() -> new Problem(
                        Kind.INVALID_REQUEST, "the body is one JSON object in UTF-8, without repeated members"));
    }

    /** Up to where a subscriber knows everything. */
    Place after() {
        return header("Last-Event-ID")
                .map(String::strip)
                .filter(id -> !id.isEmpty())
                .or(() -> Optional.ofNullable(request.getParam("after")))
                .map(Asked::place)
                .orElse(Place.NONE);
    }

    private static Place place(String text) {
        try {
            return Place.of(text);
        } catch (IllegalArgumentException e) {
            throw new Problem(Kind.INVALID_REQUEST, "Last-Event-ID and after: " + e.getMessage());
        }
    }

    /** What the reader has already. */
    EntityTags known() {
        return header(HttpHeaders.IF_NONE_MATCH).map(EntityTags::parse).orElse(EntityTags.NONE);
    }
}
