package dev.freshet;

import static dev.freshet.testing.Texts.found;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.freshet.http.HttpConfig;
import dev.freshet.testing.Futures;
import dev.freshet.testing.Web;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What watches a replica, conf/grafana.json and conf/alerts.yaml, asks for what it shows. */
class WatchTest {
    private static final Path OPERATING = Path.of("src/site/markdown/operating.md");

    /** What Prometheus adds itself. */
    private static final Set<String> OF_PROMETHEUS = Set.of("job", "instance");

    /** Each series' labels with the values that a replica shows from the start. */
    private static final Map<String, Map<String, Set<String>>> SHOWN = new TreeMap<>();

    /**
     * What asks Prometheus.
     *
     * @param text whatever is shown of its answer, which may name labels
     */
    private record Query(String where, String expr, String text) {}

    @BeforeAll
    static void scrape() {
        Vertx vertx = Vertx.vertx();
        Freshet freshet = Futures.await(Freshet.start(
                vertx,
                Configs.of(
                        new HttpConfig("127.0.0.1", 0, Config.DEFAULT.http().bodyBytesMax()),
                        Config.DEFAULT.edge(),
                        Optional.empty())));
        String metrics = Web.send(Web.to("http://127.0.0.1:" + freshet.adminPort() + "/metrics"))
                .body();
        Futures.await(freshet.stop());
        Futures.await(vertx.close());
        SHOWN.put("up", Map.of());
        for (String line : metrics.lines().filter(line -> !line.startsWith("#")).toList()) {
            Map<String, Set<String>> labels = SHOWN.computeIfAbsent(line.split("[{ ]", 2)[0], name -> new TreeMap<>());
            found("(\\w+=\"[^\"]*)\"", line)
                    .forEach(label -> labels.computeIfAbsent(label.split("=", 2)[0], key -> new TreeSet<>())
                            .add(label.split("\"", 2)[1]));
        }
    }

    @Test
    void queries_askForSeriesThatAreShown() throws IOException {
        List<Query> queries = queries();

        assertThat(queries).hasSizeGreaterThan(40);
        for (Query query : queries) {
            assertThat(names(query.expr)).as(query.where).isNotEmpty();
            assertThat(SHOWN.keySet()).as(query.where).containsAll(names(query.expr));
        }
    }

    @Test
    void queries_selectByLabelsAndValuesThatAreShown() throws IOException {
        for (Query query : queries()) {
            Pattern.compile("(\\w+)\\{([^}]*)}")
                    .matcher(query.expr)
                    .results()
                    .forEach(selector -> assertSelected(query.where, SHOWN.get(selector.group(1)), selector.group(2)));
        }
    }

    private static void assertSelected(String where, Map<String, Set<String>> labels, String matchers) {
        Pattern.compile("(\\w+)(=~?)\"([^\"]*)\"")
                .matcher(matchers)
                .results()
                .filter(matcher -> !OF_PROMETHEUS.contains(matcher.group(1)))
                .forEach(matcher -> {
                    assertThat(labels).as(where).containsKey(matcher.group(1));
                    assertThat(labels.get(matcher.group(1)))
                            .as(where)
                            .containsAll(List.of(matcher.group(3).split("\\|", -1)));
                });
    }

    @Test
    void queries_groupByAndNameLabelsThatAreShown() throws IOException {
        for (Query query : queries()) {
            Set<String> labels = new TreeSet<>(OF_PROMETHEUS);
            names(query.expr).forEach(name -> labels.addAll(SHOWN.get(name).keySet()));
            Stream<String> grouped =
                    found("\\bby \\(([^)]*)\\)", query.expr).stream().flatMap(list -> Stream.of(list.split(", ", -1)));
            Stream<String> told = found("\\{\\{ *(?:\\$labels\\.)?(\\w+) *}}", query.text).stream();

            assertThat(labels)
                    .as(query.where)
                    .containsAll(Stream.concat(grouped, told).toList());
        }
    }

    /** A series of which operating.md says that any at all calls for somebody. */
    @Test
    void whateverIsAlwaysToBeLookedAt_hasAnAlert() throws IOException {
        String alerts = Files.readString(Path.of("conf/alerts.yaml"));
        List<String> calling =
                found("(?m)^\\| `(\\w+)[^|]*\\|[^|]*\\|[^|]*\\|(?:[^|]*;)? [Aa]ny\\b", Files.readString(OPERATING));

        assertThat(calling)
                .hasSizeGreaterThan(2)
                .allSatisfy(name -> assertThat(alerts).contains(name));
    }

    @Test
    void alerts_haveRunbooks() throws IOException {
        Set<String> headings = DocumentsTest.headings(OPERATING);

        for (JsonNode rule : rules()) {
            String[] runbook = rule.at("/annotations/runbook").asText().split("#", -1);
            assertThat(Path.of(runbook[0])).isEqualTo(OPERATING);
            assertThat(headings).as(rule.path("alert").asText()).contains(runbook[1]);
            assertThat(rule.at("/labels/severity").asText()).isIn("critical", "warning");
            assertThat(rule.at("/annotations/summary").asText()).isNotEmpty();
        }
    }

    private static Set<String> names(String expr) {
        return new TreeSet<>(
                found("\\b((?:freshet|process|jvm)_\\w+|up)\\b(?!\\()", expr.replaceAll("\"[^\"]*\"", "")));
    }

    private static List<JsonNode> rules() throws IOException {
        List<JsonNode> rules = new ArrayList<>();
        new YAMLMapper()
                .readTree(Path.of("conf/alerts.yaml").toFile())
                .path("groups")
                .forEach(group -> group.path("rules").forEach(rules::add));
        return rules;
    }

    private static List<Query> queries() throws IOException {
        List<Query> queries = new ArrayList<>();
        JsonNode board =
                new ObjectMapper().readTree(Path.of("conf/grafana.json").toFile());
        board.path("panels")
                .forEach(panel -> panel.path("targets")
                        .forEach(target -> queries.add(new Query(
                                panel.path("title").asText(),
                                target.path("expr").asText(),
                                target.path("legendFormat").asText()))));
        board.at("/annotations/list")
                .forEach(marks -> queries.add(new Query(
                        marks.path("name").asText(),
                        marks.path("expr").asText(),
                        marks.path("titleFormat").asText())));
        rules().forEach(rule -> queries.add(new Query(
                rule.path("alert").asText(),
                rule.path("expr").asText(),
                rule.path("annotations").toString())));
        return queries;
    }
}
