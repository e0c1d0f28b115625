package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.entry.Zstd;
import dev.freshet.store.Store;
import dev.freshet.store.StoreException;
import dev.freshet.testing.RedisServer;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The contract with every body compressed, however small, and what becomes of those that are harmed. */
class CompressedStoreIT extends OnRedis {
    private static final Body PLAIN = Body.of(Buffer.buffer("<li>Größe</li>\n".repeat(1_000)));

    private static RedisServer redis;

    @BeforeAll
    static void start() {
        redis = RedisServer.start();
    }

    @AfterAll
    static void stop() {
        redis.close();
    }

    @Override
    RedisConfig config() {
        return new RedisConfig(redis.uri(), Duration.ofMillis(500), 4_096);
    }

    /** Compresses what is written, and decodes what is read. */
    @Override
    protected Store store() {
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, arguments) -> {
                    try {
                        return switch (method.getName()) {
                            case "write" -> {
                                arguments[1] = coded((Draft) arguments[1]);
                                yield method.invoke(store, arguments);
                            }
                            case "read" -> decoded((Future<?>) method.invoke(store, arguments));
                            default -> method.invoke(store, arguments);
                        };
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static Draft coded(Draft draft) {
        return draft.body().length() == 0 ? draft : draft.with(Zstd.encode(draft.body()));
    }

    private static Future<Optional<Entry>> decoded(Future<?> read) {
        return read.map(found -> ((Optional<?>) found)
                .map(Entry.class::cast)
                .map(entry -> !entry.body().isCoded()
                        ? entry
                        : new Entry(
                                entry.key(),
                                entry.revision(),
                                entry.epoch(),
                                entry.asOf(),
                                entry.bornMs(),
                                entry.tags(),
                                entry.lifetime(),
                                entry.type(),
                                entry.attributes(),
                                Zstd.decode(entry.body()).orElseThrow())));
    }

    private Response tell(String command, String... arguments) {
        Redis client = Redis.createClient(vertx, redis.uri());
        Request request = Request.cmd(Command.create(command)).arg(Names.entry(key));
        List.of(arguments).forEach(request::arg);
        return now(client.send(request).eventually(client::close));
    }

    private void write() {
        Draft draft = Draft.of(PLAIN, new Lifetime(60_000, 600_000), List.of());
        now(store.write(key, coded(draft), new Ticket(1, 0)));
    }

    private Optional<Entry> read() {
        return now(store.read(key, Optional.empty()));
    }

    @Test
    void write_takesLessRoomThanTheValue() {
        write();

        assertThat(tell("HSTRLEN", "b").toInteger()).isLessThan(PLAIN.length() / 10);
        Body body = read().orElseThrow().body();
        assertThat(body.isCoded()).isTrue();
        assertThat(body.bytes().length()).isLessThan(PLAIN.length() / 10);
        assertThat(Zstd.decode(body)).contains(PLAIN);
    }

    @Test
    void write_asItCame_overwritesWhatWasCompressed() {
        write();
        now(store.write(key, draft("plain"), new Ticket(2, 0)));

        assertThat(read().orElseThrow().body()).isEqualTo(Body.of(Buffer.buffer("plain")));
    }

    @Test
    void read_ofHarmedBytes_isAFault() {
        write();
        tell("HSET", "b", tell("HGET", "b").toString() + "x");

        assertThatThrownBy(this::read).isInstanceOf(StoreException.class);
    }

    @Test
    void read_ofAPart_isAFault() {
        write();
        Response whole = tell("HGET", "b");
        Redis client = Redis.createClient(vertx, redis.uri());
        Buffer part = whole.toBuffer().getBuffer(0, whole.toBuffer().length() - 1);
        now(client.send(Request.cmd(Command.HSET).arg(Names.entry(key)).arg("b").arg(part))
                .eventually(client::close));

        assertThatThrownBy(this::read).isInstanceOf(StoreException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "\"length\":[0-9]+, \"length\":15",
        "\"length\":[0-9]+, \"length\":2147483647",
        "zstd, br",
        "\"coded\", \"sealed\"",
    })
    void read_ofAHeaderThatLies_isAFault(String what, String lie) {
        write();
        String header = tell("HGET", "h").toString();
        tell("HSET", "h", header.replaceFirst(what, lie));

        assertThat(header).isNotEqualTo(tell("HGET", "h").toString());
        assertThatThrownBy(this::read).isInstanceOf(StoreException.class);
    }
}
