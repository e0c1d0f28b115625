package dev.freshet.redis;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.freshet.entry.Key;
import dev.freshet.entry.Ticket;
import dev.freshet.store.Change;
import dev.freshet.store.Invalidation;
import dev.freshet.store.Mode;
import dev.freshet.store.Position;
import dev.freshet.store.Pulse;
import dev.freshet.store.Store;
import dev.freshet.store.StoreContract;
import dev.freshet.store.StoreException;
import dev.freshet.tag.Tag;
import dev.freshet.testing.RedisServer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contract, and what only Redis can do, on a real server. */
class RedisStoreIT extends StoreContract {
    private static final Duration TIMEOUT = Duration.ofMillis(500);
    private static final List<Tag> TAGS = List.of(new Tag("posts"));

    private static Vertx vertx;
    private static RedisServer redis;
    private RedisStore store;

    @BeforeAll
    static void start() {
        vertx = Vertx.vertx();
        redis = RedisServer.start();
    }

    @AfterAll
    static void stop() {
        redis.close();
        now(vertx.close());
    }

    @BeforeEach
    void open() {
        store = new RedisStore(vertx, new RedisConfig(redis.uri(), TIMEOUT, 4_096), WINDOW_MS, MARKS_MAX);
    }

    @AfterEach
    void close() {
        now(store.close());
    }

    @Override
    protected Store store() {
        return store;
    }

    private static void command(Command command, String... arguments) {
        Redis client = Redis.createClient(vertx, redis.uri());
        Request request = Request.cmd(command);
        List.of(arguments).forEach(request::arg);
        now(client.send(request));
        client.close();
    }

    @Test
    void run_scriptsForgotten_tellsThemAgain() {
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        command(Command.SCRIPT, "FLUSH");

        now(store.write(key, draft("two"), new Ticket(1, 0)));

        assertThat(now(store.read(key)).orElseThrow().body().bytes()).hasToString("two");
    }

    @Test
    void read_manyAtOnceAndOneRefused_tellsTheOthers() {
        Key wrong = Key.of(app, "v1", "wrong");
        command(Command.SET, Names.entry(wrong), "not a hash");
        now(store.write(key, draft("one"), new Ticket(1, 0)));

        List<Future<?>> reads = new ArrayList<>();
        now(Future.<Void>future(done -> vertx.getOrCreateContext().runOnContext(run -> {
            for (int i = 0; i < 20; i++) {
                reads.add(store.read(key));
            }
            reads.add(store.read(wrong));
            Future.join(reads).onComplete(all -> done.complete());
        })));

        assertThat(reads.subList(0, 20)).allMatch(Future::succeeded);
        assertThat(reads.getLast().cause()).isInstanceOf(StoreException.class).hasMessageContaining("WRONGTYPE");
    }

    @Test
    void read_anotherKeysEntry_isAFault() {
        Key other = Key.of(app, "v1", "other");
        now(store.write(other, draft("secret"), new Ticket(1, 0)));
        command(Command.RENAME, Names.entry(other), Names.entry(key));

        assertThatThrownBy(() -> now(store.read(key))).isInstanceOf(StoreException.class);
    }

    @Test
    void entry_kept_untilItExpiresAndAMinute() {
        now(store.write(key, draft("one"), new Ticket(1, 0)));

        Redis client = Redis.createClient(vertx, redis.uri());
        long ttl = now(client.send(Request.cmd(Command.PTTL).arg(Names.entry(key))))
                .toLong();
        client.close();
        assertThat(ttl).isBetween(650_000L, 660_000L);
    }

    @Test
    void beat_redisRestarted_beginsAnEpoch() {
        Pulse before = now(store.beat(app, new Position("r1", "", 0, WINDOW_MS)));
        Invalidation last = now(store.invalidate(app, TAGS, new Mode.Hard()));
        redis.restart();

        Pulse after = again(() -> store.beat(app, new Position("r1", before.epoch(), last.stamp(), WINDOW_MS)));

        assertThat(after.epoch()).isNotEqualTo(before.epoch());
        assertThat(after.head()).isGreaterThan(last.stamp());
        assertThat(after.floor()).isGreaterThan(last.stamp());
    }

    @Test
    void beat_marksEvicted_beginsAnEpoch() {
        Pulse before = now(store.beat(app, new Position("r1", "", 0, WINDOW_MS)));
        Invalidation last = now(store.invalidate(app, TAGS, new Mode.Hard()));
        command(Command.DEL, Names.marks(app));

        Pulse after = now(store.beat(app, new Position("r1", before.epoch(), last.stamp(), WINDOW_MS)));

        assertThat(after.epoch()).isNotEqualTo(before.epoch());
        assertThat(after.floor()).isGreaterThan(last.stamp());
    }

    @Test
    void beat_replicaAheadOfTheHead_beginsAnEpochBeyondIt() {
        Pulse before = now(store.beat(app, new Position("r1", "", 0, WINDOW_MS)));
        long ahead = before.head() + 3_600_000_000L;

        Pulse after = now(store.beat(app, new Position("r1", before.epoch(), ahead, WINDOW_MS)));

        assertThat(after.epoch()).isNotEqualTo(before.epoch());
        assertThat(after.head()).isGreaterThanOrEqualTo(ahead);
    }

    @Test
    void invalidate_newEpoch_isQuietForAWindow() {
        Invalidation first = now(store.invalidate(app, TAGS, new Mode.Hard()));

        assertThat(first.quietUntilMicros() - first.timeMicros()).isGreaterThanOrEqualTo(1_000 * WINDOW_MS);
    }

    @Test
    void read_redisFrozen_failsInTimeAndRecovers() {
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        redis.freeze();
        try {
            long begun = System.nanoTime();
            assertThatThrownBy(() -> now(store.read(key))).isInstanceOf(StoreException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(TIMEOUT.multipliedBy(3));
        } finally {
            redis.thaw();
        }
        assertThat(again(() -> store.read(key))).isPresent();
    }

    @Test
    void read_notAnsweredInTime_failsOnTheCallersLoop() {
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        redis.freeze();
        try {
            Thread[] threads = new Thread[2];
            now(Future.<Void>future(done -> vertx.getOrCreateContext().runOnContext(run -> {
                threads[0] = Thread.currentThread();
                store.read(key).onComplete(told -> {
                    threads[1] = Thread.currentThread();
                    done.complete();
                });
            })));
            assertThat(threads[1]).isSameAs(threads[0]);
        } finally {
            redis.thaw();
        }
    }

    @Test
    void listen_connectionKilled_tellsLostAndLive() {
        List<Change> heard = listen();

        command(Command.CLIENT, "KILL", "TYPE", "pubsub");

        await().until(() -> heard.stream().filter(new Change.Live()::equals).count() == 2);
        assertThat(heard).containsExactly(new Change.Live(), new Change.Lost(), new Change.Live());
        now(store.remove(key));
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        await().until(() -> heard.getLast() instanceof Change.Written);
    }

    /* Until the store has found Redis again. */
    private static <T> T again(java.util.function.Supplier<Future<T>> command) {
        java.util.concurrent.atomic.AtomicReference<Future<T>> last =
                new java.util.concurrent.atomic.AtomicReference<>();
        await().atMost(10, SECONDS).until(() -> {
            last.set(command.get());
            await().until(last.get()::isComplete);
            return last.get().succeeded();
        });
        return last.get().result();
    }
}
