package dev.freshet;

import static dev.freshet.testing.Texts.found;
import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;

/** What conf and operating.md have platforms run is what there is: variables, ports, probes, commands, graces, memory. */
class ManifestsTest {
    private static final Path KUBERNETES = Path.of("conf/kubernetes");
    private static final Path OPERATING = Path.of("src/site/markdown/operating.md");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TOKENS = "web sha256:" + "0".repeat(64) + " shop entries:read";

    /** How long the parts may take to stop beside drain.timeout, as Main has it. */
    private static final Duration STOP_MAX = Duration.ofSeconds(3);

    @TempDir
    Path folder;

    /** A container that some platform is to run. */
    private record Container(String where, JsonNode spec, Map<String, String> environment, Duration grace, long bytes) {
        boolean isReplica() {
            return spec.path("image").asText().equals("freshet");
        }
    }

    @Test
    void replicas_areConfiguredRightly() throws IOException {
        List<Container> replicas = all().stream().filter(Container::isReplica).toList();

        assertThat(replicas).hasSize(3 + 3 + 1 + 1);
        for (Container replica : replicas) {
            Config.Loaded loaded = Config.load(Optional.empty(), withFiles(replica));
            Config config = loaded.config();

            assertThat(loaded.warnings()).as(replica.where).isEmpty();
            assertThat(config.redis()).as(replica.where).isPresent();
            assertThat(config.http().port()).as(replica.where).isEqualTo(8484);
            assertThat(config.ops().port()).as(replica.where).isEqualTo(8485);
            assertThat(replica.grace)
                    .as(replica.where)
                    .isGreaterThanOrEqualTo(config.drain()
                            .delay()
                            .plus(config.drain().timeout())
                            .plus(STOP_MAX));
            assertThat(config.near().bytes())
                    .as(replica.where + ": near copies are three quarters of the heap at most")
                    .isLessThan((long) (0.75 * share() * replica.bytes));
        }
    }

    @Test
    void servers_areConfiguredByWhatTheAdapterReads() throws IOException {
        String adapter = Files.readString(Path.of("src/main/js/README.md"));
        List<Container> servers = all().stream()
                .filter(container -> container.environment.containsKey("FRESHET_URL"))
                .toList();

        assertThat(servers).hasSize(4);
        for (Container server : servers) {
            assertThat(server.environment.get("FRESHET_URL")).matches("(https?://[a-z0-9.-]+:8484,?)+|unix:/.*");
            server.environment.keySet().stream()
                    .filter(name -> name.startsWith("FRESHET_"))
                    .forEach(name -> assertThat(adapter).as(server.where).contains("`" + name + "`"));
        }
    }

    @Test
    void probes_askForPathsOfTheOperationsPort() throws IOException {
        int probes = 0;
        for (JsonNode document : documents()) {
            for (JsonNode probe : document.findValues("httpGet")) {
                assertThat(paths()).contains(probe.path("path").asText());
                assertThat(probe.path("port").asText()).isEqualTo("operations");
                probes++;
            }
            for (JsonNode ports : document.findValues("ports")) {
                ports.forEach(ManifestsTest::assertPort);
            }
            document.findValues("path").forEach(path -> assertThat(paths()).contains(path.asText()));
        }
        assertThat(probes).isEqualTo(3 + 3 + 2);
        List<String> fly = found("(?m)^path = \"(.*)\"$", Files.readString(OPERATING));
        assertThat(fly).hasSize(2);
        assertThat(paths()).containsAll(fly);
    }

    private static void assertPort(JsonNode port) {
        switch (port.path("name").asText()) {
            case "http" ->
                assertThat(port.path("containerPort").asInt(port.path("port").asInt()))
                        .isEqualTo(8484);
            case "operations" ->
                assertThat(port.path("containerPort").asInt(port.path("port").asInt()))
                        .isEqualTo(8485);
            default -> assertThat(port.has("containerPort")).isFalse();
        }
    }

    @Test
    void commands_areThoseOfTheImageAndOfFreshet() throws IOException {
        String dockerfile = Files.readString(Path.of("Dockerfile"));
        String operating = Files.readString(OPERATING);
        List<String> commands = new ArrayList<>(found("(\"java\",[^\\]]*)]", dockerfile));
        commands.addAll(found("(\"java\",[^\\]]*)]", operating));

        assertThat(commands).hasSize(3).allSatisfy(command -> {
            assertThat(command).contains("\"-jar\", \"/opt/freshet/freshet.jar\"");
            String last = command.substring(command.lastIndexOf(' ') + 1).replace("\"", "");
            assertThat(last).isIn("/opt/freshet/freshet.jar", "healthcheck");
        });
        assertThat(Cli.of(Map.of(), Map.of()).getSubcommands()).containsKey("healthcheck");
        assertThat(dockerfile).contains("COPY --from=opt /opt/freshet /opt/freshet");
        assertThat(Files.readString(Path.of("conf/image/assemble"))).contains("\nhome=/opt/freshet\n");
    }

    @Test
    void image_itsBases_areNamedByDigest() throws IOException {
        String dockerfile = Files.readString(Path.of("Dockerfile"));
        Set<String> bases = new TreeSet<>(found("(?m)^FROM \\$\\{(\\w+)}", dockerfile));

        assertThat(found("(?m)^FROM (\\S+)", dockerfile)).allMatch(base -> base.matches("\\$\\{\\w+}"));
        assertThat(bases)
                .hasSize(2)
                .allSatisfy(base -> assertThat(found("(?m)^ARG " + base + "=(\\S+)$", dockerfile))
                        .singleElement(as(STRING))
                        .matches("[a-z0-9./-]+:[\\w.-]+@sha256:[0-9a-f]{64}"));
    }

    @Test
    void replicas_mayDoNothingButServe() throws IOException {
        for (Container replica : all()) {
            if (replica.isReplica() && replica.where.startsWith("conf/kubernetes")) {
                JsonNode context = replica.spec.path("securityContext");
                assertThat(context.path("readOnlyRootFilesystem").asBoolean()).isTrue();
                assertThat(context.path("allowPrivilegeEscalation").asBoolean(true))
                        .isFalse();
                assertThat(context.at("/capabilities/drop/0").asText()).isEqualTo("ALL");
            }
        }
    }

    @Test
    void daemonSet_runsWhatTheDeploymentRuns() throws IOException {
        List<JsonNode> specs = new ArrayList<>();
        for (String kind : List.of("deployment", "daemonset")) {
            JsonNode container = yaml(KUBERNETES.resolve(kind + ".yaml"))
                    .getFirst()
                    .at("/spec/template/spec/containers/0")
                    .deepCopy();
            ((ObjectNode) container).remove("resources");
            specs.add(container);
        }

        assertThat(specs.getFirst()).isEqualTo(specs.getLast());
    }

    private List<Container> all() throws IOException {
        List<Container> all = new ArrayList<>();
        JsonNode compose = yaml(Path.of("conf/compose.yaml")).getFirst();
        compose.path("services")
                .properties()
                .forEach(service -> all.add(ofCompose(service.getKey(), service.getValue())));
        for (JsonNode document : documents()) {
            JsonNode pod = document.at("/spec/template/spec");
            Duration grace =
                    Duration.ofSeconds(pod.path("terminationGracePeriodSeconds").asLong());
            for (String list : List.of("containers", "initContainers")) {
                pod.path(list).forEach(spec -> all.add(ofKubernetes(document, spec, grace)));
            }
        }
        String operating = Files.readString(OPERATING);
        JSON.readTree(found("(?s)```json\n(\\{\n  \"networkMode.*?)```", operating)
                        .getFirst())
                .path("containerDefinitions")
                .forEach(spec -> all.add(ofEcs(spec)));
        all.add(ofFly(found("(?s)```toml\n(.*?)```", operating).getFirst()));
        return all;
    }

    private static Container ofCompose(String name, JsonNode spec) {
        Map<String, String> environment = new HashMap<>();
        spec.path("environment")
                .properties()
                .forEach(variable ->
                        environment.put(variable.getKey(), variable.getValue().asText()));
        return new Container(
                "conf/compose.yaml " + name,
                spec,
                environment,
                Duration.ofSeconds(Long.parseLong(
                        spec.path("stop_grace_period").asText("0s").replace("s", ""))),
                Long.parseLong(spec.path("mem_limit").asText("0m").replace("m", "")) << 20);
    }

    private static Container ofKubernetes(JsonNode document, JsonNode spec, Duration grace) {
        return new Container(
                "conf/kubernetes " + document.path("kind").asText() + " "
                        + spec.path("name").asText(),
                spec,
                named(spec.path("env")),
                grace,
                Long.parseLong(spec.at("/resources/limits/memory").asText("0Mi").replace("Mi", "")) << 20);
    }

    private static Container ofEcs(JsonNode spec) {
        Map<String, String> environment = named(spec.path("environment"));
        spec.path("secrets")
                .forEach(secret -> environment.put(secret.path("name").asText(), "redis://redis:6379"));
        return new Container(
                "ECS",
                spec,
                environment,
                Duration.ofSeconds(spec.path("stopTimeout").asLong()),
                spec.path("memory").asLong() << 20);
    }

    private static Container ofFly(String toml) {
        Map<String, String> environment = new HashMap<>(Map.of("FRESHET_REDIS_URL", "redis://redis:6379"));
        Pattern.compile("(?m)^(FRESHET_\\w+) = \"(.*)\"$")
                .matcher(toml)
                .results()
                .forEach(variable -> environment.put(variable.group(1), variable.group(2)));
        return new Container(
                "Fly",
                JSON.createObjectNode().put("image", "freshet"),
                environment,
                Duration.ofSeconds(
                        Long.parseLong(found("kill_timeout = \"(\\d+)s\"", toml).getFirst())),
                Long.parseLong(found("memory = \"(\\d+)mb\"", toml).getFirst()) << 20);
    }

    private static Map<String, String> named(JsonNode list) {
        Map<String, String> environment = new HashMap<>();
        list.forEach(variable -> environment.put(
                variable.path("name").asText(), variable.path("value").asText()));
        return environment;
    }

    /* The environment of the image and of the container, with a file for each that it names. */
    private Map<String, String> withFiles(Container container) throws IOException {
        Map<String, String> environment = new HashMap<>();
        Pattern.compile("(FRESHET_\\w+)=(\\S+)")
                .matcher(found("(?m)^ENV (.*)$", Files.readString(Path.of("Dockerfile")))
                        .getFirst())
                .results()
                .forEach((MatchResult variable) -> environment.put(variable.group(1), variable.group(2)));
        environment.putAll(container.environment);
        for (Map.Entry<String, String> variable : environment.entrySet()) {
            if (variable.getKey().endsWith("_FILE")) {
                String held = variable.getKey().contains("TOKENS") ? TOKENS : "redis://:secret@redis:6379";
                variable.setValue(Files.writeString(folder.resolve(variable.getKey()), held)
                        .toString());
            }
        }
        environment.computeIfPresent(
                "FRESHET_HTTP_SOCKET",
                (name, path) -> folder.resolve("http.sock").toString());
        return environment;
    }

    /** The part of a container's memory that is heap. */
    private static double share() throws IOException {
        return Double.parseDouble(found("MaxRAMPercentage=(\\d+)", Files.readString(Path.of("conf/image/jvm.options")))
                        .getFirst())
                / 100;
    }

    /** The paths of the operations port, which DocumentsTest holds to the code. */
    private static Set<String> paths() {
        try {
            return new TreeSet<>(found("(?m)^\\| `(/[^` ]*)` \\|", Files.readString(OPERATING)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<JsonNode> documents() throws IOException {
        List<JsonNode> documents = new ArrayList<>();
        try (Stream<Path> files = Files.list(KUBERNETES)) {
            for (Path file : files.sorted().toList()) {
                documents.addAll(yaml(file));
            }
        }
        return documents;
    }

    private static List<JsonNode> yaml(Path file) throws IOException {
        List<JsonNode> documents = new ArrayList<>();
        new Yaml().loadAll(Files.readString(file)).forEach(document -> documents.add(JSON.valueToTree(document)));
        return documents;
    }
}
