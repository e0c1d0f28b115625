package dev.freshet.redis;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.until;
import static dev.freshet.testing.Texts.found;

import dev.freshet.testing.OnVertx;
import io.vertx.core.Future;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A cluster of one node, which sends commands on to many addresses that it does not name as its nodes. */
class ClusterTest extends OnVertx {
    private static final int SPARE_MAX = 32;
    private static final int ADDRESSES = SPARE_MAX + 8;
    private static final String NODE = "127.0.0.1";

    private final List<NetServer> servers = new ArrayList<>();
    private final Set<NetSocket> elsewhere = ConcurrentHashMap.newKeySet();
    private final AtomicInteger most = new AtomicInteger();
    private final AtomicInteger asked = new AtomicInteger();
    private int port;
    private Cluster cluster;

    @BeforeEach
    void open() {
        for (int i = 1; i <= ADDRESSES; i++) {
            NetServer server = vertx.createNetServer().connectHandler(this::serve);
            servers.add(await(server.listen(port, "127.0.0." + i)));
            port = server.actualPort();
        }
        String url = "redis+cluster://" + NODE + ":" + port;
        cluster = new Cluster(
                vertx,
                new RedisConfig(url, Duration.ofSeconds(2), 64),
                ClusterUrl.parse(url).orElseThrow(),
                new Redirects(),
                () -> {});
    }

    @AfterEach
    void close() {
        await(cluster.close());
        servers.forEach(server -> await(server.close()));
    }

    private void serve(NetSocket connection) {
        if (!connection.localAddress().hostAddress().equals(NODE)) {
            elsewhere.add(connection);
            most.accumulateAndGet(elsewhere.size(), Math::max);
            connection.closeHandler(closed -> elsewhere.remove(connection));
        }
        connection.handler(said ->
                found("(hello|SLOTS|get)\r\n", said.toString()).forEach(command -> connection.write(answer(command))));
    }

    private String answer(String command) {
        return switch (command) {
            case "hello" -> "*0\r\n";
            case "SLOTS" -> "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n" + NODE + "\r\n:" + port + "\r\n";
            default -> {
                int at = asked.getAndIncrement();
                String next = "127.0.0." + (at / 2 % ADDRESSES + 1) + ":" + port;
                yield at % 2 == 0 ? "-MOVED 0 " + next + "\r\n" : "+done\r\n";
            }
        };
    }

    private Future<Reply> ask() {
        return cluster.on("key", Request.cmd(Command.GET).arg("key"), Link.Way.ALONE);
    }

    @Test
    void on_sentToEverMoreNodes_closesTheConnectionsToThoseThatNoMapNames() {
        until(() -> {
            /* One that is under way to such a node when its connection is closed fails. */
            await(ask().transform(done -> Future.succeededFuture(done.succeeded())));
            return most.get() > SPARE_MAX && elsewhere.size() < SPARE_MAX;
        });
    }
}
