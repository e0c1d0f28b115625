package dev.freshet.http;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Frame;
import dev.freshet.entry.Key;
import dev.freshet.gateway.Ask;
import dev.freshet.gateway.Gateway;
import dev.freshet.gateway.Lookup;
import dev.freshet.gateway.Place;
import dev.freshet.http.Problem.Kind;
import dev.freshet.store.Written;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.Optional;

/** One entry. */
final class EntryRoutes {
    /** What a frame has beside its body, in bytes at most. */
    private static final int FRAME_BYTES_MAX = 24 + Frame.META_BYTES_MAX;

    /** Nobody waits for a near copy that is being sent: it is in memory anyway, and there is nothing to do if it does not arrive. */
    private static final Future<Void> ANSWERED = Future.succeededFuture();

    private final Gateway gateway;
    private final Bodies bodies;
    private final Codec codec;
    private final int bodyBytesMax;
    private final EntryHead.Table heads;
    private final Ahead ahead;

    EntryRoutes(Gateway gateway, Bodies bodies, Codec codec, EntryHead.Table heads, Ahead ahead, int bodyBytesMax) {
        this.gateway = gateway;
        this.bodies = bodies;
        this.codec = codec;
        this.heads = heads;
        this.ahead = ahead;
        this.bodyBytesMax = bodyBytesMax;
    }

    /** GET and HEAD. */
    Future<Void> get(Asked asked) {
        Key key = asked.key();
        Ask ask = asked.isHead() || asked.wantsTheEntryAlone()
                ? Ask.PLAIN
                : new Ask(List.of(), asked.wantsLease(), asked.waitMs(), false, asked.wantsItEarly());
        EntityTags known = asked.known();
        Future<Lookup> read = ahead.take(key);
        long nanos = gateway.nanos();
        Entry hit = read == null ? gateway.hit(key, ask, nanos) : null;
        if (hit == null) {
            Future<Lookup> found = read == null ? gateway.get(key, ask, nanos) : read;
            return found.compose(lookup -> answer(asked, known, key, lookup));
        }
        Future<Void> sending = answer(asked, known, Found.near(hit, gateway.ageMs(hit, nanos)));
        return sending.failed() || hit.body().isCoded() ? sending : ANSWERED;
    }

    private Future<Void> answer(Asked asked, EntityTags known, Key key, Lookup lookup) {
        Found found = Found.of(key, lookup);
        return found.delivered(gateway, answer(asked, known, found));
    }

    private Future<Void> answer(Asked asked, EntityTags known, Found found) {
        Noted.found(asked.span(), found);
        HttpServerResponse response = asked.response();
        EntryHeaders.tellTurn(found, response);
        if (found.entry().isEmpty()) {
            return response.setStatusCode(404)
                    .putHeader(EntryHead.CACHE_STATUS, found.cacheStatus())
                    .putHeader(HttpHeaders.CONTENT_LENGTH, "0")
                    .end();
        }
        Entry entry = found.entry().get();
        EntryHead head = heads.of(entry);
        head.tell(found, response);
        if (entry.body().isCoded()) {
            return coded(asked, known, found, head);
        }
        if (known.match(head.etag())) {
            return head.tellType(response.setStatusCode(304)).end();
        }
        if (asked.accepts(Frame.MEDIA_TYPE)) {
            return frame(asked, Meta.frame(found, Optional.empty(), Place.NONE));
        }
        head.tellLength(head.tellType(response));
        return asked.isHead()
                ? response.end()
                : bodies.send(asked.request(), entry.body().bytes());
    }

    /*
     * A body that is kept compressed has two forms, each with an entity tag of its own. Who takes the
     * compressed one may have the other in hand, but not the other way round: a cache would serve what
     * it was told is good to somebody who cannot read it.
     */
    private Future<Void> coded(Asked asked, EntityTags known, Found found, EntryHead head) {
        boolean framed = asked.accepts(Frame.MEDIA_TYPE);
        boolean asKept = !framed && asked.prefersCoding(EntryHead.ZSTD);
        HttpServerResponse response = asked.response().putHeader(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
        if (asKept && known.match(head.codedEtag())) {
            return head.tellType(head.tellCodedEtag(response.setStatusCode(304)))
                    .end();
        }
        if (known.match(head.etag())) {
            return head.tellType(response.setStatusCode(304)).end();
        }
        return framed ? codedFrame(asked, found) : codedBody(asked, found, head, asKept);
    }

    private Future<Void> codedFrame(Asked asked, Found found) {
        Frame frame = Meta.frame(found, Optional.empty(), Place.NONE);
        return codec.decoded(frame.body()).compose(body -> frame(asked, new Frame(frame.meta(), body)));
    }

    private Future<Void> codedBody(Asked asked, Found found, EntryHead head, boolean asKept) {
        HttpServerResponse response = head.tellType(asked.response());
        Body body = found.entry().orElseThrow().body();
        if (asKept) {
            head.tellCoded(head.tellCodedEtag(response));
            return asked.isHead() ? response.end() : bodies.send(asked.request(), body.bytes());
        }
        head.tellLength(response);
        return asked.isHead()
                ? response.end()
                : codec.decoded(body).compose(plain -> bodies.send(asked.request(), plain.bytes()));
    }

    private Future<Void> frame(Asked asked, Frame frame) {
        Frames frames = new Frames();
        frames.add(frame);
        return frames.answer(asked, bodies);
    }

    /** PUT. */
    Future<Void> put(Asked asked) {
        Key key = asked.key();
        asked.checkEncoding();
        if (asked.header("Content-Range").isPresent()) {
            throw new Problem(Kind.INVALID_REQUEST, "a PUT is of a whole entry: Content-Range is not supported");
        }
        if (asked.sendsFrame()) {
            return bodies.read(
                    asked.request(),
                    bodyBytesMax + FRAME_BYTES_MAX,
                    bytes -> write(asked, key, Meta.draft(key, fitting(Frame.decode(bytes)))));
        }
        Draft head = EntryHeaders.draft(key, asked);
        return bodies.read(asked.request(), bodyBytesMax, body -> write(asked, key, head.with(Body.of(body))));
    }

    private Future<Void> write(Asked asked, Key key, Draft plain) {
        return codec.encoded(plain)
                .compose(draft -> gateway.put(key, draft).compose(written -> written(asked, draft, written)));
    }

    private Frame fitting(Frame frame) {
        if (frame.body().length() > bodyBytesMax) {
            throw Problem.tooLarge(bodyBytesMax);
        }
        return frame;
    }

    private static Future<Void> written(Asked asked, Draft draft, Written written) {
        Noted.written(asked.span(), written);
        return switch (written) {
            case Written.Stored stored ->
                asked.response()
                        .setStatusCode(stored.created() ? 201 : 204)
                        .putHeader(HttpHeaders.ETAG, '"' + Entry.etag(stored.revision(), draft.body()) + '"')
                        .end(Buffer.buffer());
            case Written.Older older ->
                Future.failedFuture(new Problem(
                        Kind.OLDER_COMPUTATION,
                        "the stored entry comes from a computation that began later: drop the value"));
            case Written.Full full ->
                Future.failedFuture(
                        new Problem(
                                Kind.STORE_FULL,
                                "Redis is full and evicts nothing: give it more memory (maxmemory), or let it evict (volatile-lru)"));
            case Written.LeaseLost lost ->
                Future.failedFuture(new Problem(
                        Kind.LEASE_LOST,
                        "the lease ended, or is another's: drop the value, or write it without a token"));
        };
    }

    /** DELETE. */
    Future<Void> delete(Asked asked) {
        return gateway.delete(asked.key())
                .compose(removed -> asked.response().setStatusCode(204).end());
    }
}
