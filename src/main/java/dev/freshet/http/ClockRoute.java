package dev.freshet.http;

import dev.freshet.entry.Ticket;
import dev.freshet.gateway.Gateway;
import dev.freshet.gateway.Standing;
import io.vertx.core.Future;

/** Where this replica stands with an app. */
final class ClockRoute {
    private final Gateway gateway;

    ClockRoute(Gateway gateway) {
        this.gateway = gateway;
    }

    /** GET. */
    Future<Void> get(Asked asked) {
        return gateway.clock(asked.app()).compose(app -> answer(asked, app.standing(), app.ticket()));
    }

    private Future<Void> answer(Asked asked, Standing standing, Ticket ticket) {
        return Json.answer(
                asked.response(),
                Json.object()
                        .put("epoch", standing.place().epoch())
                        .put("stamp", standing.place().stamp())
                        .put("ticket", ticket.toString())
                        .put("floor", standing.floor())
                        .put("coherent", standing.coherent())
                        .put("window", standing.windowMs())
                        .put("replica", gateway.replica()));
    }
}
