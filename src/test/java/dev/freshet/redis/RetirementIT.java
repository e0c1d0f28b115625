package dev.freshet.redis;

import static dev.freshet.testing.Futures.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.store.Rules;
import dev.freshet.testing.OnVertx;
import dev.freshet.testing.RedisServer;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of builds that no server runs any more, on a real Redis. */
class RetirementIT extends OnVertx {
    private static final Duration AFTER = Duration.ofMinutes(1);
    private static final Rules RULES = new Rules(1_000, 25, 1_000, Rules.Acks.EAGER, 0);
    private static final int ENTRIES = 1_000;
    private static final String DEPLOYMENTS = Names.deployments("shop");

    private final RedisServer redis = RedisServer.startWith(List.of());
    private RedisStore store;
    private Redis admin;

    @BeforeEach
    void open() {
        admin = Redis.createClient(vertx, redis.uri());
        store = store(AFTER);
    }

    @AfterEach
    void close() {
        await(store.close());
        await(admin.close());
        redis.close();
    }

    private RedisStore store(Duration after) {
        RedisConfig config = new RedisConfig(
                redis.uri(), Optional.empty(), Optional.empty(), RedisTls.DEFAULT, Duration.ofSeconds(2), 4_096, after);
        return new RedisStore(vertx, config, RULES);
    }

    private String tell(String... words) {
        Request request = Request.cmd(Command.create(words[0]));
        List.of(words).subList(1, words.length).forEach(request::arg);
        return String.valueOf(await(admin.send(request)));
    }

    private static Key key(String deployment, int number) {
        return Key.of("shop", deployment, "k" + number);
    }

    private void write(Key key) {
        Draft draft = Draft.of(Body.of(Buffer.buffer("body")), new Lifetime(60_000, 600_000), List.of());
        await(store.write(key, draft, new Ticket(1, 0)));
    }

    private void fill(String deployment) {
        List<Future<?>> all = new ArrayList<>();
        Draft draft = Draft.of(Body.of(Buffer.buffer("body")), new Lifetime(60_000, 600_000), List.of());
        for (int i = 0; i < ENTRIES; i++) {
            all.add(store.write(key(deployment, i), draft, new Ticket(1, 0)));
        }
        await(Future.all(all));
    }

    /** As if it had not been used for a little more than may be. */
    private void age(String deployment) {
        long micros = (System.currentTimeMillis() - AFTER.toMillis() - 1_000) * 1_000;
        tell("ZADD", DEPLOYMENTS, Long.toString(micros), deployment);
    }

    private int entries(String deployment) {
        Matcher found = Pattern.compile("freshet:e:").matcher(tell("KEYS", Names.entries("shop", deployment)));
        return (int) found.results().count();
    }

    @Test
    void retire_unusedForLong_removesItsEntriesAndNoOthers() {
        fill("old");
        write(key("old2", 0));
        write(key("new", 0));
        write(key("_shared", 0));
        write(Key.of("blog", "old", "k"));
        age("old");

        // The timer does.
        Awaitility.await().until(() -> store.retired().deployments() == 1);

        assertThat(entries("old")).isZero();
        assertThat(entries("old2") + entries("new") + entries("_shared")).isEqualTo(3);
        assertThat(await(store.read(Key.of("blog", "old", "k"), Optional.empty())))
                .isPresent();
        assertThat(store.retired().entries()).isEqualTo(ENTRIES);
        assertThat(store.retired().bytes()).isGreaterThan(ENTRIES * 100L);
        assertThat(tell("ZRANGE", DEPLOYMENTS, "0", "-1"))
                .contains("new")
                .doesNotContain("old,")
                .doesNotContain("_shared");
        assertThat(tell("EXISTS", Names.retiring("shop"))).isEqualTo("0");
    }

    /** The race: it is found to be unused, somebody reads from it, and the step that removes comes after that. */
    @Test
    void retire_isReadMeanwhile_removesNothingMore() {
        write(key("old", 0));
        write(key("old", 1));
        age("old");
        Links links = new Node(vertx, config(), each -> dial(), () -> {});
        List<String> keys = List.of(DEPLOYMENTS, Names.retiring("shop"));
        List<Object> right = List.of("token", 30_000, AFTER.toMillis());
        assertThat(await(links.run(Script.SWEEP, keys, right)).text()).isEqualTo("old");
        assertThat(removed(links, 0)).isEqualTo(1);

        RedisStore reader = store(AFTER);
        await(reader.read(key("old", 1), Optional.empty()));

        assertThat(removed(links, 1)).isEqualTo(-1);
        assertThat(entries("old")).isEqualTo(1);
        assertThat(await(reader.retire("shop"))).isFalse();
        await(links.close());
        await(reader.close());
    }

    private RedisConfig config() {
        return new RedisConfig(redis.uri(), Duration.ofSeconds(2), 64);
    }

    private Dial dial() {
        return Dial.toAnybody(vertx, () -> Future.succeededFuture(config().options(redis.uri())));
    }

    private static long removed(Links links, int entry) {
        return await(links.run(
                        Script.RETIRE,
                        List.of(DEPLOYMENTS, Names.retiring("shop"), Names.entry(key("old", entry))),
                        List.of("token", 30_000, AFTER.toMillis(), "old", 0)))
                .number(0);
    }

    /** And it takes over from one that died. */
    @Test
    void retire_anotherReplicaHasTheRight_leavesItAlone() {
        write(key("old", 0));
        age("old");
        tell("SET", Names.retiring("shop"), "another");

        assertThat(await(store.retire("shop"))).isFalse();
        assertThat(entries("old")).isEqualTo(1);

        tell("DEL", Names.retiring("shop"));
        assertThat(await(store.retire("shop"))).isTrue();
        assertThat(entries("old")).isZero();
    }

    /** A step that comes late, when another replica has taken over. */
    @Test
    void retire_rightIsLost_removesNothing() {
        write(key("old", 0));
        age("old");
        Links links = new Node(vertx, config(), each -> dial(), () -> {});
        tell("SET", Names.retiring("shop"), "another");

        assertThat(removed(links, 0)).isEqualTo(-1);
        assertThat(entries("old")).isEqualTo(1);
        await(links.close());
    }

    @Test
    void read_manyTimes_saysOnceThatItIsInUse() {
        write(key("new", 0));
        long before = calls("zadd");

        List<Future<?>> reads = new ArrayList<>();
        for (int i = 0; i < ENTRIES; i++) {
            reads.add(store.read(key("new", i), Optional.empty()));
        }
        await(Future.all(reads));

        assertThat(calls("zadd")).isEqualTo(before);
    }

    private long calls(String command) {
        Matcher calls = Pattern.compile("cmdstat_" + command + ":calls=(\\d+)").matcher(tell("INFO", "commandstats"));
        return calls.find() ? Long.parseLong(calls.group(1)) : 0;
    }

    @Test
    void retire_never_neitherSaysNorRemovesAnything() {
        RedisStore keeping = store(Duration.ZERO);
        await(keeping.read(key("old", 0), Optional.empty()));

        assertThat(tell("EXISTS", DEPLOYMENTS)).isEqualTo("0");
        await(keeping.close());
    }

    /** Where Redis is full, removing what nobody uses is what helps. */
    @Test
    void retire_redisIsFull_removesAllTheSame() {
        write(key("old", 0));
        age("old");
        tell("CONFIG", "SET", "maxmemory", "1");

        assertThat(await(store.retire("shop"))).isTrue();
        assertThat(entries("old")).isZero();
    }

    @Test
    void retire_wrongTypeAtAKey_removesIt() {
        write(key("old", 0));
        tell("SET", Names.entry(key("old", 1)), "not a hash");
        age("old");

        assertThat(await(store.retire("shop"))).isTrue();
        assertThat(entries("old")).isZero();
    }

    /** Another Redis may know an older time, or none. */
    @Test
    void read_redisIsAnother_saysAgainThatItIsInUse() {
        RedisStore patient = store(Duration.ofHours(1));
        await(patient.read(key("new", 0), Optional.empty()));
        assertThat(tell("EXISTS", DEPLOYMENTS)).isEqualTo("1");
        redis.restart();

        Awaitility.await()
                .until(() -> await(patient.read(key("new", 0), Optional.empty())
                                .map(true)
                                .otherwise(false))
                        && tell("EXISTS", DEPLOYMENTS).equals("1"));
        await(patient.close());
    }
}
