package dev.freshet.http;

import dev.freshet.entry.Lifetime;
import dev.freshet.gateway.Gateway;
import dev.freshet.http.Problem.Kind;
import dev.freshet.store.Invalidation;
import dev.freshet.store.Mode;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The invalidations of an app: making one, and hearing of them. */
final class InvalidationRoutes {
    private static final int BYTES_MAX = 256 << 10;
    private static final int TAGS_MAX = 256;
    private static final Set<String> MEMBERS = Set.of("tags", "mode", "expire");

    private final Gateway gateway;
    private final Bodies bodies;
    private final EventStreams streams;

    InvalidationRoutes(Gateway gateway, Bodies bodies, EventStreams streams) {
        this.gateway = gateway;
        this.bodies = bodies;
        this.streams = streams;
    }

    /** What a client wants ended. */
    private record Wanted(List<Tag> tags, Mode mode) {
        static Wanted of(Buffer body) {
            Members members = new Members(Asked.json(body), Kind.INVALID_REQUEST, MEMBERS);
            List<Tag> tags = Values.tags(members.strings("tags"), TAGS_MAX);
            if (tags.isEmpty()) {
                throw members.wrong("tags", "has 1 to " + TAGS_MAX + " of them");
            }
            return new Wanted(tags.stream().distinct().toList(), mode(members));
        }

        private static Mode mode(Members members) {
            String mode = members.text("mode").orElse("");
            if (mode.equals("soft")) {
                return new Mode.Soft(members.ms("expire", Lifetime.NEVER));
            }
            if (!mode.equals("hard")) {
                throw members.wrong("mode", "is \"hard\" or \"soft\"");
            }
            if (members.has("expire")) {
                throw members.wrong("expire", "is for mode \"soft\"");
            }
            return new Mode.Hard();
        }
    }

    /** POST. */
    Future<Void> post(Asked asked) {
        String app = asked.app();
        boolean settle = !asked.prefersAsync();
        asked.checkJson();
        return bodies.read(asked.request(), BYTES_MAX)
                .map(Wanted::of)
                .compose(wanted -> gateway.invalidate(app, wanted.tags, wanted.mode, settle))
                .compose(taken -> taken(asked.response(), taken, settle));
    }

    private static Future<Void> taken(HttpServerResponse response, Invalidation taken, boolean settled) {
        if (!settled) {
            response.setStatusCode(202).putHeader("Preference-Applied", "respond-async");
        }
        return Json.answer(
                response,
                Json.object()
                        .put("stamp", taken.stamp())
                        .put("replicas", settled ? taken.windows().size() : 0));
    }

    /** GET: an event stream, or a list for whoever would rather ask. */
    Future<Void> get(Asked asked) {
        String app = asked.app();
        long after = asked.after();
        return asked.accepts(Json.MEDIA_TYPE) && !asked.accepts(EventStream.MEDIA_TYPE)
                ? list(asked, app, after)
                : stream(asked, app, after);
    }

    private Future<Void> list(Asked asked, String app, long after) {
        return gateway.subscribe(app, after, change -> {}).compose(subscription -> {
            subscription.end().run();
            boolean whole = EventStream.isWhole(subscription);
            var json = Json.marks(subscription.stamp(), whole ? subscription.missed() : Map.of());
            return Json.answer(asked.response(), whole ? json : json.put("reset", "behind"));
        });
    }

    private Future<Void> stream(Asked asked, String app, long after) {
        EventStream stream = streams.open(asked.request());
        return Future.succeededFuture()
                .compose(open -> gateway.subscribe(app, after, stream::hear))
                .onFailure(failure -> streams.forget(stream))
                .compose(subscription -> stream.begin(gateway.replica(), after, subscription));
    }
}
