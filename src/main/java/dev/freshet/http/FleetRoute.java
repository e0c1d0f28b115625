package dev.freshet.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freshet.store.Fleet;
import dev.freshet.store.Fleets;
import io.vertx.core.Future;

/** The replicas of an app. */
final class FleetRoute {
    private final Fleets fleets;

    FleetRoute(Fleets fleets) {
        this.fleets = fleets;
    }

    /** GET: as the store knows them. */
    Future<Void> get(Asked asked) {
        return fleets.fleet(asked.app()).compose(fleet -> Json.answer(asked.response(), json(fleet)));
    }

    private static ObjectNode json(Fleet fleet) {
        ObjectNode json = Json.object()
                .put("epoch", fleet.epoch())
                .put("head", fleet.head())
                .put("time", fleet.nowMicros() / 1_000);
        ArrayNode replicas = json.putArray("replicas");
        fleet.members()
                .forEach(member -> replicas.addObject()
                        .put("replica", member.replica())
                        .put("window", member.windowMs())
                        .put("serves", member.servesMs())
                        .put("applied", member.applied())
                        .put("lag", member.lagMs()));
        return json;
    }
}
