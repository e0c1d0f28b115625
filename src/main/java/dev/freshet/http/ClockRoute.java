package dev.freshet.http;

import dev.freshet.gateway.Coherence;
import dev.freshet.gateway.Gateway;
import io.vertx.core.Future;

/** Where this replica stands with an app. */
final class ClockRoute {
    private final Gateway gateway;

    ClockRoute(Gateway gateway) {
        this.gateway = gateway;
    }

    /** GET. */
    Future<Void> get(Asked asked) {
        return gateway.clock(asked.app()).compose(app -> answer(asked, app));
    }

    private Future<Void> answer(Asked asked, Coherence app) {
        return Json.answer(
                asked.response(),
                Json.object()
                        .put("stamp", app.applied())
                        .put("coherent", app.mayUseNear())
                        .put("epoch", app.epoch())
                        .put("floor", app.floor())
                        .put("replica", gateway.replica()));
    }
}
