package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.entry.Ticket;
import dev.freshet.testing.RedisServer;
import dev.freshet.testing.Tools;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract, by the user of {@code conf/redis.acl}, and what that user may not do. */
class LeastPrivilegeIT extends OnRedis {
    @TempDir
    static Path folder;

    private static RedisServer redis;

    @BeforeAll
    static void start() throws IOException {
        Path acl = Files.copy(Tools.repository().resolve("conf/redis.acl"), folder.resolve("redis.acl"));
        redis = RedisServer.startWith(List.of("--aclfile", acl.toString()));
    }

    @AfterAll
    static void stop() {
        redis.close();
    }

    @Override
    RedisConfig config() {
        return new RedisConfig(uri(), Duration.ofMillis(500), 4_096);
    }

    private static String uri() {
        return redis.uri().replace("redis://", "redis://freshet:change-me@");
    }

    private static String answer(String uri, String... words) {
        Redis client = Redis.createClient(vertx, uri);
        try {
            Request request = Request.cmd(Command.create(words[0]));
            List.of(words).subList(1, words.length).forEach(request::arg);
            return now(client.send(request).map(String::valueOf).otherwise(Throwable::getMessage));
        } finally {
            client.close();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "FLUSHALL",
                "FLUSHDB",
                "KEYS *",
                "CONFIG SET maxmemory 1",
                "CONFIG GET requirepass",
                "ACL LIST",
                "CLIENT LIST",
                "CLIENT KILL TYPE normal",
                "SCRIPT FLUSH",
                "FUNCTION FLUSH",
                "REPLICAOF NO ONE",
                "SHUTDOWN NOSAVE",
                "MONITOR",
                "GET other",
                "SET other x",
                "PUBLISH other x",
                "EVAL redis.call('SET','other','x') 0",
                "EVAL redis.call('KEYS','*') 0",
            })
    void user_whatFreshetNeedsNot_isRefused(String command) {
        String[] words = command.startsWith("EVAL ")
                ? new String[] {"EVAL", command.substring(5, command.length() - 2), "0"}
                : command.split(" ");

        assertThat(answer(uri(), words))
                .containsAnyOf("NOPERM", "No permissions", "no permissions", "can't run this command", "can't access");
    }

    @Test
    void retire_byThisUser_isAllowed() {
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        answer(uri(), "ZADD", Names.deployments(app), "1", "v1");

        assertThat(now(store.retire(app))).isTrue();
        assertThat(now(store.read(key, Optional.empty()))).isEmpty();
    }

    @Test
    void defaultUser_isOff() {
        assertThat(answer(redis.uri(), "PING")).contains("NOAUTH");
    }
}
