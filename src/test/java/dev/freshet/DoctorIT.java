package dev.freshet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.Futures;
import dev.freshet.testing.Ports;
import dev.freshet.testing.RedisBuild;
import dev.freshet.testing.RedisCluster;
import dev.freshet.testing.RedisGroup;
import dev.freshet.testing.RedisServer;
import dev.freshet.testing.Tools;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the doctor says of real Redis servers. */
class DoctorIT {
    private static final Duration MAX = Duration.ofSeconds(20);

    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() {
        Futures.await(vertx.close());
    }

    private Doctor.Report examine(String url) {
        Config config = Config.load(Optional.empty(), Map.of("FRESHET_REDIS_URL", url, "FRESHET_REDIS_TIMEOUT", "2s"))
                .config();
        return Futures.await(new Doctor(vertx, config).examine(), MAX);
    }

    private static String withUser(String uri, String user) {
        return uri.replace("redis://", "redis://" + user + "@");
    }

    private static void assertSick(Doctor.Report report, String error) {
        assertThat(report.isWell()).isFalse();
        assertThat(report.lines().getLast()).startsWith("error: redis.url: " + error);
        assertThat(String.join("\n", report.lines())).doesNotContain("hunter2");
    }

    @Test
    void memory_isWell() {
        Doctor.Report report = Futures.await(new Doctor(vertx, Config.DEFAULT).examine());

        assertThat(report.isWell()).isTrue();
        assertThat(report.lines().getLast()).contains("no redis.url");
    }

    @Test
    void good_isWell() {
        try (RedisServer redis = RedisServer.startWith(List.of())) {
            Doctor.Report report = examine(redis.uri());

            assertThat(report.lines()).allSatisfy(line -> assertThat(line).startsWith("ok: "));
            assertThat(report.isWell()).isTrue();
            assertThat(report.lines().getLast()).contains("the bus takes messages");
        }
    }

    @Test
    void cluster_oneMasterIsDead_isNamed(@TempDir Path folder) {
        try (RedisCluster cluster = new RedisCluster(folder, 0, "", List.of())) {
            Doctor.Report well = examine(cluster.uri());
            assertThat(well.isWell()).as("%s", well.lines()).isTrue();
            assertThat(well.lines()).contains("ok: it is a Redis Cluster of 3 masters");

            // A probe's slot is this node's once in three times.
            assertThat(Stream.generate(() -> examine(cluster.server(0).uri()))
                            .limit(20)
                            .flatMap(report -> report.lines().stream()))
                    .anySatisfy(line -> assertThat(line).startsWith("error: ").contains("redis+cluster://"));

            cluster.server(1).kill();
            Doctor.Report sick = examine(cluster.uri());
            assertThat(sick.isWell()).isFalse();
            assertThat(sick.lines())
                    .filteredOn(line -> line.startsWith("error: "))
                    .singleElement()
                    .asString()
                    .contains("of master 127.0.0.1:" + cluster.port(1));
        }
    }

    @Test
    void password_wrongOrMissing_isNamed() {
        try (RedisServer redis = RedisServer.startWith(List.of("--requirepass", "secret"))) {
            assertSick(examine(withUser(redis.uri(), ":hunter2")), "the user or the password is wrong (");
            assertSick(examine(redis.uri()), "Redis wants a password, and there is none (");
            assertThat(examine(withUser(redis.uri(), ":secret")).isWell()).isTrue();
        }
    }

    @Test
    void readOnly_isNamed() {
        try (RedisServer redis = RedisServer.startWith(List.of("--replicaof", "127.0.0.1 " + Ports.free()))) {
            Doctor.Report report = examine(redis.uri());

            assertSick(report, "this Redis is read-only: give the address of the master (");
            assertThat(report.lines()).anyMatch(line -> line.startsWith("warning: it is a replica of 127.0.0.1:"));
        }
    }

    /* The rules of conf/redis.acl, after its user's name and password. */
    private static List<String> rules() throws IOException {
        String line =
                Files.readAllLines(Tools.repository().resolve("conf/redis.acl")).getLast();
        return Stream.of(line.split(" ", -1)).skip(4).toList();
    }

    private static String user(String name, List<String> rules, String more) {
        return "user " + name + " on >hunter2 " + String.join(" ", rules) + " " + more;
    }

    @Test
    void user_whomConfRedisAclDescribes_isAskedForEachOfItsCommands() throws IOException {
        TreeSet<String> allowed = new TreeSet<>();
        rules().stream().filter(rule -> rule.startsWith("+")).forEach(rule -> allowed.add(rule.substring(1)));
        /* Those that a connection begins with: without them there is none, which is told as it is. */
        allowed.removeAll(List.of("hello", "auth", "select", "unsubscribe"));

        assertThat(Permissions.tried()).isEqualTo(allowed);
    }

    @Test
    void user_thatLacksACommand_isToldWhichOne(@TempDir Path folder) throws IOException {
        List<String> rules = rules();
        TreeSet<String> alone = Permissions.tried();
        alone.removeAll(List.of("cluster|slots", "asking"));
        List<String> users = new ArrayList<>(List.of(
                user("all", rules, ""),
                user("two", rules, "-scan -eval"),
                user("reader", List.of("~*", "&*", "+@read", "+ping", "+info"), ""),
                user("elsewhere", rules, "resetkeys ~other:* resetchannels &other:*")));
        alone.forEach(command -> users.add(user("no-" + command, rules, "-" + command)));
        Path file = Files.write(folder.resolve("acl"), users);
        try (RedisServer redis = RedisServer.startWith(List.of("--aclfile", file.toString()))) {
            Doctor.Report well = examine(withUser(redis.uri(), "all:hunter2"));
            assertThat(well.isWell()).as("%s", well.lines()).isTrue();
            assertSick(
                    examine(withUser(redis.uri(), "two:hunter2")),
                    "the user may not send EVAL, SCAN: add +eval +scan to its line, as in conf/redis.acl");
            assertSick(examine(withUser(redis.uri(), "reader:hunter2")), "the user may not send DEL, EVAL, EVALSHA, ");
            assertSick(
                    examine(withUser(redis.uri(), "elsewhere:hunter2")),
                    "the user may not use the keys freshet:*, nor use the channels freshet:*: add ~freshet:* &freshet:*");
            for (String command : alone) {
                assertSick(
                        examine(withUser(redis.uri(), "no-" + command + ":hunter2")),
                        "the user may not send " + command.toUpperCase(Locale.ROOT) + ": add +" + command + " ");
            }
        }
    }

    /** It words what is denied otherwise. */
    @Test
    void oldest_userThatLacksCommandsKeysAndChannels_isTold() throws IOException {
        List<String> arguments = new ArrayList<>(List.of("--user", "most", "on", ">hunter2"));
        arguments.addAll(rules());
        arguments.addAll(List.of("-scan", "-subscribe", "--user", "all", "on", ">hunter2"));
        arguments.addAll(rules());
        arguments.addAll(List.of("--user", "elsewhere", "on", ">hunter2"));
        arguments.addAll(rules());
        arguments.addAll(List.of("resetkeys", "~other:*", "resetchannels", "&other:*"));
        try (RedisServer redis = RedisServer.start(RedisBuild.OLDEST, arguments)) {
            assertThat(examine(withUser(redis.uri(), "all:hunter2")).isWell()).isTrue();
            assertSick(
                    examine(withUser(redis.uri(), "most:hunter2")),
                    "the user may not send SCAN, SUBSCRIBE: add +scan +subscribe to its line");
            assertSick(
                    examine(withUser(redis.uri(), "elsewhere:hunter2")),
                    "the user may not use the keys freshet:*, nor use the channels freshet:*");
        }
    }

    /** What nobody uses is removed by SCAN, and by nothing else. */
    @Test
    void user_thatLacksScan_mayDoSoIfNothingIsRetired() {
        try (RedisServer redis = RedisServer.startWith(
                List.of("--user", "some", "on", ">hunter2", "~freshet:*", "&freshet:*", "+@all", "-scan"))) {
            Map<String, String> keeping =
                    Map.of("FRESHET_REDIS_URL", withUser(redis.uri(), "some:hunter2"), "FRESHET_RETIRE_AFTER", "0s");
            Config config = Config.load(Optional.empty(), keeping).config();

            assertThat(Futures.await(new Doctor(vertx, config).examine(), MAX).isWell())
                    .isTrue();
        }
    }

    @Test
    void cluster_userThatLacksAsking_isTold(@TempDir Path folder) {
        List<String> user = List.of("--user", "some", "on", ">hunter2", "~freshet:*", "&freshet:*", "+@all", "-asking");
        try (RedisCluster cluster = new RedisCluster(folder, 0, "", user)) {
            assertSick(
                    examine(cluster.uri().replace("://", "://some:hunter2@")),
                    "the user may not send ASKING: add +asking to its line");
        }
    }

    @Test
    void absent_isNamed() {
        assertSick(examine("redis://:hunter2@127.0.0.1:" + Ports.free()), "Redis does not answer there (");
    }

    @Test
    void sentinels_nameTheMaster(@TempDir Path folder) {
        try (RedisGroup group = new RedisGroup(folder, RedisGroup.Secrets.NONE)) {
            Doctor.Report report = examine(group.uri().replaceFirst("//[^,]*,", "//127.0.0.1:" + Ports.free() + ","));

            assertThat(report.isWell()).isTrue();
            assertThat(report.lines())
                    .anyMatch(line -> line.matches("warning: Sentinel 127.0.0.1:\\d+ names no master \\(.*\\)"))
                    .filteredOn(line -> line.matches("ok: Sentinel 127.0.0.1:\\d+ says that the master mymaster is at "
                            + "127.0.0.1:" + group.port(0)))
                    .hasSize(2);
            assertThat(report.lines().getLast()).contains("the bus takes messages");
            assertSick(examine(group.uri().replace("mymaster", "another")), "no Sentinel names a master another");
        }
    }

    @Test
    void evictsEverything_isWarnedOf() {
        try (RedisServer redis = RedisServer.startWith(List.of("--maxmemory-policy", "allkeys-lru"))) {
            Doctor.Report report = examine(redis.uri());

            assertThat(report.isWell()).isTrue();
            assertThat(report.lines()).anyMatch(line -> line.startsWith("warning: maxmemory-policy allkeys-lru"));
        }
    }
}
