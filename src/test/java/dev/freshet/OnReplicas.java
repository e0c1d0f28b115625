package dev.freshet;

import static dev.freshet.testing.Futures.await;
import static org.assertj.core.api.Assertions.fail;

import dev.freshet.testing.RedisServer;
import io.vertx.core.Vertx;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A test of three replicas on one Redis, asked over HTTP. The first compresses large bodies that are written to it. */
abstract class OnReplicas {
    private static final Duration MAX = Duration.ofSeconds(20);

    private static final Pattern WAITERS = Pattern.compile("freshet_lease_waiters (\\d+)");

    private static final List<Vertx> LOOPS = new ArrayList<>();
    private static final List<Freshet> REPLICAS = new ArrayList<>();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static RedisServer redis;

    @BeforeAll
    static void startReplicas() {
        redis = RedisServer.start();
        for (int i = 0; i < 3; i++) {
            Config config = i == 0 ? Configs.compressing(redis.uri()) : Configs.on(redis.uri());
            Vertx vertx = Vertx.vertx();
            LOOPS.add(vertx);
            REPLICAS.add(await(Freshet.start(vertx, config), MAX));
        }
    }

    @AfterAll
    static void stopReplicas() {
        REPLICAS.forEach(replica -> await(replica.stop(), MAX));
        LOOPS.forEach(vertx -> await(vertx.close(), MAX));
        REPLICAS.clear();
        LOOPS.clear();
        redis.close();
    }

    static String redisUri() {
        return redis.uri();
    }

    static HttpResponse<String> get(int replica, String key) {
        return send(HttpRequest.newBuilder(uri(replica, key)).GET());
    }

    static HttpResponse<String> invalidate(int replica, String app, String tag, boolean soft) {
        String body = "{\"tags\":[\"" + tag + "\"],\"mode\":\"" + (soft ? "soft" : "hard") + "\"}";
        return send(HttpRequest.newBuilder(uri(replica, app + "/invalidations"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body)));
    }

    static URI uri(int replica, String path) {
        return URI.create("http://127.0.0.1:" + REPLICAS.get(replica % 3).port() + "/v1/apps/" + path);
    }

    /** How many callers wait for a leader, in all three. */
    static long waiters() {
        return REPLICAS.stream()
                .mapToLong(replica -> waiters(URI.create("http://127.0.0.1:" + replica.adminPort() + "/metrics")))
                .sum();
    }

    private static long waiters(URI metrics) {
        Matcher waiters = WAITERS.matcher(send(HttpRequest.newBuilder(metrics)).body());
        return waiters.find() ? Long.parseLong(waiters.group(1)) : fail("no such metric");
    }

    static CompletableFuture<HttpResponse<String>> sendAsync(HttpRequest.Builder request) {
        return HTTP.sendAsync(request.timeout(MAX).build(), BodyHandlers.ofString());
    }

    static HttpResponse<String> send(HttpRequest.Builder request) {
        return sendAsync(request).join();
    }
}
