package dev.freshet.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.Test;

/** A server that knows two addresses of the gateway, and the replica at the first of them is killed. */
class FailoverIT extends OnFleet {

    @Test
    void gateway_killed_theOtherAddressServesWhatIsCachedAndTakesInvalidations() {
        String urls = fleet.gateway(3).url() + "," + fleet.gateway(2).url();
        fleet.origin().set("failover", "one");
        try (NextServer server = new NextServer(
                        "next-failover",
                        NextBuild.Of.ALPHA,
                        urls,
                        fleet.origin().url())
                .awaitReady()) {
            for (Kind kind : Kind.all()) {
                assertThat(server.get(kind.path("failover")).value()).isEqualTo("one");
            }
            int calls = fleet.origin().calls("failover");
            fleet.gateway(3).kill();
            for (Kind kind : Kind.all()) {
                assertThat(server.get(kind.path("failover")).value())
                        .as(kind.name())
                        .isEqualTo("one");
            }
            assertThat(fleet.origin().calls("failover")).isEqualTo(calls);

            fleet.origin().set("failover", "two");
            server.revalidateTag("failover");
            for (Kind kind : Kind.all()) {
                await().atMost(FRESH_MAX)
                        .until(() -> fleet.server(1).get(kind.path("failover")).value(), "two"::equals);
            }
        } finally {
            fleet.gateway(3).restart();
        }
    }
}
