package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.freshet.entry.Ticket;
import dev.freshet.store.Position;
import dev.freshet.store.Pulse;
import dev.freshet.store.StoreException;
import dev.freshet.testing.Ports;
import dev.freshet.testing.RedisServer;
import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The contract on a server that is not the usual one, and what such a one may word otherwise: an error in a script, a refusal. */
abstract class OnOtherRedis extends OnRedis {
    /** Null where the test was skipped. */
    static RedisServer redis;

    @AfterAll
    static void stop() {
        if (redis != null) {
            redis.close();
            redis = null;
        }
    }

    @Override
    RedisConfig config() {
        return new RedisConfig(redis.uri(), Duration.ofSeconds(1), 4_096);
    }

    static String tell(String... words) {
        Redis client = Redis.createClient(vertx, redis.uri());
        Request request = Request.cmd(Command.create(words[0]));
        List.of(words).subList(1, words.length).forEach(request::arg);
        return now(client.send(request).map(String::valueOf).eventually(client::close));
    }

    @Test
    void write_demoted_neitherWritesNorReads() {
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        tell("REPLICAOF", "127.0.0.1", Integer.toString(Ports.free()));
        try {
            assertThatThrownBy(() -> now(store.write(key, draft("two"), new Ticket(2, 0))))
                    .isInstanceOf(StoreException.class)
                    .hasMessageStartingWith("Redis takes no writes");
            assertThatThrownBy(() -> now(store.read(key, Optional.empty()))).isInstanceOf(StoreException.class);
        } finally {
            tell("REPLICAOF", "NO", "ONE");
        }
        await().until(() -> succeeds(store.write(key, draft("two"), new Ticket(2, 0))));
    }

    @Test
    void beat_wrongTypeAtAControlKey_isMendedByTheNext() {
        Pulse before = now(store.beat(app, new Position("r1", "", 0, 1)));
        tell("SET", Names.clock(app), "x");
        assertThatThrownBy(() -> now(store.beat(app, new Position("r1", before.epoch(), before.head(), 2))))
                .isInstanceOf(StoreException.class);

        Pulse after = now(store.beat(app, new Position("r1", before.epoch(), before.head(), 3)));
        assertThat(after.epoch()).isNotEqualTo(before.epoch());
        assertThat(after.doubt()).isPositive();
    }

    private static boolean succeeds(Future<?> command) {
        await().until(command::isComplete);
        return command.succeeded();
    }
}
