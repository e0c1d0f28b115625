package dev.freshet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.redis.RedisConfig;
import dev.freshet.redis.RedisStore;
import dev.freshet.store.Rules;
import dev.freshet.testing.Futures;
import dev.freshet.testing.RedisServer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.datagram.DatagramPacket;
import io.vertx.core.datagram.DatagramSocket;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A Redis that somebody else runs: what it is reached by is a name, and the name moves to the new master. The name is told by a
 * DNS server of the test's own, which says that it may be remembered for an hour.
 */
class ManagedRedisIT {
    private static final Rules RULES = new Rules(1_000, 25, 1_000, Rules.Acks.EAGER, 0);
    private static final Key KEY = Key.of("shop", "v1", "k");
    private static final int TTL_S = 3_600;

    private final RedisServer old = RedisServer.startWith(List.of());
    private final RedisServer next = RedisServer.startWith(List.of());
    private final Vertx servers = Vertx.vertx();

    /** The last part of the address that the name has: 127.0.0.1 is the old one, 127.0.0.2 leads to the next. */
    private volatile int host = 1;

    private Vertx vertx;
    private RedisStore store;

    @BeforeEach
    void start() {
        DatagramSocket dns = Futures.await(servers.createDatagramSocket().listen(0, "127.0.0.1"));
        dns.handler(question -> dns.send(
                answer(question), question.sender().port(), question.sender().host()));
        NetServer door = servers.createNetServer().connectHandler(this::pass);
        Futures.await(door.listen(port(old), "127.0.0.2"));
        VertxOptions options = Main.options();
        options.getAddressResolverOptions()
                .addServer("127.0.0.1:" + dns.localAddress().port());
        vertx = Vertx.vertx(options);
        store = new RedisStore(
                vertx, new RedisConfig("redis://cache.example.com:" + port(old), Duration.ofSeconds(1), 64), RULES);
        assertThat(Futures.await(write("one"))).isTrue();
    }

    @AfterEach
    void stop() {
        Futures.await(store.close());
        Futures.await(vertx.close());
        Futures.await(servers.close());
        old.close();
        next.close();
    }

    private static int port(RedisServer server) {
        return URI.create(server.uri()).getPort();
    }

    private void pass(NetSocket client) {
        client.pause();
        servers.createNetClient().connect(port(next), "127.0.0.1").onSuccess(server -> {
            client.pipeTo(server);
            server.pipeTo(client);
            client.resume();
        });
    }

    /* The question comes back with the address, or with none to whoever asks for one of the other kind. */
    private Buffer answer(DatagramPacket question) {
        Buffer asked = question.data();
        int end = 12;
        while (asked.getByte(end) != 0) {
            end += 1 + asked.getByte(end);
        }
        boolean four = asked.getShort(end + 1) == 1;
        Buffer answer = Buffer.buffer()
                .appendShort(asked.getShort(0))
                .appendShort((short) 0x8180)
                .appendShort((short) 1)
                .appendShort((short) (four ? 1 : 0))
                .appendInt(0)
                .appendBuffer(asked.getBuffer(12, end + 5));
        return four
                ? answer.appendShort((short) 0xC00C)
                        .appendInt(0x0001_0001)
                        .appendInt(TTL_S)
                        .appendShort((short) 4)
                        .appendBytes(new byte[] {127, 0, 0, (byte) host})
                : answer;
    }

    private Future<Boolean> write(String body) {
        Draft draft = Draft.of(Body.of(Buffer.buffer(body)), new Lifetime(60_000, 600_000), List.of());
        return store.write(KEY, draft, new Ticket(1, 0)).map(true).otherwise(false);
    }

    private String tell(RedisServer server, String... words) {
        Redis client = Redis.createClient(servers, server.uri());
        Request request = Request.cmd(Command.create(words[0]));
        List.of(words).subList(1, words.length).forEach(request::arg);
        return Futures.await(client.send(request).map(String::valueOf).eventually(client::close));
    }

    private void awaitTheNext() {
        await().until(() -> Futures.await(write("two")));
        assertThat(tell(next, "EXISTS", "freshet:e:{shop/v1/" + KEY.digest() + "}"))
                .isEqualTo("1");
        assertThat(Futures.await(store.read(KEY, Optional.empty()))
                        .orElseThrow()
                        .body()
                        .bytes())
                .hasToString("two");
    }

    /** Its connections stand: only what it answers tells that it is a standby. */
    @Test
    void write_demotedAndTheNameHasMoved_goesToTheNext() {
        host = 2;
        tell(old, "REPLICAOF", "127.0.0.1", Integer.toString(port(next)));

        awaitTheNext();
    }

    /** The name moves late: until then nothing is written, or read from a standby. */
    @Test
    void read_demotedAndTheNameHasNotMoved_isRefused() {
        tell(old, "REPLICAOF", "127.0.0.1", Integer.toString(port(next)));
        assertThat(Futures.await(write("lost"))).isFalse();

        assertThat(Futures.await(store.read(KEY, Optional.empty()).map(true).otherwise(false)))
                .isFalse();
        host = 2;
        awaitTheNext();
    }

    /** It is cut off from its standbys, one of which is the master by now. */
    @Test
    void write_gateClosedAndTheNameHasMoved_goesToTheNext() {
        host = 2;
        tell(old, "CONFIG", "SET", "min-replicas-to-write", "1");

        awaitTheNext();
    }

    @Test
    void write_connectionsEndedAndTheNameHasMoved_goesToTheNext() {
        host = 2;
        old.kill();

        awaitTheNext();
    }
}
