package dev.freshet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.edge.Access;
import dev.freshet.edge.Scope;
import dev.freshet.edge.Token;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class CliTest {
    private final List<Config> served = new ArrayList<>();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path folder;

    private int run(Map<String, String> environment, String... arguments) {
        Function<Config.Source, Integer> serve = source -> {
            served.add(source.load().config());
            return 7;
        };
        CommandLine line = Cli.of(
                        environment, Map.of("serve", serve, "doctor", source -> 8, "healthcheck", source -> 9))
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }

    @Test
    void layers_laterOnesWin() throws IOException {
        Path file = Files.writeString(folder.resolve("f.yaml"), "near.bytes: 1MiB\nlease.ttl: 1s\nlog.level: warn\n");
        Map<String, String> environment = Map.of("FRESHET_NEAR_BYTES", "2MiB", "FRESHET_LEASE_TTL", "2s");

        assertThat(run(environment, "--config", file.toString(), "serve", "--near.bytes", "3MiB"))
                .isEqualTo(7);
        assertThat(run(environment, "--config=" + file, "--near.bytes=3MiB")).isEqualTo(7);
        assertThat(run(environment, "serve", "--near.bytes=3MiB", "--config=" + file))
                .isEqualTo(7);

        assertThat(served).hasSize(3).allSatisfy(config -> {
            assertThat(config.near().bytes()).isEqualTo(3 << 20);
            assertThat(config.lease().ttlMs()).isEqualTo(2_000);
            assertThat(config.logLevel()).isEqualTo("warn");
        });
    }

    @Test
    void everyKey_inEverySpelling_isTheSame() throws IOException {
        Map<String, String> values = new HashMap<>();
        Pattern.compile("(?m)^([a-z][a-z.-]*): (\\S+)$")
                .matcher(Files.readString(Path.of("conf/freshet.yaml")))
                .results()
                .forEach(line -> values.put(line.group(1), line.group(2)));
        assertThat(values).hasSizeGreaterThan(25);

        values.forEach((key, value) -> {
            served.clear();
            assertThat(run(Map.of(), "--" + key, value)).as(key + err).isEqualTo(7);
            assertThat(run(Map.of(Setting.variable(key), value))).isEqualTo(7);
            assertThat(served).as(key).containsOnly(Config.DEFAULT);
        });
    }

    @Test
    void config_printsWhatHoldsAndItsOrigin_withoutSecrets() throws IOException {
        Path url = Files.writeString(folder.resolve("url"), "redis://:hunter2@redis");
        String token = Token.mint("web", Set.of("*"), Scope.parse("entries:read"))
                .token()
                .line();

        assertThat(run(
                        Map.of("FRESHET_LEASE_TTL", "2s", "FRESHET_ACCESS_TOKENS", token),
                        "config",
                        "--config",
                        Files.writeString(folder.resolve("empty.yaml"), "").toString(),
                        "--near.bytes=3MiB",
                        "--redis.url-file",
                        url.toString()))
                .isZero();

        assertThat(out.toString().lines().toList())
                .contains("near.bytes: 3MiB # --near.bytes")
                .contains("lease.ttl: 2s # FRESHET_LEASE_TTL")
                .contains("near.max-age: 60s # default")
                .contains("limits.body-bytes: 8MiB # default")
                .contains("tls.cert: # default")
                .contains("access.tokens: *** # FRESHET_ACCESS_TOKENS")
                .contains("redis.url: redis://***@redis # " + url + ", --redis.url-file");
        assertThat(out.toString()).doesNotContain("hunter2").doesNotContain(token.substring(10, 40));
    }

    @Test
    void config_ofNothing_isTheManual() throws IOException {
        assertThat(run(Map.of(), "--config", "conf/freshet.yaml", "config")).isZero();
        String fromManual = out.toString().replace("# conf/freshet.yaml", "# default");
        out.getBuffer().setLength(0);
        Path empty = Files.writeString(folder.resolve("empty.yaml"), "");
        assertThat(run(Map.of(), "--config", empty.toString(), "config")).isZero();

        assertThat(out.toString()).isEqualTo(fromManual);
    }

    @Test
    void checkConfig_ofAWrongOne_namesEveryProblem() {
        assertThat(run(Map.of("FRESHET_LISTEN", "8484"), "check-config", "--lease.ttl", "1d"))
                .isEqualTo(Main.EXIT_CONFIG);
        assertThat(err.toString())
                .contains("(FRESHET_LISTEN)")
                .contains("lease.ttl is 100ms to 10m, was \"1d\" (--lease.ttl)");
        assertThat(run(Map.of("FRESHET_LISTN", "x"), "check-config")).isZero();
        assertThat(out.toString()).contains("did you mean FRESHET_LISTEN?").contains("The configuration can be used");
    }

    @Test
    void tokenNew_printsASecret_andALineThatLetsItIn() {
        assertThat(run(Map.of(), "token", "new", "--id", "cms", "--apps", "shop", "--scopes", "tags:invalidate"))
                .isZero();
        String secret = out.toString().lines().findFirst().orElseThrow().replace("secret: ", "");
        String line = out.toString().lines().skip(1).findFirst().orElseThrow().replace("access.tokens: ", "");

        Token token = new Access(List.of(Token.parse(line))).admit("Bearer " + secret);
        token.check(Scope.TAGS_INVALIDATE, "shop");
        assertThat(token.id()).isEqualTo("cms");
        assertThat(line).doesNotContain(secret.substring(12));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--port 80",
                "serv",
                "serve now",
                "--near.byte 1",
                "token",
                "token new",
                "token new --id A",
                "token new --id a --scopes admin",
                "--config",
            })
    void arguments_wrong_areUsage(String arguments) {
        assertThat(run(Map.of(), arguments.split(" "))).isEqualTo(Main.EXIT_USAGE);
        assertThat(err.toString()).contains("Usage: ");
        assertThat(served).isEmpty();
    }

    @Test
    void flag_thatIsNearlyAKey_isSuggested() {
        run(Map.of(), "--near.byte", "1");

        assertThat(err.toString()).contains("There is no --near.byte: did you mean --near.bytes?");
    }

    @Test
    void commands_thatWait_areRunByMain() {
        assertThat(run(Map.of(), "doctor")).isEqualTo(8);
        assertThat(run(Map.of(), "healthcheck")).isEqualTo(9);
        assertThat(run(Map.of(), "version")).isZero();
        assertThat(out.toString()).contains("freshet " + Version.TEXT);
    }
}
