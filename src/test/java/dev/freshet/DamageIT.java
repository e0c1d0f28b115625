package dev.freshet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.entry.Key;
import dev.freshet.testing.Futures;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Three replicas, and somebody who harms what they keep in Redis, under their hands: no stale answer, no fault, and all recovers. */
class DamageIT extends OnReplicas {
    private static final Duration RECOVERED_MAX = Duration.ofSeconds(10);
    private static final String APP = "harmed";
    /** Large enough to be compressed, by the first replica. */
    private static final String OLD = "old ".repeat(1_000);

    private static final String NEW = "new ".repeat(1_000);
    private static final AtomicInteger KEYS = new AtomicInteger();

    private static Vertx vertx;
    private static Redis admin;

    /** Another for each harm: the lease of the one before may last. */
    private final String name = "key" + KEYS.incrementAndGet();

    private final String path = APP + "/deployments/v1/entries/" + name;
    private final String inRedis = "{" + APP + "/v1/" + Key.of(APP, "v1", name).digest() + "}";

    @BeforeAll
    static void connect() {
        vertx = Vertx.vertx();
        admin = Redis.createClient(vertx, redisUri());
    }

    @AfterAll
    static void disconnect() {
        Futures.await(vertx.close());
    }

    private void tell(String line) {
        List<String> words = List.of(line.replace("ENTRY", "freshet:e:" + inRedis)
                .replace("LEASE", "freshet:l:" + inRedis)
                .replace("APP", "freshet:{" + APP + "}")
                .split(" ", -1));
        Request request = Request.cmd(Command.create(words.getFirst()));
        words.subList(1, words.size()).forEach(request::arg);
        Futures.await(admin.send(request));
    }

    private HttpResponse<String> put(int replica, String value) {
        return send(HttpRequest.newBuilder(uri(replica, path))
                .header("Freshet-Lifetime", "revalidate=60, expire=600")
                .header("Cache-Groups", "\"t\"")
                .PUT(BodyPublishers.ofString(value)));
    }

    private void awaitNear(String value) {
        for (int i = 0; i < 3; i++) {
            int replica = i;
            await(() -> {
                HttpResponse<String> answer = get(replica, path);
                assertThat(answer.statusCode()).isIn(200, 404, 503);
                return answer.body().equals(value)
                        && answer.headers()
                                .firstValue("Cache-Status")
                                .orElse("")
                                .contains("detail=near");
            });
        }
    }

    private static void await(Callable<Boolean> condition) {
        Awaitility.await()
                .atMost(RECOVERED_MAX)
                .pollInterval(Duration.ofMillis(20))
                .until(condition);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "FLUSHALL",
                "SCRIPT FLUSH",
                "CONFIG SET maxmemory-policy allkeys-random;CONFIG SET maxmemory 1;SET other x;CONFIG SET maxmemory 0",
                "SET APP:clock x",
                "SET APP:tags x",
                "SET APP:marks x",
                "SET APP:live x",
                "SET APP:acks x",
                "SET APP:away x",
                "SET APP:later x",
                "SET APP:deployments x",
                "DEL APP:clock;RPUSH APP:clock x;DEL APP:marks;RPUSH APP:marks x",
                "DEL ENTRY;RPUSH ENTRY x",
                "SET ENTRY x",
                "SET LEASE x",
                "RPUSH LEASE x",
            })
    void harm_anyOfIt_endsNoPromise(String harm) {
        await(() -> put(0, OLD).statusCode() < 300);
        awaitNear(OLD);

        for (String command : harm.split(";", -1)) {
            try {
                tell(command);
            } catch (AssertionError refused) {
                assertThat(command).as("Redis is full by then").isEqualTo("SET other x");
            }
        }

        await(() -> invalidate(1, APP, "t", false).statusCode() == 200);
        for (int replica = 0; replica < 3; replica++) {
            assertThat(get(replica, path).body()).isNotEqualTo(OLD);
        }
        await(() -> leads(2));
        await(() -> put(2, NEW).statusCode() < 300);
        awaitNear(NEW);
    }

    private boolean leads(int replica) {
        return send(HttpRequest.newBuilder(uri(replica, path)).header("Freshet-Lease", "want"))
                .headers()
                .firstValue("Freshet-Lease")
                .orElse("")
                .startsWith("leader");
    }
}
