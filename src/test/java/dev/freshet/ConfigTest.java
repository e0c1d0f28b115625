package dev.freshet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.freshet.Form.Address;
import dev.freshet.edge.EdgeConfig;
import dev.freshet.edge.Token;
import dev.freshet.entry.Coding;
import dev.freshet.gateway.CoherenceConfig;
import dev.freshet.http.HttpConfig;
import dev.freshet.lease.LeaseConfig;
import dev.freshet.near.NearConfig;
import dev.freshet.redis.RedisConfig;
import dev.freshet.redis.RedisTls;
import dev.freshet.store.Rules;
import dev.freshet.testing.Certificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigTest {
    private static final String TOKEN =
            "web sha256:0123012301230123012301230123012301230123012301230123012301230123 shop entries:read";
    private static final Path MANUAL = Path.of("conf", "freshet.yaml");
    private static final Pattern KEY_LINE = Pattern.compile("(?:# )?([a-z][a-z.-]*): (\\S+)");

    @TempDir
    Path folder;

    @Test
    void load_theManual_isTheDefaults() {
        Config.Loaded loaded = Config.load(Optional.of(MANUAL), Map.of());

        assertThat(loaded.config()).isEqualTo(Config.DEFAULT);
        assertThat(loaded.warnings()).isEmpty();
    }

    @Test
    void explain_theDefaults_areReadBackAsSuch() {
        List<String> printed = new Config.Source(Optional.of(file("")), Map.of(), Map.of()).explain();

        assertThat(printed).hasSameSizeAs(Setting.ALL).allMatch(line -> line.endsWith("# default"));
        assertThat(load(String.join("\n", printed))).isEqualTo(Config.DEFAULT);
    }

    @Test
    void load_theManualWithARedis_hasTheDefaultsOfRedis() {
        Config config = Config.load(Optional.of(MANUAL), Map.of("FRESHET_REDIS_URL", "redis://redis"))
                .config();

        assertThat(config.redis()).contains(new RedisConfig("redis://redis", Duration.ofMillis(500), 4_096));
        assertThat(config.redis()).isEqualTo(load("redis.url: redis://redis").redis());
    }

    @Test
    void manual_listsEveryKeyOnce_withItsRange() throws IOException {
        List<String> keys = new ArrayList<>();
        StringBuilder comment = new StringBuilder();
        for (String line : Files.readAllLines(MANUAL)) {
            Matcher matcher = KEY_LINE.matcher(line);
            if (matcher.matches()) {
                keys.add(matcher.group(1));
                String range = setting(matcher.group(1)).form().range();
                assertThat(comment.toString()).contains(isInterval(range) ? range : "");
                comment.setLength(0);
            } else {
                comment.append(line.replaceFirst("^#", ""));
            }
        }

        assertThat(keys)
                .containsExactlyElementsOf(
                        Setting.ALL.stream().map(Setting::key).toList());
    }

    private static boolean isInterval(String range) {
        return range.matches("\\S+ to \\S+.*");
    }

    private static Setting<?> setting(String key) {
        return Setting.ALL.stream()
                .filter(setting -> setting.key().equals(key))
                .findFirst()
                .orElseThrow(() -> new AssertionError("the manual has an unknown key " + key));
    }

    @Test
    void load_fileAndEnvironment_environmentWins() {
        Config config = load("near.bytes: 1MiB\nnear:\n  max-age: 2s\n", Map.of("FRESHET_NEAR_BYTES", " 2MiB "));

        assertThat(config.near()).isEqualTo(new NearConfig(2 << 20, Duration.ofSeconds(2)));
    }

    @Test
    void load_emptyVariable_isAsIfNotSet() {
        assertThat(load("near.bytes: 1MiB", Map.of("FRESHET_NEAR_BYTES", ""))
                        .near()
                        .bytes())
                .isEqualTo(1 << 20);
    }

    @Test
    void load_emptyFile_isTheDefaults() {
        assertThat(load("")).isEqualTo(Config.DEFAULT);
        assertThat(load("# nothing\nredis.url:\n")).isEqualTo(Config.DEFAULT);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1, 1",
        "12B, 12",
        "64KiB, 65536",
        "256MiB, 268435456",
        "2GiB, 2147483648",
        "1TiB, 1099511627776",
    })
    void size_text_isBytes(String text, long bytes) {
        assertThat(Setting.NEAR_BYTES.form().parse(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-1",
                "1.5MiB",
                "64 KiB",
                "64kb",
                "64K",
                "1e3",
                "2TiB",
                "99999999999999999999",
                "999999999TiB"
            })
    void size_otherText_isRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Setting.NEAR_BYTES.form().parse(text));
    }

    @ParameterizedTest
    @CsvSource({"250ms, 250", "10s, 10000", "1m, 60000", "10m, 600000", "100ms, 100"})
    void duration_text_isTime(String text, long ms) {
        assertThat(Setting.LEASE_TTL.form().parse(text)).isEqualTo(Duration.ofMillis(ms));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10", "-1s", "1.5s", "10 s", "10S", "1d", "99ms", "601s", "1h", "999999999999h"})
    void duration_otherText_isRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Setting.LEASE_TTL.form().parse(text));
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:8484, 127.0.0.1, 8484",
        "localhost:0, localhost, 0",
        "0.0.0.0:65535, 0.0.0.0, 65535",
        "[::]:8484, ::, 8484",
        "[fe80::1%eth0]:1, fe80::1%eth0, 1",
        "my_host.internal:80, my_host.internal, 80",
    })
    void address_text_isHostAndPort(String text, String host, int port) {
        assertThat(Setting.LISTEN.form().parse(text)).isEqualTo(new Address(host, port));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "8484",
                ":8484",
                "host",
                "host:",
                "host:65536",
                "host:-1",
                "::1:8484",
                "http://host:80",
                "a b:1"
            })
    void address_otherText_isRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Setting.LISTEN.form().parse(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis://127.0.0.1:6379",
                "redis://redis",
                "redis://:secret@redis/1",
                "rediss://user:secret@redis.internal:6380/0",
                "redis://[::1]:6379",
                "unix:///run/redis.sock",
            })
    void redisUrl_text_isKept(String text) {
        assertThat(Setting.REDIS_URL.form().parse(text)).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis",
                "redis:6379",
                "http://redis",
                "redis://",
                "redis://a b",
                "redis://redis:65536",
                "unix://host/x",
                "unix:///"
            })
    void redisUrl_otherText_isRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Setting.REDIS_URL.form().parse(text));
    }

    @Test
    void load_severalWrongValues_namesEachWithValueRangeAndOrigin() {
        assertThat(problems(
                        "near.byte: 1MiB\nlease.ttl: soon\nlimits.apps: [1]\n",
                        Map.of("FRESHET_NEAR_MAX_AGE", "2h", "FRESHET_LISTEN", "8484")))
                .containsExactly(
                        "file.yaml: there is no key near.byte: did you mean near.bytes?",
                        "file.yaml: limits.apps has a list; it has one value",
                        "listen is host:port with a port from 0 (any) to 65535, such as 127.0.0.1:8484 or [::]:8484,"
                                + " was \"8484\" (FRESHET_LISTEN)",
                        "near.max-age is 1s to 1h, was \"2h\" (FRESHET_NEAR_MAX_AGE)",
                        "lease.ttl is 100ms to 10m, was \"soon\" (file.yaml)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0:8484", "[::]:8484", "192.0.2.1:8484", "gateway.internal:8484"})
    void load_listenBeyondLoopback_wantsTokensOrToBeTold(String address) {
        for (String variable : List.of("FRESHET_LISTEN", "FRESHET_ADMIN_LISTEN")) {
            String key = variable.equals("FRESHET_LISTEN") ? "listen" : "admin.listen";

            assertThat(problems("", Map.of(variable, address)))
                    .singleElement()
                    .asString()
                    .startsWith(key + " is beyond the loopback interface")
                    .endsWith("or say access.open: true (" + key + " is " + address + " by " + variable + ")");
            load("access.open: true", Map.of(variable, address));
            load("access.tokens: " + TOKEN, Map.of(variable, address));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "localhost:1"})
    void load_listenOnLoopback_wantsNothing(String address) {
        load("", Map.of("FRESHET_LISTEN", address, "FRESHET_ADMIN_LISTEN", address));
    }

    @Test
    void load_tokensOfAFile_areRead() throws IOException {
        Path tokens = Files.writeString(folder.resolve("tokens"), "# who\n" + TOKEN + "\n\n");
        List<Token> expected = List.of(Token.parse(TOKEN));

        assertThat(load("access.tokens-file: " + tokens).edge().tokens()).isEqualTo(expected);
        assertThat(load("", Map.of("FRESHET_ACCESS_TOKENS_FILE", tokens.toString()))
                        .edge()
                        .tokens())
                .isEqualTo(expected);
        assertThat(load("", Map.of("FRESHET_ACCESS_TOKENS", TOKEN + ";" + TOKEN.replace("web", "ci")))
                        .edge()
                        .tokens())
                .hasSize(2);
        assertThat(problems("access.tokens: " + TOKEN + "\naccess.tokens-file: " + tokens, Map.of()))
                .containsExactly("file.yaml: access.tokens is given twice");
        assertThat(problems("", Map.of("FRESHET_ACCESS_TOKENS_FILE", folder + "/none")))
                .containsExactly("access.tokens-file: " + folder + "/none cannot be read (NoSuchFileException)"
                        + " (FRESHET_ACCESS_TOKENS_FILE)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"freshet_web_hunter2", "web hunter2 shop entries:read", TOKEN + ";" + TOKEN})
    void load_wrongTokens_areNotShown(String tokens) {
        assertThat(problems("", Map.of("FRESHET_ACCESS_TOKENS", tokens)))
                .singleElement()
                .asString()
                .startsWith("access.tokens is lines of ID sha256:HASH APPS SCOPES")
                .doesNotContain("hunter2", "0123");
        assertThat(problems("", Map.of("FRESHET_LISTEN", "freshet_web_hunter2")))
                .singleElement()
                .asString()
                .contains("was \"***\"");
    }

    @Test
    void load_redisUrlOfAFile_isRead() throws IOException {
        Path url = Files.writeString(folder.resolve("url"), "redis://:hunter2@redis\n");

        assertThat(load("", Map.of("FRESHET_REDIS_URL_FILE", url.toString()))
                        .redis()
                        .orElseThrow()
                        .url())
                .isEqualTo("redis://:hunter2@redis");
    }

    @Test
    void load_tlsThatDoesNotFit_isRefused() throws IOException {
        Certificate one = Certificate.make(folder, "one", "EC", 10);
        Certificate other = Certificate.make(folder, "other", "EC", 10);
        Certificate rsa = Certificate.make(folder, "rsa", "RSA", 10);
        Path empty = Files.writeString(folder.resolve("empty"), "hunter2");

        assertThat(load(tls(one.cert(), one.key())).edge().tls().orElseThrow().notAfter())
                .isBetween(Instant.now().plus(9, ChronoUnit.DAYS), Instant.now().plus(10, ChronoUnit.DAYS));
        load(tls(rsa.cert(), rsa.key()));
        assertThat(tlsProblem(one.cert(), other.key())).startsWith("tls.key is not the key of tls.cert (");
        assertThat(tlsProblem(one.cert(), rsa.key())).startsWith("tls.key is no key of the certificate's kind, EC (");
        assertThat(tlsProblem(one.cert(), empty)).startsWith("tls.key has no PRIVATE KEY in PEM");
        assertThat(tlsProblem(empty, one.key())).startsWith("tls.cert has no X.509 certificates in PEM");
        assertThat(tlsProblem(folder.resolve("none"), one.key())).startsWith("tls.cert: " + folder + "/none cannot");
        assertThat(problems("tls.cert: " + one.cert(), Map.of()))
                .singleElement()
                .asString()
                .startsWith("tls.cert and tls.key are given both or not at all");
    }

    private static String tls(Path cert, Path key) {
        return "tls.cert: " + cert + "\ntls.key: " + key;
    }

    private String tlsProblem(Path cert, Path key) {
        String problem = problems(tls(cert, key), Map.of()).getFirst();
        assertThat(problem).doesNotContain("hunter2");
        return problem;
    }

    @Test
    void load_beatTooSlowForTheWindow_namesBoth() {
        assertThat(problems("", Map.of("FRESHET_COHERENCE_WINDOW", "300ms")))
                .containsExactly("coherence.beat is 20ms to a third of coherence.window, was 250ms"
                        + " (coherence.window is 300ms by FRESHET_COHERENCE_WINDOW, coherence.beat is the default)");
    }

    @Test
    void load_tooLittleRoomForTwoBodies_namesBoth() {
        assertThat(problems("", Map.of("FRESHET_LIMITS_BODIES_BYTES", "15MiB")))
                .containsExactly(
                        "limits.bodies-bytes is 1MiB to 1TiB, and twice limits.body-bytes at least, was 15728640"
                                + " (limits.body-bytes is the default, limits.bodies-bytes is 15MiB by FRESHET_LIMITS_BODIES_BYTES)");
    }

    @Test
    void load_rangeWithMoreToSay_isRefusedWithAllOfIt() {
        assertThat(problems("log.format: xml\ncoherence.beat: 1ms", Map.of()))
                .containsExactly(
                        "coherence.beat is 20ms to 20s, and at most a third of coherence.window, was \"1ms\" (file.yaml)",
                        "log.format is auto, text, json; auto is text on a terminal, else json, was \"xml\" (file.yaml)");
    }

    @ParameterizedTest
    @CsvSource({
        "colour, there is no key colour",
        "redis.uri, there is no key redis.uri: did you mean redis.url?",
        "redis.max-waiting, there is no key redis.max-waiting",
        "admin.lisen, there is no key admin.lisen: did you mean admin.listen?",
    })
    void load_unknownKey_suggestsTheNearest(String key, String problem) {
        assertThat(problems(key + ": 1", Map.of())).containsExactly("file.yaml: " + problem);
    }

    @ParameterizedTest
    @ValueSource(strings = {"listen: [::]:8484", "listen: a:1\nlisten: b:1", "redis.url: 'hunter2", "\tnear.bytes: 1"})
    void load_notYaml_namesTheLineAndQuotesNothing(String text) {
        assertThat(problems(text, Map.of()))
                .singleElement()
                .asString()
                .matches("file\\.yaml: line \\d+ is not YAML, or repeats a key");
    }

    @Test
    void load_bothSpellingsOfAKey_isRefused() {
        assertThat(problems("near.bytes: 1MiB\nnear:\n  bytes: 2MiB", Map.of()))
                .containsExactly("file.yaml: near.bytes is given twice");
    }

    @ParameterizedTest
    @ValueSource(strings = {"just text", "- listen"})
    void load_noMapping_isRefused(String text) {
        assertThat(problems(text, Map.of())).containsExactly("file.yaml: is not a list of keys with values");
    }

    @Test
    void load_namedFileThatIsNotThere_isRefused() {
        ConfigException refused = catchThrowableOfType(
                ConfigException.class, () -> Config.load(Optional.of(folder.resolve("none.yaml")), Map.of()));

        assertThat(refused.problems())
                .containsExactly(folder.resolve("none.yaml") + ": cannot be read (NoSuchFileException)");
    }

    @ParameterizedTest
    @CsvSource({
        "redis://user:hunter2@redis:99999, redis://***@redis:99999",
        "redis:/hunter2@redis, ***@redis",
        "http://:hunter2@redis/?password=hunter2, http://***@redis/?***",
        "redis://:hunter2@a@redis:6379:1, redis://***@redis:6379:1",
    })
    void load_wrongRedisUrl_masksThePassword(String url, String shown) {
        assertThat(problems("", Map.of("FRESHET_REDIS_URL", url)))
                .singleElement()
                .asString()
                .contains("was \"" + shown + "\"")
                .doesNotContain("hunter2");
        assertThat(problems("", Map.of("FRESHET_LISTEN", url)))
                .singleElement()
                .asString()
                .doesNotContain("hunter2");
    }

    @Test
    void load_cluster_isRead() {
        String url = "rediss+cluster://user:hunter2@n1,n2:7000,[::1]:7001";
        Config config = load("redis.url: " + url);

        assertThat(config.redis().orElseThrow().cluster().orElseThrow().seeds())
                .containsExactly("n1:6379", "n2:7000", "[::1]:7001");
        assertThat(config.toString()).doesNotContain("hunter2");
        assertThat(load("redis.url: redis+cluster://n1/0").redis()).isPresent();
        assertThat(problems("redis.url: redis+cluster://:hunter2@n1/1", Map.of()))
                .singleElement()
                .asString()
                .startsWith("redis.url names database 1, and a Redis Cluster has none but 0")
                .doesNotContain("hunter2");
        assertThat(problems("redis.url: redis+cluster://n1,,n2", Map.of()))
                .singleElement()
                .asString()
                .contains("redis+cluster://host[:port],…");
    }

    @Test
    void load_sentinels_areRead(@TempDir Path secrets) throws IOException {
        Path password = Files.writeString(secrets.resolve("sentinel"), "hunter2");
        String url = "redis+sentinel://user:hunter2@s1,s2:5000/my_master/1";
        Config config = load("redis.url: " + url + "\nredis.sentinel-password-file: " + password);

        assertThat(config.redis().orElseThrow().sentinels().orElseThrow().sentinels())
                .containsExactly("s1:26379", "s2:5000");
        assertThat(config.toString()).doesNotContain("hunter2");
        assertThat(problems("redis.url: redis://a\nredis.sentinel-password-file: " + password, Map.of()))
                .singleElement()
                .asString()
                .startsWith("redis.sentinel-password-file is for redis+sentinel://");
        assertThat(problems("redis.url: redis+sentinel://:hunter2@s1", Map.of()))
                .singleElement()
                .asString()
                .contains("was \"redis+sentinel://***@s1\"")
                .contains("redis+sentinel://host[:port],…/master");
    }

    @Test
    void load_ioUring_hasNoUnixSockets() {
        assertThat(load("transport: io_uring").transport()).isEqualTo("io_uring");
        assertThat(problems("transport: io_uring\nhttp.socket: /run/h.sock\nredis.url: unix:///run/r.sock", Map.of()))
                .satisfiesExactly(
                        http -> assertThat(http).contains("no Unix sockets").contains("http.socket is /run/h.sock"),
                        redis -> assertThat(redis).contains("no Unix sockets").contains("redis.url is unix://"));
        assertThat(problems("transport: uring", Map.of()))
                .singleElement()
                .asString()
                .contains("auto, epoll, io_uring, nio");
    }

    @Test
    void config_shown_hasNoPassword() {
        assertThat(load("redis.url: redis://user:hunter2@redis").toString()).doesNotContain("hunter2");
    }

    @Test
    void load_unknownVariable_isWarnedOf() {
        Map<String, String> environment = Map.of(
                "FRESHET_LISTN", "hunter2",
                "FRESHET_TEST_REDIS", "redis://redis",
                "FRESHET_URL", "http://gateway:8484",
                "FRESHET_PORT_8484_TCP", "tcp://10.0.0.1:8484",
                "PATH", "/bin");

        assertThat(Config.load(Optional.of(MANUAL), environment).warnings())
                .containsExactly(
                        "The environment variable FRESHET_LISTN means nothing to Freshet: did you mean FRESHET_LISTEN?",
                        "The environment variable FRESHET_PORT_8484_TCP means nothing to Freshet");
    }

    /* The ranges are written in the settings, which know the origin of a value, and in the records, which trust nobody. */
    @Test
    void records_outOfRange_refuseWhatTheSettingsRefuse() {
        assertRange(Setting.REDIS_TIMEOUT, () -> new RedisConfig("redis://a", Duration.ofMillis(9), 16));
        assertRange(Setting.REDIS_TIMEOUT, () -> new RedisConfig("redis://a", Duration.ofMillis(30_001), 16));
        assertRange(Setting.RETIRE_AFTER, () -> retiring(Duration.ofMillis(-1)));
        assertRange(Setting.RETIRE_AFTER, () -> retiring(Duration.ofHours(8_761)));
        assertRange(Setting.RETIRE_AFTER, () -> retiring(Duration.ofSeconds(59)));
        assertRange(Setting.REDIS_WAITING_MAX, () -> new RedisConfig("redis://a", Duration.ofSeconds(1), 15));
        assertRange(Setting.REDIS_WAITING_MAX, () -> new RedisConfig("redis://a", Duration.ofSeconds(1), 1_000_001));
        assertRange(Setting.NEAR_BYTES, () -> new NearConfig((1L << 40) + 1, Duration.ofSeconds(1)));
        assertRange(Setting.NEAR_MAX_AGE, () -> new NearConfig(0, Duration.ofMillis(999)));
        assertRange(Setting.NEAR_MAX_AGE, () -> new NearConfig(0, Duration.ofMillis(3_600_001)));
        assertRange(Setting.LEASE_TTL, () -> new LeaseConfig(99, 0, 0, 1));
        assertRange(Setting.LEASE_TTL, () -> new LeaseConfig(600_001, 0, 0, 1));
        assertRange(Setting.LEASE_WAITERS_MAX, () -> new LeaseConfig(100, 1_000_001, 0, 1));
        assertRange(Setting.LEASE_WAITERS_PER_KEY_MAX, () -> new LeaseConfig(100, 0, 1_000_001, 1));
        assertRange(Setting.LEASE_KEYS_MAX, () -> new LeaseConfig(100, 0, 0, 0));
        assertRange(Setting.COHERENCE_WINDOW, () -> coherence(199, 1_000, 1));
        assertRange(Setting.COHERENCE_WINDOW, () -> coherence(60_001, 1_000, 1));
        assertRange(Setting.LIMITS_MARKS, () -> coherence(1_000, 999, 1));
        assertRange(Setting.LIMITS_MARKS, () -> coherence(1_000, 10_000_001, 1));
        assertRange(Setting.LIMITS_APPS, () -> coherence(1_000, 1_000, 0));
        assertRange(Setting.LIMITS_APPS, () -> coherence(1_000, 1_000, 10_001));
        assertRange(Setting.LIMITS_QUEUED_TAGS, () -> queueing(-1));
        assertRange(Setting.LIMITS_QUEUED_TAGS, () -> queueing(1_000_001));
        assertRange(Setting.HTTP_CONNECTIONS_MAX, () -> edge(15, 16, 1, 1, 1, 1));
        assertRange(Setting.HTTP_CONNECTIONS_MAX, () -> edge(1_000_001, 16, 1, 1, 1, 1));
        assertRange(Setting.HTTP_REQUESTS_MAX, () -> edge(16, 15, 1, 1, 1, 1));
        assertRange(Setting.HTTP_REQUESTS_MAX, () -> edge(16, 1_000_001, 1, 1, 1, 1));
        assertRange(Setting.HTTP_STREAMS_MAX, () -> edge(16, 16, 0, 1, 1, 1));
        assertRange(Setting.HTTP_STREAMS_MAX, () -> edge(16, 16, 1_001, 1, 1, 1));
        assertRange(Setting.HTTP_HEAD_TIMEOUT, () -> edge(16, 16, 1, 0, 1, 1));
        assertRange(Setting.HTTP_HEAD_TIMEOUT, () -> edge(16, 16, 1, 601, 1, 1));
        assertRange(Setting.HTTP_BODY_TIMEOUT, () -> edge(16, 16, 1, 1, 0, 1));
        assertRange(Setting.HTTP_BODY_TIMEOUT, () -> edge(16, 16, 1, 1, 3_601, 1));
        assertRange(Setting.HTTP_IDLE_TIMEOUT, () -> edge(16, 16, 1, 1, 1, 0));
        assertRange(Setting.HTTP_IDLE_TIMEOUT, () -> edge(16, 16, 1, 1, 1, 3_601));
        assertRange(Setting.LIMITS_BODY_BYTES, () -> new HttpConfig("a", 0, 1_023));
        assertRange(Setting.LIMITS_BODY_BYTES, () -> new HttpConfig("a", 0, (64 << 20) + 1));
        assertRange(Setting.LIMITS_BODIES_BYTES, () -> bodies(1 << 10, (1 << 20) - 1));
        assertRange(Setting.LIMITS_BODIES_BYTES, () -> bodies(1 << 20, (2 << 20) - 1));
        assertRange(Setting.LIMITS_BODIES_BYTES, () -> bodies(1 << 10, (1L << 40) + 1));
        assertRange(Setting.LIMITS_EVENT_STREAMS, () -> streams(0));
        assertRange(Setting.LIMITS_EVENT_STREAMS, () -> streams(100_001));
    }

    private static HttpConfig streams(int most) {
        return new HttpConfig("a", 0, 1 << 10, 1 << 20, Coding.NONE, most, Optional.empty(), "660");
    }

    private static HttpConfig bodies(int bytesMax, long togetherMax) {
        return new HttpConfig("a", 0, bytesMax, togetherMax, Coding.NONE, 1, Optional.empty(), "660");
    }

    private static EdgeConfig edge(int connections, int requests, int streams, int headS, int bodyS, int idleS) {
        return new EdgeConfig(
                List.of(),
                Optional.empty(),
                connections,
                requests,
                streams,
                Duration.ofSeconds(headS),
                Duration.ofSeconds(bodyS),
                Duration.ofSeconds(idleS));
    }

    private static CoherenceConfig coherence(long windowMs, int marksMax, int appsMax) {
        return new CoherenceConfig(
                Duration.ofMillis(windowMs),
                Duration.ofMillis(20),
                Duration.ofMillis(50),
                Rules.Acks.EAGER,
                Duration.ofSeconds(30),
                1_000,
                marksMax,
                appsMax);
    }

    private static CoherenceConfig queueing(int tags) {
        CoherenceConfig usual = CoherenceConfig.DEFAULT;
        return new CoherenceConfig(
                usual.window(),
                usual.beat(),
                usual.margin(),
                usual.acks(),
                usual.outageMax(),
                usual.verify(),
                usual.marksMax(),
                usual.appsMax(),
                tags);
    }

    private static RedisConfig retiring(Duration after) {
        return new RedisConfig(
                "redis://a", Optional.empty(), Optional.empty(), RedisTls.DEFAULT, Duration.ofSeconds(1), 16, after);
    }

    private static void assertRange(Setting<?> setting, Runnable build) {
        assertThatIllegalArgumentException()
                .isThrownBy(build::run)
                .withMessageStartingWith(setting.key() + " is " + setting.form().range() + ", was ");
    }

    private Config load(String text) {
        return load(text, Map.of());
    }

    private Config load(String text, Map<String, String> environment) {
        return Config.load(Optional.of(file(text)), environment).config();
    }

    /** What is wrong, with the file's name instead of its path. */
    private List<String> problems(String text, Map<String, String> environment) {
        Path file = file(text);
        return catchThrowableOfType(ConfigException.class, () -> Config.load(Optional.of(file), environment))
                .problems()
                .stream()
                .map(problem -> problem.replace(file.toString(), "file.yaml"))
                .toList();
    }

    private Path file(String text) {
        try {
            return Files.writeString(folder.resolve("file.yaml"), text);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
