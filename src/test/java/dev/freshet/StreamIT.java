package dev.freshet;

import static dev.freshet.testing.Futures.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.RedisServer;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The event stream of two replicas on one Redis, and near caches that live by it: G1 and G7. */
@Timeout(60)
class StreamIT {
    private static final int ROUNDS = 300;
    private static final int CHANGES = 300;
    private static final Duration MAX = Duration.ofSeconds(20);
    private static final Pattern TAG = Pattern.compile("\"(r6-[0-9]+)\"");

    private static final List<Vertx> LOOPS = new ArrayList<>();
    private static final List<Freshet> REPLICAS = new ArrayList<>();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static RedisServer redis;

    @BeforeAll
    static void start() {
        redis = RedisServer.start();
        for (int i = 0; i < 2; i++) {
            REPLICAS.add(replica());
        }
    }

    private static Freshet replica() {
        Config config = Configs.on(redis.uri());
        Vertx vertx = Vertx.vertx();
        LOOPS.add(vertx);
        return await(Freshet.start(vertx, config), MAX);
    }

    @AfterAll
    static void stop() {
        REPLICAS.forEach(replica -> await(replica.stop(), MAX));
        LOOPS.forEach(vertx -> await(vertx.close(), MAX));
        redis.close();
    }

    /** What one connection is told, line by line. */
    private static final class Reader implements AutoCloseable {
        final HttpResponse<InputStream> answer;
        final BufferedReader lines;
        String id;

        Reader(int port, String app, String after) {
            HttpRequest.Builder request = HttpRequest.newBuilder(uri(port, app + "/invalidations"));
            if (!after.isEmpty()) {
                request.header("Last-Event-ID", after);
            }
            answer = send(request, BodyHandlers.ofInputStream());
            lines = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
            id = after;
        }

        String replay() {
            return answer.headers().firstValue("Freshet-Replay").orElse("");
        }

        /** The lines of the next event. */
        String next() throws IOException {
            StringBuilder event = new StringBuilder();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("id: ")) {
                    id = line.substring(4);
                }
                event.append(line).append('\n');
                if (line.isEmpty() && event.indexOf("event: ") == 0) {
                    return event.toString();
                } else if (line.isEmpty()) {
                    event.setLength(0);
                }
            }
            return "";
        }

        /** The lines of the next event that is one of this kind. */
        String next(String kind) throws IOException {
            String event = next();
            while (!event.isEmpty() && !event.startsWith("event: " + kind)) {
                event = next();
            }
            return event;
        }

        @Override
        public void close() throws IOException {
            answer.body().close();
        }
    }

    /**
     * G1, for a near cache that asks the clock in each request: what it serves was not ended by an invalidation that was
     * acknowledged before. The one that invalidates asks the other replica than the one that feeds the cache.
     */
    @Test
    void strictCopy_afterAnInvalidationIsAcknowledged_isNeverServed() {
        try (RemoteCache cache = new RemoteCache("strict", port(0))) {
            cache.late();
            for (int round = 0; round < ROUNDS; round++) {
                put(round, "strict", "value " + round);
                Optional<RemoteCache.Copy> copy = cache.strict("key");
                while (copy.isEmpty()) {
                    cache.fetch("key");
                    copy = cache.strict("key");
                }
                assertThat(copy.get().value()).isEqualTo("value " + round);

                invalidate(1, "strict", "t");
                assertThat(cache.copy("key")).as("it has the copy").isPresent();
                assertThat(cache.strict("key")).isEmpty();
            }
        }
    }

    /** G1: one that has not heard of it yet does without its copies. */
    @Test
    void strictCopy_whoseStreamStandsStill_isNotServed() {
        try (RemoteCache cache = new RemoteCache("still", port(0))) {
            put(0, "still", "value");
            while (cache.copy("key").isEmpty()) {
                cache.fetch("key");
            }
            assertThat(cache.strict("key")).isPresent();
            cache.pause(true);
            invalidate(1, "still", "t");

            assertThat(cache.copy("key")).as("it has the copy").isPresent();
            assertThat(cache.strict("key")).isEmpty();
            cache.pause(false);
            assertThat(cache.strict("key")).isEmpty();
            assertThat(cache.copy("key")).isEmpty();
        }
    }

    /** R6, G7: a message lost during reconnect, from one replica to another that may be ahead or behind. */
    @Test
    void stream_goingFromReplicaToReplicaWhileMuchChanges_missesNothing() throws Exception {
        Set<String> told = new HashSet<>();
        Reader reader = new Reader(port(0), "roam", "");
        reader.next();
        CompletableFuture<Void> changing = CompletableFuture.runAsync(() -> {
            for (int i = 0; i < CHANGES; i++) {
                invalidate(i, "roam", "r6-" + i);
            }
        });
        for (int turn = 1; told.size() < CHANGES; turn++) {
            reader.close();
            reader = new Reader(port(turn), "roam", reader.id);
            assertThat(reader.replay()).isEqualTo("whole");
            assertThat(reader.next()).startsWith("event: hello");
            for (int i = 0; i <= turn % 3 && told.size() < CHANGES; i++) {
                TAG.matcher(reader.next("invalidate")).results().forEach(tag -> told.add(tag.group(1)));
            }
        }
        reader.close();
        changing.join();
        assertThat(told).hasSize(CHANGES);
    }

    /** R13, G7: Redis lost everything. */
    @Test
    void stream_whenRedisLosesItsHistory_isResetAndGoesOn() throws Exception {
        try (Reader reader = new Reader(port(0), "lost", "")) {
            reader.next();
            invalidate(1, "lost", "t");
            reader.next("invalidate");
            String before = reader.id;
            Redis client = Redis.createClient(LOOPS.getFirst(), redis.uri());
            await(client.send(Request.cmd(Command.FLUSHALL)));
            await(client.close());

            assertThat(reader.next()).startsWith("event: reset\ndata: {\"reason\":\"epoch\"}");
            reader.next("invalidate");
            assertThat(reader.id.replaceAll("/.*", "")).isNotEqualTo(before.replaceAll("/.*", ""));
            for (int replica = 0; replica < 2; replica++) {
                try (Reader known = new Reader(port(replica), "lost", reader.id)) {
                    assertThat(known.replay()).isEqualTo("whole");
                }
                try (Reader late = new Reader(port(replica), "lost", before)) {
                    assertThat(late.replay()).isEqualTo("reset; reason=epoch");
                }
            }
        }
    }

    @Test
    void stream_whenItsReplicaStops_saysGoodbye() throws Exception {
        Freshet third = replica();
        List<Reader> readers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            readers.add(new Reader(third.port(), "stop", ""));
        }
        var stopping = third.stop();
        for (Reader reader : readers) {
            assertThat(reader.next("bye"))
                    .contains("data: {\"reason\":\"stop\"}")
                    .contains("retry: ");
            reader.close();
        }
        await(stopping, MAX);
        try (Reader again = new Reader(port(0), "stop", readers.getFirst().id)) {
            assertThat(again.replay()).isEqualTo("whole");
        }
    }

    private static void put(int replica, String app, String value) {
        assertThat(send(
                                HttpRequest.newBuilder(uri(port(replica), app + "/deployments/v1/entries/key"))
                                        .header("Cache-Groups", "\"t\"")
                                        .header("Freshet-Lifetime", "revalidate=600, expire=6000")
                                        .PUT(BodyPublishers.ofString(value)),
                                BodyHandlers.ofString())
                        .statusCode())
                .isIn(201, 204);
    }

    private static void invalidate(int replica, String app, String tag) {
        String body = "{\"tags\":[\"" + tag + "\"],\"mode\":\"hard\"}";
        assertThat(send(
                                HttpRequest.newBuilder(uri(port(replica), app + "/invalidations"))
                                        .header("Content-Type", "application/json")
                                        .POST(BodyPublishers.ofString(body)),
                                BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(200);
    }

    private static int port(int replica) {
        return REPLICAS.get(replica % 2).port();
    }

    private static URI uri(int port, String path) {
        return URI.create("http://127.0.0.1:" + port + "/v1/apps/" + path);
    }

    private static <T> HttpResponse<T> send(HttpRequest.Builder request, HttpResponse.BodyHandler<T> body) {
        try {
            return HTTP.send(request.timeout(Duration.ofSeconds(10)).build(), body);
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
