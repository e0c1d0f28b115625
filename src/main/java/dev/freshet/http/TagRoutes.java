package dev.freshet.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freshet.gateway.Gateway;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;

/** One tag. */
final class TagRoutes {
    private final Gateway gateway;

    TagRoutes(Gateway gateway) {
        this.gateway = gateway;
    }

    /** GET: what is remembered of it. */
    Future<Void> get(Asked asked) {
        String app = asked.app();
        Tag tag = Values.tag(asked.segment("tag"));
        return gateway.mark(app, tag).compose(mark -> {
            ObjectNode json = Json.object().put("tag", tag.text());
            return Json.answer(asked.response(), json.setAll(Json.mark(mark)));
        });
    }
}
