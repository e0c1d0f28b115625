package dev.freshet.redis;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.OnVertx;
import io.vertx.core.Future;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.core.parsetools.RecordParser;
import io.vertx.redis.client.ProtocolVersion;
import io.vertx.redis.client.RedisOptions;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The bus, and a server that says what Redis says when a test wants it to. */
class BusTest extends OnVertx {
    private static final String CHANNEL = "freshet:{shop}:bus";

    /** The connections that were made, the newest last. */
    private final List<NetSocket> connections = new CopyOnWriteArrayList<>();

    private final List<String> heard = new CopyOnWriteArrayList<>();
    private NetServer server;
    private Bus bus;

    @BeforeEach
    void open() {
        server = await(vertx.createNetServer().connectHandler(this::serve).listen(0, "127.0.0.1"));
        String uri = "redis://127.0.0.1:" + server.actualPort();
        bus = new Bus(
                vertx,
                each -> Dial.toAnybody(
                        each,
                        () -> Future.succeededFuture(new RedisOptions()
                                .setConnectionString(uri)
                                .setPreferredProtocolVersion(ProtocolVersion.RESP2))));
        bus.subscribe(Set.of(CHANNEL), new Bus.Listener() {
            @Override
            public void live() {
                heard.add("live");
            }

            @Override
            public void lost() {
                heard.add("lost");
            }

            @Override
            public void message(String line) {
                heard.add(line);
            }
        });
        until(() -> heard.equals(List.of("live")));
    }

    @AfterEach
    void close() {
        bus.close();
        await(server.close());
    }

    /** Confirms what is subscribed to, and greets whoever would be greeted. */
    private void serve(NetSocket connection) {
        connection.handler(RecordParser.newDelimited("\r\n", word -> {
            switch (word.toString()) {
                case "hello" -> connection.write("*0\r\n");
                case CHANNEL -> {
                    connections.add(connection);
                    push("subscribe", ":1\r\n");
                }
                default -> {}
            }
        }));
    }

    private void push(String kind, String last) {
        connections
                .getLast()
                .write("*3\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n%s"
                        .formatted(kind.length(), kind, CHANNEL.length(), CHANNEL, last));
    }

    @Test
    void message_ofItsChannel_isToldAsItIs() {
        push("message", "$5\r\nhello\r\n");

        until(() -> heard.size() == 2);
        assertThat(heard).containsExactly("live", "hello");
    }

    /** R26: as when a cluster moves a channel's slot. The connection stands, and nothing would ever be heard on it. */
    @Test
    void unsubscribe_thatNobodyAskedFor_isALossAndMadeGood() {
        push("unsubscribe", ":0\r\n");
        until(() -> heard.size() == 3);
        push("message", "$5\r\nhello\r\n");

        until(() -> heard.size() == 4);
        assertThat(heard).containsExactly("live", "lost", "live", "hello");
        assertThat(connections).hasSize(2);
    }

    /** R26: the same of a channel that is sharded, which a proxy may make of ours. */
    @Test
    void sunsubscribe_thatNobodyAskedFor_isALossAndMadeGood() {
        push("sunsubscribe", ":0\r\n");

        until(() -> heard.size() == 3);
        assertThat(heard).containsExactly("live", "lost", "live");
    }
}
