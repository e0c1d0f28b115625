package dev.freshet.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freshet.entry.Freshness;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.gateway.Gateway;
import dev.freshet.gateway.Why;
import io.vertx.core.Future;
import java.util.Locale;

/** Why an entry is served or not. */
final class WhyRoute {
    private final Gateway gateway;

    WhyRoute(Gateway gateway) {
        this.gateway = gateway;
    }

    /** GET. */
    Future<Void> get(Asked asked) {
        Key key = asked.key();
        return gateway.why(key).compose(why -> Json.answer(asked.response(), json(key, why)));
    }

    private static ObjectNode json(Key key, Why why) {
        ObjectNode json = Json.object().put("digest", key.digest());
        why.found().ifPresentOrElse(found -> entry(json, found), () -> json.put("state", "missing"));
        why.holder()
                .ifPresent(holder ->
                        json.putObject("lease").put("replica", holder.replica()).put("ttl", holder.ttlMs() / 1_000.0));
        return json;
    }

    private static void entry(ObjectNode json, Why.Judged found) {
        json.put("state", state(found.freshness()));
        if (found.reason() != Why.Reason.NONE) {
            json.put("reason", found.reason().name().toLowerCase(Locale.ROOT));
        }
        json.put("revision", found.entry().revision());
        json.put("asOf", found.asOf());
        json.put("age", found.ageMs() / 1_000.0);
        lifetime(json, "revalidate", found.entry().lifetime().revalidateMs());
        lifetime(json, "expire", found.entry().lifetime().expireMs());
        json.put("type", found.entry().type());
        json.put("bytes", found.entry().body().length());
        var tags = json.putArray("tags");
        found.tags()
                .forEach((tag, effect) -> tags.add(Json.object()
                        .put("tag", tag.text())
                        .put("effect", effect(effect.freshness()))
                        .setAll(Json.mark(effect.mark()))));
    }

    private static void lifetime(ObjectNode json, String name, long ms) {
        if (ms != Lifetime.NEVER) {
            json.put(name, ms / 1_000.0);
        }
    }

    private static String effect(Freshness freshness) {
        return freshness == Freshness.FRESH ? "none" : state(freshness);
    }

    private static String state(Freshness freshness) {
        return switch (freshness) {
            case FRESH -> "fresh";
            case STALE_BY_TIME, STALE_BY_TAG -> "stale";
            case GONE -> "gone";
        };
    }
}
