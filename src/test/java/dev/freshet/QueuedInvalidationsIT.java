package dev.freshet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.GatewayProcess;
import dev.freshet.testing.RedisGroup;
import dev.freshet.testing.RedisServer;
import dev.freshet.testing.Tools;
import dev.freshet.testing.Web;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two replicas, each a process, whose Redis stands still, or is killed and started: invalidations that wait for it. */
class QueuedInvalidationsIT {
    private static final String APP = "/v1/apps/shop";
    private static final String ENTRY = APP + "/deployments/v1/entries/k";

    private final Path folder = Tools.repository().resolve("target/queued");
    private final RedisServer redis = RedisServer.startWith(List.of());
    private final Map<String, String> settings = Map.of("FRESHET_OUTAGE_MAX", "1m");
    private final GatewayProcess one = new GatewayProcess("one", redis.uri(), folder, settings);
    private final GatewayProcess other = new GatewayProcess("other", redis.uri(), folder, settings);

    @BeforeEach
    void start() {
        one.awaitReady();
        other.awaitReady();
        RedisGroup.await(() -> Web.send(Web.to(one.url() + ENTRY)
                                .header("Cache-Groups", "\"posts\"")
                                .PUT(BodyPublishers.ofString("old")))
                        .statusCode()
                < 300);
        RedisGroup.await(() -> isNear(one) && isNear(other));
    }

    @AfterEach
    void stop() {
        one.close();
        other.close();
        redis.close();
    }

    private static HttpResponse<String> get(GatewayProcess gateway) {
        return Web.send(Web.to(gateway.url() + ENTRY));
    }

    private static String status(GatewayProcess gateway) {
        return get(gateway).headers().firstValue("cache-status").orElse("");
    }

    private static boolean isNear(GatewayProcess gateway) {
        return status(gateway).contains("detail=near");
    }

    private static HttpResponse<String> invalidate(GatewayProcess gateway, String tag, String preference) {
        return Web.send(Web.to(gateway.url() + APP + "/invalidations")
                .header("Content-Type", "application/json")
                .header("Prefer", preference)
                .POST(BodyPublishers.ofString("{\"tags\":[\"" + tag + "\"],\"mode\":\"hard\"}")));
    }

    private static void queue(GatewayProcess gateway, String tag) {
        HttpResponse<String> queued = invalidate(gateway, tag, "respond-async");
        assertThat(queued.statusCode()).isEqualTo(202);
        assertThat(queued.body()).isEqualTo("{\"queued\":true}");
    }

    private static long hard(GatewayProcess gateway, String tag) {
        return gateway.mark("shop", tag).path("hard").asLong();
    }

    @Test
    void redisStandsStill_isTakenWhenItGoesOn() {
        redis.freeze();
        RedisGroup.await(
                () -> status(one).contains("detail=outage") && status(other).contains("detail=outage"));
        /* The first ones may have left, and be done when it goes on; the last one has not, for there is no connection. */
        RedisGroup.await(() -> {
            queue(one, "first");
            return invalidate(one, "first", "x").body().contains("cannot be reached");
        });
        queue(one, "posts");

        assertThat(get(one).statusCode()).isEqualTo(503);
        assertThat(status(other)).as("nobody has told it").contains("detail=outage");
        assertThat(invalidate(one, "posts", "wait=1").statusCode()).isEqualTo(503);
        long waiting = one.metric("freshet_invalidations_waiting");
        assertThat(waiting).isGreaterThan(1);

        redis.thaw();
        Set<Integer> answers = new TreeSet<>();
        RedisGroup.await(() -> {
            answers.add(get(one).statusCode());
            return one.metric("freshet_invalidations_waiting") == 0;
        });
        assertThat(answers).isNotEmpty().doesNotContain(200);
        RedisGroup.await(() -> get(other).statusCode() == 404);
        assertThat(hard(other, "posts")).isGreaterThan(hard(other, "first"));
        assertThat(invalidate(one, "posts", "x").statusCode()).isEqualTo(200);
    }

    @Test
    void redisIsKilledAndStarted_isTaken() {
        redis.kill();
        queue(one, "posts");
        assertThat(get(one).statusCode()).isEqualTo(503);

        redis.restart();
        RedisGroup.await(() -> hard(other, "posts") > 0);
        RedisGroup.await(() -> one.metric("freshet_invalidations_waiting") == 0);
    }

    @Test
    void replicaStopsBeforeRedisIsBack_saysHowManyAreLost() {
        redis.kill();
        queue(one, "posts");
        queue(one, "users");

        assertThat(one.terminate()).isZero();
        assertThat(one.tail()).contains("2 invalidations of app shop that waited for the store are lost");
    }
}
