package dev.freshet.http;

import dev.freshet.edge.Shortcut;
import dev.freshet.entry.Body;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Lifetime;
import dev.freshet.gateway.Lookup.Source;
import dev.freshet.tag.Tag;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The headers of an entry that are the same in each answer, or for a second, encoded once. Of one event loop. */
final class EntryHead {
    private static final byte[] NONE = {};
    private static final int GROUPS_CHARS_MAX = 4_096;
    static final CharSequence STATE = HttpHeaders.createOptimized("Freshet-State");
    private static final CharSequence FRESH = HttpHeaders.createOptimized("fresh");
    private static final CharSequence STALE = HttpHeaders.createOptimized("stale");
    static final CharSequence LIFETIME = HttpHeaders.createOptimized("Freshet-Lifetime");
    static final CharSequence CACHE_STATUS = HttpHeaders.createOptimized("Cache-Status");
    static final CharSequence GROUPS = HttpHeaders.createOptimized("Cache-Groups");

    /** The content coding of a body that is kept compressed. */
    static final String ZSTD = "zstd";

    private static final CharSequence ZSTD_VALUE = HttpHeaders.createOptimized(ZSTD);

    private record Coded(String etag, CharSequence quotedEtag, CharSequence length) {
        static Coded of(String plainEtag, Body body) {
            String etag = plainEtag + "-" + ZSTD;
            return new Coded(
                    etag,
                    HttpHeaders.createOptimized('"' + etag + '"'),
                    HttpHeaders.createOptimized(Integer.toString(body.keptLength())));
        }
    }

    private final WeakReference<Entry> of;
    private final String etag;
    private final CharSequence quotedEtag;
    private final Optional<CharSequence> lifetime;
    private final Optional<CharSequence> groups;
    private final CharSequence type;
    private final CharSequence length;
    /** How the body is sent to whoever takes it as it is kept, if that is not as it came. */
    private final Optional<Coded> coded;

    private long ageS = -1;
    private CharSequence age = "";
    private long ttlS;
    private CharSequence nearStatus = "";
    private byte[] wholeBytes = NONE;
    private @Nullable Http2Headers wholeFields;
    private Source wholeSource = Source.OUTAGE;
    private long wholeFromMs;
    private long wholeToMs;

    /** That of an entry. */
    EntryHead(Entry entry) {
        of = new WeakReference<>(entry);
        etag = entry.etag();
        quotedEtag = HttpHeaders.createOptimized('"' + etag + '"');
        lifetime = lifetime(entry.lifetime());
        groups = groups(entry.tags());
        type = HttpHeaders.createOptimized(entry.type());
        length = HttpHeaders.createOptimized(Integer.toString(entry.body().length()));
        coded = Optional.of(entry.body()).filter(Body::isCoded).map(body -> Coded.of(etag, body));
    }

    /** The heads of the entries that were answered last; none is kept from being forgotten. Of one event loop. */
    static final class Table {
        private static final int SIZE = 1_024;

        private final @Nullable EntryHead[] heads = new EntryHead[SIZE];

        EntryHead of(Entry entry) {
            int hash = entry.key().hashCode();
            int at = (hash ^ hash >>> 16) & SIZE - 1;
            EntryHead head = heads[at];
            if (head == null || !head.of.refersTo(entry)) {
                head = new EntryHead(entry);
                heads[at] = head;
            }
            return head;
        }
    }

    /** The entity tag, without quotes. */
    String etag() {
        return etag;
    }

    /** The entity tag of the body as it is kept, without quotes. Of one that is kept compressed. */
    String codedEtag() {
        return coded.orElseThrow().etag;
    }

    /** Says that it is the body as it is kept. */
    HttpServerResponse tellCodedEtag(HttpServerResponse response) {
        return response.putHeader(HttpHeaders.ETAG, coded.orElseThrow().quotedEtag);
    }

    /** Says how the body is kept that is sent so, and how long it is. */
    HttpServerResponse tellCoded(HttpServerResponse response) {
        return response.putHeader(HttpHeaders.CONTENT_ENCODING, ZSTD_VALUE)
                .putHeader(HttpHeaders.CONTENT_LENGTH, coded.orElseThrow().length);
    }

    /** Says which entry it is, how it was found, for how long it is good, and what it belongs to. */
    void tell(Found found, HttpServerResponse response) {
        tell(found, response::putHeader);
    }

    private void tell(Found found, BiConsumer<CharSequence, CharSequence> field) {
        field.accept(HttpHeaders.AGE, age(found.ageMs() / 1_000));
        field.accept(STATE, found.freshness().isStale() ? STALE : FRESH);
        field.accept(CACHE_STATUS, found.isFreshNear() ? nearStatus(found) : found.cacheStatus());
        field.accept(HttpHeaders.ETAG, quotedEtag);
        if (lifetime.isPresent()) {
            field.accept(LIFETIME, lifetime.get());
        }
        if (groups.isPresent()) {
            field.accept(GROUPS, groups.get());
        }
    }

    /** The whole answer to who asks for the entry alone, and gets it fresh. */
    Shortcut.Whole whole(Entry entry, long ageMs, Source source) {
        return new Whole(this, entry, ageMs, source);
    }

    private record Whole(EntryHead head, Entry entry, long ageMs, Source source) implements Shortcut.Whole {
        @Override
        public ByteBuf bytes(ByteBufAllocator allocator) {
            byte[] first = head.bytes(entry, ageMs, source);
            ByteBuf whole = allocator.ioBuffer(first.length + entry.body().length());
            entry.body().appendTo(whole.writeBytes(first));
            return whole;
        }

        @Override
        public Http2Headers fields() {
            return head.fields(entry, ageMs, source);
        }

        @Override
        public ByteBuf body() {
            return entry.body().wrapped();
        }
    }

    private byte[] bytes(Entry entry, long ageMs, Source source) {
        forgetOld(entry, ageMs, source);
        if (wholeBytes.length == 0) {
            StringBuilder head = new StringBuilder("HTTP/1.1 200 OK\r\n");
            tellWhole(
                    entry,
                    ageMs,
                    source,
                    (name, value) ->
                            head.append(name).append(": ").append(value).append("\r\n"));
            wholeBytes = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        }
        return wholeBytes;
    }

    private Http2Headers fields(Entry entry, long ageMs, Source source) {
        forgetOld(entry, ageMs, source);
        Http2Headers fields = wholeFields;
        if (fields == null) {
            fields = new DefaultHttp2Headers(false).status(HttpResponseStatus.OK.codeAsText());
            Http2Headers made = fields;
            tellWhole(
                    entry,
                    ageMs,
                    source,
                    (name, value) -> made.add(AsciiString.of(name).toLowerCase(), value));
            wholeFields = fields;
        }
        return fields;
    }

    private void tellWhole(Entry entry, long ageMs, Source source, BiConsumer<CharSequence, CharSequence> field) {
        field.accept(HttpHeaders.CACHE_CONTROL, HttpVerticle.NO_STORE);
        tell(Found.fresh(entry, ageMs, source, false), field);
        field.accept(HttpHeaders.CONTENT_TYPE, type);
        field.accept(HttpHeaders.CONTENT_LENGTH, length);
    }

    private void forgetOld(Entry entry, long ageMs, Source source) {
        if (source != wholeSource || ageMs < wholeFromMs || ageMs >= wholeToMs) {
            wholeBytes = NONE;
            wholeFields = null;
            wholeSource = source;
            wholeIsGood(Found.fresh(entry, ageMs, source, false));
        }
    }

    /* Until the second of its age, or that of its time left, is another. */
    private void wholeIsGood(Found found) {
        wholeFromMs = found.ageMs() - found.ageMs() % 1_000;
        wholeToMs = wholeFromMs + 1_000;
        long revalidateMs = found.entry().orElseThrow().lifetime().revalidateMs();
        if (revalidateMs != Lifetime.NEVER) {
            long lastMs = revalidateMs - found.ttlS() * 1_000;
            wholeFromMs = Math.max(wholeFromMs, lastMs - 999);
            wholeToMs = Math.min(wholeToMs, lastMs + 1);
        }
    }

    private CharSequence age(long nowS) {
        if (ageS != nowS) {
            ageS = nowS;
            age = HttpHeaders.createOptimized(Long.toString(nowS));
        }
        return age;
    }

    private CharSequence nearStatus(Found found) {
        if (nearStatus.isEmpty() || ttlS != found.ttlS()) {
            ttlS = found.ttlS();
            nearStatus = HttpHeaders.createOptimized(found.cacheStatus());
        }
        return nearStatus;
    }

    /** Says of what type its body is. */
    HttpServerResponse tellType(HttpServerResponse response) {
        return response.putHeader(HttpHeaders.CONTENT_TYPE, type);
    }

    /** Says how long its body is. */
    HttpServerResponse tellLength(HttpServerResponse response) {
        return response.putHeader(HttpHeaders.CONTENT_LENGTH, length);
    }

    private static Optional<CharSequence> lifetime(Lifetime lifetime) {
        List<String> members = new ArrayList<>(2);
        if (lifetime.revalidateMs() != Lifetime.NEVER) {
            members.add("revalidate=" + Seconds.text(lifetime.revalidateMs()));
        }
        if (lifetime.expireMs() != Lifetime.NEVER) {
            members.add("expire=" + Seconds.text(lifetime.expireMs()));
        }
        return members.isEmpty()
                ? Optional.empty()
                : Optional.of(HttpHeaders.createOptimized(String.join(", ", members)));
    }

    /* All of them or none: some of them would pass for all. */
    private static Optional<CharSequence> groups(List<Tag> tags) {
        StringBuilder groups = new StringBuilder();
        for (Tag tag : tags) {
            Optional<String> quoted = Fields.quoted(tag.text());
            if (quoted.isEmpty() || groups.length() + quoted.get().length() > GROUPS_CHARS_MAX) {
                return Optional.empty();
            }
            groups.append(groups.isEmpty() ? "" : ", ").append(quoted.get());
        }
        return Optional.of(groups.toString())
                .filter(text -> !text.isEmpty() && text.length() <= GROUPS_CHARS_MAX)
                .map(HttpHeaders::createOptimized);
    }
}
