package dev.freshet.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freshet.edge.EdgeMeters;
import dev.freshet.entry.Lifetime;
import dev.freshet.gateway.Gateway;
import dev.freshet.gateway.Place;
import dev.freshet.gateway.Settled;
import dev.freshet.gateway.Wish;
import dev.freshet.http.Problem.Kind;
import dev.freshet.store.Mode;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The invalidations of an app: making one, and hearing of them. */
final class InvalidationRoutes {
    private static final int BYTES_MAX = 256 << 10;
    private static final int TAGS_MAX = 256;
    private static final Set<String> MEMBERS = Set.of("tags", "mode", "expire", "holdOff");

    /** Of their own: bodies of entries, however many are under way, are no reason to refuse an invalidation. */
    private static final long UNDER_WAY_BYTES_MAX = 4 << 20;

    private static final Duration SENDING_MAX = Duration.ofSeconds(30);

    private final Gateway gateway;
    private final Bodies bodies;
    private final EventStreams streams;

    InvalidationRoutes(Gateway gateway, EdgeMeters meters, EventStreams streams) {
        this.gateway = gateway;
        this.bodies = new Bodies(new UnderWay(UNDER_WAY_BYTES_MAX, meters), meters, SENDING_MAX);
        this.streams = streams;
    }

    /** POST. */
    Future<Void> post(Asked asked) {
        String app = asked.app();
        long waitMs = asked.prefersAsync() ? 0 : asked.prefersWaitMs().orElse(Wish.WAIT);
        asked.checkJson();
        return bodies.read(asked.request(), BYTES_MAX, body -> Future.succeededFuture(wish(body, waitMs)))
                .onSuccess(wish -> Noted.wish(asked.span(), wish))
                .compose(wish ->
                        asked.prefersAsync() ? gateway.invalidateOrQueue(app, wish) : gateway.invalidate(app, wish))
                .compose(settled -> answer(asked, settled));
    }

    private static Wish wish(Buffer body, long waitMs) {
        Members members = new Members(Asked.json(body), Kind.INVALID_REQUEST, MEMBERS);
        List<Tag> tags = Values.tags(members.strings("tags"), TAGS_MAX);
        if (tags.isEmpty()) {
            throw members.wrong("tags", "has 1 to " + TAGS_MAX + " of them");
        }
        long holdOffMs = members.ms("holdOff", 0);
        if (holdOffMs > Wish.HOLD_OFF_MS_MAX) {
            throw members.wrong("holdOff", "is 0 to " + Wish.HOLD_OFF_MS_MAX / 1_000 + " seconds");
        }
        return new Wish(tags.stream().distinct().toList(), mode(members), holdOffMs, waitMs);
    }

    private static Mode mode(Members members) {
        String mode = members.text("mode").orElse("");
        if (mode.equals("soft")) {
            long expireMs = members.ms("expire", Lifetime.NEVER);
            // What ends at once is hard, and need not wait for a replica's notion of the time.
            return expireMs == 0 ? new Mode.Hard() : new Mode.Soft(expireMs);
        }
        if (!mode.equals("hard")) {
            throw members.wrong("mode", "is \"hard\" or \"soft\"");
        }
        if (members.has("expire")) {
            throw members.wrong("expire", "is for mode \"soft\"");
        }
        return new Mode.Hard();
    }

    private static Future<Void> answer(Asked asked, Settled settled) {
        HttpServerResponse response = asked.response();
        if (asked.prefersAsync()) {
            response.setStatusCode(202).putHeader("Preference-Applied", "respond-async");
            return Json.answer(response, settled.isQueued() ? Json.object().put("queued", true) : json(settled));
        }
        ObjectNode json = json(settled);
        if (!settled.everywhere()) {
            response.setStatusCode(202);
            asked.prefersWaitMs().ifPresent(ms -> response.putHeader("Preference-Applied", "wait=" + ms / 1_000));
        }
        ArrayNode behind = json.putArray(settled.everywhere() ? "unacknowledged" : "missing");
        settled.behind().stream().sorted().forEach(behind::add);
        return Json.answer(response, json.put("waited", settled.waitedMs() / 1_000.0));
    }

    private static ObjectNode json(Settled settled) {
        return Json.object().put("stamp", settled.stamp()).put("replicas", settled.replicas());
    }

    /** GET: an event stream, or a list for whoever would rather ask. */
    Future<Void> get(Asked asked) {
        String app = asked.app();
        Place after = asked.after();
        return asked.accepts(Json.MEDIA_TYPE) && !asked.accepts(EventStream.MEDIA_TYPE)
                ? list(asked, app, after)
                : stream(asked, app, after);
    }

    private Future<Void> list(Asked asked, String app, Place after) {
        return gateway.subscribe(app, after, change -> {}).compose(subscription -> {
            subscription.end().run();
            Optional<Event.Kind> reset = EventStream.reset(subscription.replay());
            ObjectNode json = Json.marks(subscription.place().stamp(), subscription.missed())
                    .put("epoch", subscription.place().epoch());
            reset.ifPresent(kind -> json.put("reset", kind.reason));
            return Json.answer(EventStream.head(asked.response(), subscription.replay(), reset), json);
        });
    }

    private Future<Void> stream(Asked asked, String app, Place after) {
        EventStream stream = streams.open(asked.request());
        return Future.succeededFuture()
                .compose(open -> gateway.subscribe(app, after, stream::hear))
                .onFailure(failure -> streams.forget(stream))
                .compose(subscription -> stream.begin(gateway.replica(), subscription));
    }
}
