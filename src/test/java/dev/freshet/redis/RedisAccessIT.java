package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.entry.Key;
import dev.freshet.store.Rules;
import dev.freshet.store.StoreException;
import dev.freshet.testing.Futures;
import dev.freshet.testing.RedisServer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Redis behind a socket, and one whose password changes. */
class RedisAccessIT {
    private static final Rules RULES = new Rules(1_000, 25, 1_000, Rules.Acks.EAGER, 0);
    private static final Key KEY = Key.of("shop", "v1", "k");

    @TempDir
    static Path folder;

    private static Vertx vertx;
    private static RedisServer redis;

    @BeforeAll
    static void start() {
        vertx = Vertx.vertx();
        redis = RedisServer.startWith(
                List.of("--unixsocket", folder.resolve("redis.sock").toString()));
    }

    @AfterAll
    static void stop() {
        redis.close();
        Futures.await(vertx.close());
    }

    private static RedisStore store(String url, Optional<Path> passwordFile) {
        return new RedisStore(
                vertx,
                new RedisConfig(
                        url,
                        passwordFile,
                        Optional.empty(),
                        RedisTls.DEFAULT,
                        Duration.ofSeconds(2),
                        64,
                        Duration.ZERO),
                RULES);
    }

    private static void admin(String password, String... words) {
        Redis client = Redis.createClient(vertx, redis.uri().replace("//", "//:" + password + "@"));
        Request request = Request.cmd(Command.create(words[0]));
        List.of(words).subList(1, words.length).forEach(request::arg);
        Futures.await(client.send(request));
        client.close();
    }

    private static boolean isRefused(RedisStore store) {
        return Futures.await(store.read(KEY, Optional.empty())
                .map(read -> false)
                .recover(failed ->
                        failed instanceof StoreException ? Future.succeededFuture(true) : Future.failedFuture(failed)));
    }

    @Test
    void read_byTheSocket_isAnswered() {
        RedisStore store = store("unix://" + folder.resolve("redis.sock"), Optional.empty());

        assertThat(Futures.await(store.read(KEY, Optional.empty()))).isEmpty();
        assertThat(store.describe()).isEqualTo("redis at " + folder.resolve("redis.sock"));
        Futures.await(store.close());
    }

    /** Whoever rotates it writes the file, and ends the connections that were made with the old one. */
    @Test
    void read_passwordHasChanged_isAnsweredByANewConnection() throws IOException {
        Path file = Files.writeString(folder.resolve("password"), "one\n");
        admin("", "CONFIG", "SET", "requirepass", "one");
        RedisStore store = store(redis.uri(), Optional.of(file));
        assertThat(Futures.await(store.read(KEY, Optional.empty()))).isEmpty();

        admin("one", "CONFIG", "SET", "requirepass", "two");
        admin("two", "CLIENT", "KILL", "TYPE", "normal");
        await().until(() -> isRefused(store));
        Files.writeString(file, "two\n");

        await().until(() -> !isRefused(store));
        Futures.await(store.close());
        admin("two", "CONFIG", "SET", "requirepass", "");
    }
}
