package dev.freshet;

import static dev.freshet.testing.Futures.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.freshet.http.HttpConfig;
import dev.freshet.redis.RedisConfig;
import dev.freshet.testing.Ports;
import dev.freshet.testing.RedisServer;
import dev.freshet.testing.Web;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a replica is ready: a proxy passes on its first connection to Redis, and holds every other. */
class ReadyIT {
    private static final Duration MAX = Duration.ofSeconds(20);
    private static final int LOOPS = Runtime.getRuntime().availableProcessors();

    private final Vertx vertx = Vertx.vertx();
    private final Vertx replica = Vertx.vertx(Main.options());
    private final RedisServer redis = RedisServer.startWith(List.of());
    private final NetClient toRedis = vertx.createNetClient();
    private final List<NetSocket> connections = new CopyOnWriteArrayList<>();
    private final int port = Ports.free();
    private volatile boolean answered;
    private volatile boolean released;
    private Future<Freshet> starting;

    @AfterEach
    void stop() {
        if (starting != null && starting.succeeded()) {
            await(starting.result().stop());
        }
        await(replica.close());
        await(vertx.close());
        redis.close();
    }

    @Test
    void ready_onlyOnceEachEventLoopHasReachedTheStore() {
        assumeThat(LOOPS).as("event loops").isGreaterThan(1);
        NetServer proxy =
                await(vertx.createNetServer().connectHandler(this::accept).listen(0, "127.0.0.1"));
        starting = Freshet.start(replica, config("redis://127.0.0.1:" + proxy.actualPort()));

        Awaitility.await().atMost(MAX).until(() -> connections.size() == LOOPS && answered);
        assertThat(starting.isComplete()).isFalse();
        assertThat(Web.answers(data() + "/v1/apps")).as("it listens").isTrue();

        released = true;
        connections.subList(1, LOOPS).forEach(this::pass);
        Freshet ready = await(starting, MAX);
        assertThat(Web.send(Web.to("http://127.0.0.1:" + ready.adminPort() + "/readyz"))
                        .statusCode())
                .isEqualTo(200);
        assertThat(connections).hasSize(LOOPS);
    }

    private String data() {
        return "http://127.0.0.1:" + port;
    }

    /* Commands may take longer than the test holds them. */
    private Config config(String redisUri) {
        return Configs.of(
                new HttpConfig("127.0.0.1", port, 1 << 20),
                Config.DEFAULT.edge(),
                Optional.of(new RedisConfig(redisUri, MAX, 4_096)));
    }

    private void accept(NetSocket client) {
        client.pause();
        connections.add(client);
        if (connections.size() == 1 || released) {
            pass(client);
        }
    }

    private void pass(NetSocket client) {
        URI uri = URI.create(redis.uri());
        toRedis.connect(uri.getPort(), uri.getHost()).onSuccess(server -> {
            client.closeHandler(closed -> server.close());
            server.closeHandler(closed -> client.close());
            client.handler(command -> {
                        boolean read = command.toString("ISO-8859-1").contains("hmget");
                        server.write(command);
                        if (read) {
                            server.handler(reply -> client.write(reply).onSuccess(told -> answered = true));
                        }
                    })
                    .resume();
            server.handler(client::write);
        });
    }
}
