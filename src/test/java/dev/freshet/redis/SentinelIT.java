package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.freshet.entry.Ticket;
import dev.freshet.store.StoreException;
import dev.freshet.testing.Ports;
import dev.freshet.testing.RedisGroup;
import io.vertx.core.Future;
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

/** The contract on whichever Redis the Sentinels name, with passwords, and how the store follows them. */
class SentinelIT extends OnRedis {
    @TempDir
    static Path folder;

    private static RedisGroup group;
    private static Path redisPassword;
    private static Path sentinelPassword;

    @BeforeAll
    static void start() throws IOException {
        redisPassword = Files.writeString(folder.resolve("redis"), "ofredis");
        sentinelPassword = Files.writeString(folder.resolve("sentinel"), "ofsentinels\n");
        group = new RedisGroup(folder, new RedisGroup.Secrets("ofredis", "ofsentinels"));
    }

    @AfterAll
    static void stop() {
        group.close();
    }

    @Override
    RedisConfig config() {
        return config(group.uri());
    }

    private static RedisConfig config(String url) {
        boolean named = SentinelUrl.parse(url).isPresent();
        return new RedisConfig(
                url,
                Optional.of(redisPassword),
                named ? Optional.of(sentinelPassword) : Optional.empty(),
                RedisTls.DEFAULT,
                Duration.ofMillis(500),
                4_096,
                Duration.ZERO);
    }

    private static int master() {
        RedisGroup.await(() -> group.named() >= 0 && group.isSynced(1 - group.named()));
        return group.named();
    }

    @Test
    void describe_namesTheMasterAndTheSentinels() {
        assertThat(store.describe()).startsWith("redis mymaster, by the Sentinels 127.0.0.1:");
    }

    @Test
    void write_masterIsAnother_goesThere() {
        int before = master();
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        group.failOver();
        RedisGroup.await(() -> group.named() == 1 - before);

        await().until(() -> succeeds(store.write(key, draft("two"), new Ticket(2, 0))));

        assertThat(group.tell(1 - before, "HGET", Names.entry(key), "b")).hasToString("two");
        assertThat(bodyOf()).isEqualTo("two");
    }

    /** The connections to the old master stand, and it takes writes yet: only the Sentinels know better. */
    @Test
    void write_sentinelsNameAnother_isNotAcknowledgedByTheOld() {
        int before = master();
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        group.server(before).freeze();
        RedisGroup.await(() -> group.named() == 1 - before);
        group.server(before).thaw();

        await().until(() -> succeeds(store.write(key, draft("two"), new Ticket(2, 0))));
        assertThat(group.tell(1 - before, "HGET", Names.entry(key), "b")).hasToString("two");
    }

    @Test
    void read_ofAStandby_isRefused() {
        RedisStore wrong =
                new RedisStore(vertx, config(group.server(1 - master()).uri()), RULES);

        assertThatThrownBy(() -> now(wrong.read(key, Optional.empty()))).isInstanceOf(StoreException.class);
        now(wrong.close());
    }

    @Test
    void read_noSentinelIsThere_saysSo() {
        RedisStore lost =
                new RedisStore(vertx, config("redis+sentinel://127.0.0.1:" + Ports.free() + "/mymaster"), RULES);

        assertThatThrownBy(() -> now(lost.read(key, Optional.empty())))
                .isInstanceOf(StoreException.class)
                .hasStackTraceContaining("no Sentinel names the master mymaster");
        now(lost.close());
    }

    @Test
    void read_oneSentinelIsThere_isAnswered() {
        String all = group.uri()
                .replaceFirst("redis\\+sentinel://[^,]*,", "redis+sentinel://127.0.0.1:" + Ports.free() + ",");
        RedisStore found = new RedisStore(vertx, config(all), RULES);

        assertThat(now(found.read(key, Optional.empty()))).isEmpty();
        now(found.close());
    }

    @Test
    void newest_ofTwoThatDisagree_isTheLaterOne() {
        var old = new Sentinels.Answer.Named("a:1", 3, "one", 6379);
        var young = new Sentinels.Answer.Named("b:1", 4, "two", 6379);
        var none = new Sentinels.Answer.None("c:1", "timeout");

        assertThat(Sentinels.newest(List.of(none, young, old))).contains(young);
        assertThat(Sentinels.newest(List.of(old, young, old))).contains(young);
        assertThat(Sentinels.newest(List.of(none))).isEmpty();
    }

    private String bodyOf() {
        return now(store.read(key, Optional.empty()))
                .orElseThrow()
                .body()
                .bytes()
                .toString();
    }

    private static boolean succeeds(Future<?> command) {
        await().until(command::isComplete);
        return command.succeeded();
    }
}
