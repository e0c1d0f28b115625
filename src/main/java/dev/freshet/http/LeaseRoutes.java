package dev.freshet.http;

import dev.freshet.gateway.Gateway;
import dev.freshet.http.Problem.Kind;
import io.vertx.core.Future;

/** One lease. */
final class LeaseRoutes {
    private final Gateway gateway;

    LeaseRoutes(Gateway gateway) {
        this.gateway = gateway;
    }

    /** DELETE: its leader failed. */
    Future<Void> delete(Asked asked) {
        LeaseToken lease = LeaseToken.parse(asked.segment("token"))
                .orElseThrow(() ->
                        new Problem(Kind.INVALID_NAME, "a lease's token is given back as it was given: DIGEST.TOKEN"));
        return gateway.release(asked.key(lease.digest()), lease.token())
                .compose(released -> asked.response().setStatusCode(204).end());
    }
}
