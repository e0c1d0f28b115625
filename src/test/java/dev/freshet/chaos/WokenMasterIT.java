package dev.freshet.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.Futures;
import dev.freshet.testing.GatewayProcess;
import dev.freshet.testing.RedisGroup;
import dev.freshet.testing.RedisServer;
import dev.freshet.testing.Tools;
import dev.freshet.testing.Web;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A master that was frozen and replaced, and wakes; and a replica that hears of no other, as one that is cut off together with it.
 * Nothing but that Redis's own write gate keeps it from being believed.
 */
class WokenMasterIT {
    private static final String APP = "/v1/apps/shop";
    private static final String ENTRY = APP + "/deployments/v1/entries/k";
    private static final int REFUSED_MIN = 5;

    private final Path folder = Tools.repository().resolve("target/woken");
    private final Vertx vertx = Vertx.vertx();
    private final RedisServer old = RedisServer.startWith(
            List.of("--min-replicas-to-write", "1", "--min-replicas-max-lag", "2", "--repl-diskless-sync-delay", "0"));
    private final RedisServer next = RedisServer.startWith(
            List.of("--replicaof", "127.0.0.1 " + URI.create(old.uri()).getPort()));
    private final Map<String, String> settings = Map.of("FRESHET_OUTAGE_MAX", "0s");
    private final GatewayProcess stuck = new GatewayProcess("stuck", old.uri(), folder, settings);
    private final GatewayProcess moved = new GatewayProcess("moved", next.uri(), folder, settings);

    @AfterEach
    void stop() {
        stuck.close();
        moved.close();
        old.close();
        next.close();
        Futures.await(vertx.close());
    }

    private String tell(RedisServer redis, Command command, String... words) {
        Redis client = Redis.createClient(vertx, redis.uri());
        Request request = Request.cmd(command);
        List.of(words).forEach(request::arg);
        return Futures.await(client.send(request).map(String::valueOf).eventually(client::close));
    }

    private static HttpResponse<String> get(GatewayProcess gateway) {
        return Web.send(Web.to(gateway.url() + ENTRY));
    }

    private static int post(GatewayProcess gateway) {
        return Web.send(Web.to(gateway.url() + APP + "/invalidations")
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString("{\"tags\":[\"t\"],\"mode\":\"hard\"}")))
                .statusCode();
    }

    private long refused() {
        Matcher count =
                Pattern.compile("errorstat_NOREPLICAS:count=(\\d+)").matcher(tell(old, Command.INFO, "errorstats"));
        return count.find() ? Long.parseLong(count.group(1)) : 0;
    }

    @Test
    void get_byTheReplicaThatKnowsTheOldMasterAlone_isRefused() {
        RedisGroup.await(() -> tell(next, Command.INFO, "replication").contains("master_link_status:up"));
        stuck.awaitReady();
        moved.awaitReady();
        RedisGroup.await(() -> Web.send(Web.to(stuck.url() + ENTRY)
                                .header("Cache-Groups", "\"t\"")
                                .PUT(BodyPublishers.ofString("one")))
                        .statusCode()
                < 300);
        RedisGroup.await(
                () -> get(stuck).headers().firstValue("cache-status").orElse("").contains("detail=near"));

        old.freeze();
        RedisGroup.await(() -> get(stuck).statusCode() == 503);
        tell(next, Command.REPLICAOF, "NO", "ONE");
        RedisGroup.await(() -> post(moved) == 200);
        old.thaw();

        int asked = 0;
        while (refused() < REFUSED_MIN) {
            asked++;
            assertThat(get(stuck).statusCode()).isEqualTo(503);
        }
        assertThat(asked).isPositive();
        assertThat(post(stuck)).isEqualTo(503);
    }
}
