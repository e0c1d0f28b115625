package dev.freshet.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freshet.gateway.Gateway;
import dev.freshet.near.NearCache.Share;
import io.vertx.core.Future;
import java.util.SortedMap;

/** The deployments of an app of which this replica has near copies. */
final class NearRoute {
    /** Deployments that are told of. */
    private static final int DEPLOYMENTS_MAX = 256;

    private final Gateway gateway;

    NearRoute(Gateway gateway) {
        this.gateway = gateway;
    }

    /** GET: how many copies of each, and their bytes. */
    Future<Void> get(Asked asked) {
        return gateway.near(asked.app()).compose(shares -> Json.answer(asked.response(), json(shares)));
    }

    private static ObjectNode json(SortedMap<String, Share> shares) {
        ObjectNode json = Json.object().put("total", shares.size());
        ArrayNode deployments = json.putArray("deployments");
        shares.entrySet().stream()
                .limit(DEPLOYMENTS_MAX)
                .forEach(share -> deployments
                        .addObject()
                        .put("deployment", share.getKey())
                        .put("entries", share.getValue().entries())
                        .put("bytes", share.getValue().bytes()));
        return json;
    }
}
