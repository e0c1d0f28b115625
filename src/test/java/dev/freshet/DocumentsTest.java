package dev.freshet;

import static dev.freshet.testing.Texts.found;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.http.HttpConfig;
import dev.freshet.http.Problems;
import dev.freshet.testing.ChildProcess;
import dev.freshet.testing.Futures;
import dev.freshet.testing.Tools;
import dev.freshet.trace.Attribute;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The documents say what the code does. */
class DocumentsTest {
    private static final Path OPERATING = Path.of("src/site/markdown/operating.md");
    private static final Path PROTOCOL = Path.of("src/site/markdown/protocol.md");
    private static final Path HTTP_SOURCES = Path.of("src/main/java/dev/freshet/http");
    private static final String WRITE = "./mvnw -q test -Dtest=DocumentsTest -Dfreshet.documents=write";
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private static Vertx vertx;
    private static Freshet freshet;

    @BeforeAll
    static void start() {
        vertx = Vertx.vertx();
        freshet = Futures.await(Freshet.start(
                vertx,
                Configs.of(
                        new HttpConfig("127.0.0.1", 0, Config.DEFAULT.http().bodyBytesMax()),
                        Config.DEFAULT.edge(),
                        Optional.empty())));
    }

    @AfterAll
    static void stop() {
        Futures.await(freshet.stop());
        Futures.await(vertx.close());
        HTTP.close();
    }

    @Test
    void operating_keys_areThoseOfTheSettings(@TempDir Path folder) throws IOException {
        Path empty = Files.createFile(folder.resolve("empty.yaml"));
        List<String> printed = new Config.Source(Optional.of(empty), Map.of(), Map.of()).explain();
        Iterator<String> defaults =
                found(": ?(.*?) ?# default", String.join("\n", printed)).iterator();

        assertTable(
                OPERATING,
                "keys",
                List.of("key", "variable", "default", "allowed"),
                Setting.ALL.stream()
                        .map(setting -> List.of(
                                code(setting.key()),
                                code(setting.variable()),
                                code(defaults.next()),
                                text(setting.form().range()))));
    }

    @Test
    void operating_metrics_areThoseOfTheRegistry() throws Exception {
        assertTable(
                OPERATING,
                "metrics",
                List.of("name", "type", "meaning", "remedy"),
                metrics().sorted().map(DocumentsTest::metric));
    }

    /* Each as Prometheus is shown it, from the name and the help on. */
    private static Stream<String> metrics() throws Exception {
        return Stream.of(get("/metrics").split("# HELP ", -1)).skip(1);
    }

    /* The first sentence of a help is what the metric means, the rest is what to do. */
    private static List<String> metric(String shown) {
        String[] lines = shown.split("\n", -1);
        String name = lines[0].split(" ", 2)[0];
        String[] help = lines[0].substring(name.length() + 1).split("\\. ", 2);
        Set<String> labels = new TreeSet<>(found("[{,](\\w+)=\"", shown));
        labels.remove("le");
        boolean isMax = name.endsWith("_max");
        return List.of(
                code(name + (labels.isEmpty() ? "" : "{" + String.join(",", labels) + "}")),
                lines[1].split(" ", -1)[3],
                isMax ? "The longest of late" : text(help[0]),
                isMax ? "As above" : text(help.length > 1 ? help[1] : ""));
    }

    @Test
    void metrics_help_namesEveryValueOfItsLabelAndNoOtherKeysThanThereAre() throws Exception {
        Set<String> keys = Setting.ALL.stream().map(Setting::key).collect(Collectors.toSet());
        metrics().forEach(shown -> {
            String help = shown.lines().findFirst().orElseThrow();
            assertThat(found("\n\\w+\\{\\w+=\"(\\w+)\"} ", shown))
                    .allSatisfy(value -> assertThat(help).contains("`" + value + "`"));
            assertThat(keys).as(help).containsAll(found("\\b([a-z]+\\.[a-z-]+)", help));
        });
    }

    @Test
    void protocol_problems_areThoseOfTheCode() throws IOException {
        assertTable(
                PROTOCOL,
                "problems",
                List.of("type", "status", "title"),
                Problems.all().map(problem -> List.of(code(problem.get(0)), problem.get(1), text(problem.get(2)))));
    }

    /* What stands between two marks of a document is what the code says; it is written there if that is asked for. */
    private static void assertTable(Path document, String name, List<String> heading, Stream<List<String>> rows)
            throws IOException {
        List<String> table = new ArrayList<>(List.of(row(heading), "|" + "---|".repeat(heading.size())));
        rows.map(DocumentsTest::row).forEach(table::add);
        String text = Files.readString(document);
        String mark = "<!-- " + name + ", from the code: " + WRITE + " -->\n\n";
        assertThat(text).contains(mark);
        int from = text.indexOf(mark) + mark.length();
        int to = text.indexOf("\n\n<!-- end -->", from);

        if ("write".equals(System.getProperty("freshet.documents"))) {
            Files.writeString(document, text.substring(0, from) + String.join("\n", table) + text.substring(to));
        } else {
            assertThat(text.substring(from, to).lines())
                    .as("%s of %s; %s writes what the code says", name, document, WRITE)
                    .containsExactlyElementsOf(table);
        }
    }

    private static String row(List<String> cells) {
        return ("| " + String.join(" | ", cells) + " |").replace("  ", " ");
    }

    private static String code(String name) {
        return name.isEmpty() ? "" : "`" + name + "`";
    }

    /* Names, which have a dot, a colon or an underscore within, as code, and runbooks as links. */
    private static String text(String plain) {
        String named = plain.replaceAll("(?<![^ (])[^ ,`(]*[.:_][^ `]*[^ ,.;:`)]", "`$0`");
        return Pattern.compile("runbook \"([^\"]+)\"")
                .matcher(named)
                .replaceAll(runbook -> "runbook [" + runbook.group(1) + "](#" + anchor(runbook.group(1)) + ")");
    }

    @Test
    void operating_attributes_areThoseOfSpans() {
        assertThat(rows("attribute"))
                .extracting(row -> row.get(0))
                .containsExactlyElementsOf(
                        Stream.of(Attribute.values()).map(Attribute::text).toList());
    }

    @Test
    void operating_paths_areThoseOfTheOperationsPort() throws Exception {
        String known = get("/").strip().replaceFirst(".*there are ", "");

        assertThat(rows("path")).extracting(row -> row.get(0)).containsExactlyInAnyOrder(known.split(", "));
    }

    @Test
    void operating_commands_areThoseOfTheCommandLine() {
        Set<String> commands = new TreeSet<>();
        Cli.of(Map.of(), Map.of()).getSubcommands().forEach((name, command) -> {
            commands.add(name);
            command.getSubcommands().keySet().forEach(below -> {
                commands.remove(name);
                commands.add(name + " " + below);
            });
        });

        assertThat(rows("command")).extracting(row -> row.get(0)).containsExactlyInAnyOrderElementsOf(commands);
    }

    @Test
    void operating_exitCodes_areThoseOfMain() throws IOException {
        Set<String> codes = new TreeSet<>(Set.of("0"));
        Pattern.compile("int EXIT_\\w+ = (\\d+);")
                .matcher(Files.readString(Path.of("src/main/java/dev/freshet/Main.java")))
                .results()
                .forEach(code -> codes.add(code.group(1)));

        assertThat(rows("exit code")).extracting(row -> row.get(0)).containsExactlyElementsOf(codes);
    }

    @Test
    void protocol_headers_areThoseOfTheCode() throws IOException {
        String protocol = Files.readString(PROTOCOL);
        Set<String> code = new TreeSet<>();
        try (Stream<Path> sources = Files.list(HTTP_SOURCES)) {
            for (Path source : sources.toList()) {
                found("\"(Prefer|[A-Z][a-z]*(?:-[A-Z][A-Za-z]*)+)\"", Files.readString(source))
                        .forEach(code::add);
            }
        }

        assertThat(code)
                .contains("Freshet-As-Of")
                .allSatisfy(header -> assertThat(protocol).contains(header));
        assertThat(code).containsAll(found("(Freshet(?:-[A-Z][a-z]*)+)", protocol));
    }

    @Test
    void readme_api_hasThePathsAndMethodsOfTheRoutes() throws IOException {
        Map<String, Set<String>> routes = routes(Files.readString(HTTP_SOURCES.resolve("HttpVerticle.java")));
        Map<String, Set<String>> documented = new TreeMap<>();
        for (String line : Files.readAllLines(Path.of("README.md"))) {
            for (String path : found("^\\| `.*?(/v1/[^`]*)` \\|", line)) {
                documented
                        .computeIfAbsent(path, same -> new TreeSet<>())
                        .addAll(found("\\b(GET|HEAD|PUT|POST|DELETE)\\b", line));
            }
        }
        assertThat(routes).hasSizeGreaterThan(5);
        assertThat(documented).isEqualTo(routes);
    }

    /* The paths that a class adds to its routes, with their methods. */
    private static Map<String, Set<String>> routes(String source) {
        Map<String, String> constants = new HashMap<>();
        Pattern.compile("String ([A-Z]+) = (.*);")
                .matcher(source)
                .results()
                .forEach(constant -> constants.put(constant.group(1), path(constant.group(2), constants)));
        Map<String, Set<String>> routes = new TreeMap<>();
        Pattern.compile("on\\(\\s*HttpMethod\\.([A-Z]+),\\s*([^,]+),\\s*Scope")
                .matcher(source)
                .results()
                .forEach(route -> routes.computeIfAbsent(path(route.group(2), constants), path -> new TreeSet<>())
                        .add(route.group(1)));

        return routes;
    }

    @Test
    void operating_consoleApi_hasThePathsAndMethodsOfTheRoutes() throws IOException {
        Map<String, Set<String>> documented = new TreeMap<>();
        rows("console path")
                .forEach(row -> documented.put(row.get(0), Set.of(row.get(1).split(", "))));

        Map<String, Set<String>> routes = routes(Files.readString(HTTP_SOURCES.resolve("ConsoleRoutes.java")));
        found("API \\+ \"(\\w+)\" ->", Files.readString(Path.of("src/main/java/dev/freshet/ops/Console.java")))
                .forEach(name -> routes.put("/console/api/" + name, Set.of("GET")));
        assertThat(documented).isEqualTo(routes).hasSize(7);
    }

    @Test
    void readme_versionsOfNext_areThoseOfTheLastRun() throws IOException {
        List<String> measured = tableOf("Next.js", Files.readAllLines(Path.of("bench/results/next-versions.md")));

        assertThat(measured).hasSizeGreaterThan(2);
        assertThat(tableOf("Next.js", Files.readAllLines(Path.of("README.md")))).isEqualTo(measured);
    }

    /** What {@code node bench/charts/run.mjs} would write. */
    @Test
    void readme_figures_areThoseOfTheResults() {
        List<String> check = List.of(Tools.require("node").toString(), "bench/charts/run.mjs", "--check");
        Path log = Tools.repository().resolve("target/charts.log");

        ChildProcess.start(new ChildProcess.Command("bench/charts", Tools.repository(), Map.of(), log, check))
                .awaitSuccess(Duration.ofSeconds(30));
    }

    /** The lines of the first table whose first column has this heading. */
    private static List<String> tableOf(String heading, List<String> lines) {
        return lines.stream()
                .dropWhile(line -> !line.startsWith("| " + heading + " |"))
                .takeWhile(line -> line.startsWith("|"))
                .toList();
    }

    /* What an expression such as APP + "/clock" comes to. */
    private static String path(String expression, Map<String, String> constants) {
        StringBuilder path = new StringBuilder();
        for (String term : expression.split(" \\+ ", -1)) {
            path.append(term.startsWith("\"") ? term.substring(1, term.length() - 1) : constants.get(term));
        }
        return path.toString();
    }

    @Test
    void adapter_itsVariables_areNotWarnedOf() throws IOException {
        Map<String, String> environment = new HashMap<>();
        try (Stream<Path> files = Files.walk(Path.of("src/main/js"))) {
            for (Path file : files.filter(path -> path.toString().matches("[^_]*\\.[cm]?js"))
                    .toList()) {
                Pattern.compile("\\bFRESHET_[A-Z_]+")
                        .matcher(Files.readString(file))
                        .results()
                        .forEach(variable -> environment.put(variable.group(), "http://gateway:8484"));
            }
        }

        assertThat(environment).containsKey("FRESHET_URL");
        assertThat(Config.load(Optional.empty(), environment).warnings()).isEmpty();
    }

    @Test
    void links_leadToFilesAndHeadingsThatAreThere() throws IOException {
        int links = 0;
        for (Path document : documents()) {
            String text = Files.readString(document).replaceAll("(?s)```.*?```", "");
            for (String link : found("\\]\\((?!https?:)([^)\\s]+)\\)", text)) {
                String[] parts = link.split("#", 2);
                Path target = parts[0].isEmpty()
                        ? document
                        : document.toAbsolutePath().resolveSibling(parts[0]).normalize();
                assertThat(target).as("%s in %s", link, document).exists();
                assertThat(parts.length == 1 || headings(target).contains(parts[1]))
                        .as("%s in %s", link, document)
                        .isTrue();
                links++;
            }
        }
        assertThat(links).isGreaterThan(30);
    }

    @Test
    void variables_areThoseOfTheGatewayAndOfTheAdapter() throws IOException {
        Set<String> known = new TreeSet<>(Set.of("FRESHET_TEST_REDIS"));
        Setting.ALL.forEach(setting -> known.add(setting.variable()));
        known.addAll(List.of("FRESHET_ACCESS_TOKENS_FILE", "FRESHET_REDIS_URL_FILE"));
        known.addAll(found("`(FRESHET_[A-Z_]+)`", Files.readString(Path.of("src/main/js/README.md"))));

        for (Path document : documents()) {
            assertThat(known)
                    .as(document.toString())
                    .containsAll(found("\\b(FRESHET_[A-Z_]*[A-Z])\\b", Files.readString(document)));
        }
    }

    private static List<Path> documents() throws IOException {
        List<Path> documents = new ArrayList<>(
                List.of(Path.of("README.md"), Path.of("bench/README.md"), Path.of("src/main/js/README.md")));
        try (Stream<Path> files = Files.list(OPERATING.getParent())) {
            documents.addAll(files.sorted().toList());
        }
        return documents;
    }

    static Set<String> headings(Path document) throws IOException {
        Set<String> headings = new TreeSet<>();
        found("(?m)^#+ (.*)$", Files.readString(document)).forEach(heading -> headings.add(anchor(heading)));
        return headings;
    }

    private static String anchor(String heading) {
        return heading.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9 _-]", "").replace(' ', '-');
    }

    /** The cells of the table whose first column has this heading, without backquotes. */
    private static List<List<String>> rows(String heading) {
        List<List<String>> rows = new ArrayList<>();
        boolean within = false;
        for (String line : lines()) {
            within = line.startsWith("| " + heading + " |") || within && line.startsWith("|");
            if (within && !line.startsWith("|---") && !line.startsWith("| " + heading + " |")) {
                String cells =
                        line.replace("`", "").substring(1, line.replace("`", "").length() - 1);
                rows.add(Stream.of(cells.split("\\|", -1)).map(String::strip).toList());
            }
        }
        return rows;
    }

    private static List<String> lines() {
        try {
            return Files.readAllLines(OPERATING);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String get(String path) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + freshet.adminPort() + path);
        return HTTP.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                .body();
    }
}
