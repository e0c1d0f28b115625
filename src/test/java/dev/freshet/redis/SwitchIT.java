package dev.freshet.redis;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.store.Change;
import dev.freshet.store.Rules;
import dev.freshet.testing.OnVertx;
import dev.freshet.testing.RedisServer;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.core.parsetools.RecordParser;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A Sentinel that says what a test wants it to, of a master that goes on taking writes: it is cut off from Sentinels alone. */
class SwitchIT extends OnVertx {
    private static final Rules RULES = new Rules(1_000, 25, 1_000, Rules.Acks.EAGER, 0);
    private static final Key KEY = Key.of("shop", "v1", "k");

    private final RedisServer old = RedisServer.startWith(List.of());
    private final RedisServer next = RedisServer.startWith(List.of());
    private final List<NetSocket> subscribed = new CopyOnWriteArrayList<>();
    private volatile RedisServer named = old;
    private NetServer sentinel;
    private RedisStore store;

    @BeforeEach
    void open() {
        sentinel = await(vertx.createNetServer().connectHandler(this::serve).listen(0, "127.0.0.1"));
        String url = "redis+sentinel://127.0.0.1:" + sentinel.actualPort() + "/m";
        store = new RedisStore(vertx, new RedisConfig(url, Duration.ofSeconds(1), 64), RULES);
        until(() -> !subscribed.isEmpty());
    }

    @AfterEach
    void close() {
        await(store.close());
        await(sentinel.close());
        old.close();
        next.close();
    }

    private void serve(NetSocket client) {
        client.handler(RecordParser.newDelimited("\r\n", word -> {
            switch (word.toString()) {
                case "hello" -> client.write("*0\r\n");
                case "MASTER" -> client.write(array("name", "m", "config-epoch", "1"));
                case "GET-MASTER-ADDR-BY-NAME" -> client.write(array("127.0.0.1", port(named)));
                case "+switch-master" -> {
                    client.write("*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n");
                    subscribed.add(client);
                }
                default -> {}
            }
        }));
    }

    private static String port(RedisServer server) {
        return Integer.toString(URI.create(server.uri()).getPort());
    }

    private static String array(String... words) {
        StringBuilder text = new StringBuilder("*" + words.length + "\r\n");
        for (String word : words) {
            text.append("$").append(word.length()).append("\r\n").append(word).append("\r\n");
        }
        return text.toString();
    }

    private void say(String master, RedisServer from, RedisServer to) {
        String line = master + " 127.0.0.1 " + port(from) + " 127.0.0.1 " + port(to);
        subscribed.forEach(client -> client.write(array("message", "+switch-master", line)));
    }

    private void write(String body) {
        Draft draft = Draft.of(Body.of(Buffer.buffer(body)), new Lifetime(60_000, 600_000), List.of());
        await(store.write(KEY, draft, new Ticket(1, 0)));
    }

    private boolean has(RedisServer server, String body) {
        Redis client = Redis.createClient(vertx, server.uri());
        return await(client.send(Request.cmd(Command.HGET).arg(Names.entry(KEY)).arg("b"))
                .map(found -> body.equals(String.valueOf(found)))
                .eventually(client::close));
    }

    @Test
    void write_afterASwitch_goesToTheNextMaster() {
        List<Change> heard = new CopyOnWriteArrayList<>();
        store.listen("shop", "r1", heard::add);
        until(() -> heard.contains(new Change.Live()));
        write("one");
        assertThat(has(old, "one")).isTrue();

        named = next;
        say("m", old, next);
        until(() -> heard.equals(List.of(
                new Change.Live(), new Change.Written(KEY, revision(heard)), new Change.Lost(), new Change.Live())));

        write("two");
        assertThat(has(next, "two")).isTrue();
        assertThat(store.redirects().masters()).isEqualTo(1);
        assertThat(has(old, "one")).isTrue();
    }

    private static long revision(List<Change> heard) {
        return heard.stream()
                .filter(Change.Written.class::isInstance)
                .mapToLong(written -> ((Change.Written) written).revision())
                .findFirst()
                .orElse(0);
    }
}
