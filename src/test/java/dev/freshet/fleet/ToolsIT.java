package dev.freshet.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.freshet.testing.GatewayProcess;
import dev.freshet.testing.Ports;
import dev.freshet.testing.Tools;
import dev.freshet.testing.Web;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The command {@code freshet-next}, as it is installed, in a real build and against real gateways. */
class ToolsIT extends OnFleet {
    private static final JsonMapper JSON = new JsonMapper();

    /** An app that no server serves, so that nothing of it is there yet. */
    private static final String APP = "tools-" + System.currentTimeMillis();

    private static Path folder;

    private record Told(int exit, String out, String err) {
        JsonNode json() {
            try {
                return JSON.readTree(out);
            } catch (IOException e) {
                throw new AssertionError(out + err, e);
            }
        }
    }

    @BeforeAll
    static void unpack() {
        folder = NextBuild.unpack(NextBuild.Of.ALPHA, "tools");
    }

    private static String gateways() {
        return fleet.gateways().stream().map(GatewayProcess::url).collect(Collectors.joining(","));
    }

    private static Told run(String... words) throws Exception {
        return run(Map.of("FRESHET_URL", gateways(), "FRESHET_APP", APP), words);
    }

    private static Told run(Map<String, String> settings, String... words) throws Exception {
        List<String> command =
                new ArrayList<>(List.of(Tools.require("node").toString(), "node_modules/freshet-next/cli/main.js"));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        Map<String, String> environment = new TreeMap<>(settings);
        builder.environment().keySet().removeIf(name -> name.matches("(FRESHET|NEXT)_.*|FRESHET"));
        builder.environment().putAll(environment);
        builder.environment().put("FRESHET", "1");
        Path err = Files.createTempFile(NextBuild.LOGS, "tools", ".err");
        Process process = builder.redirectError(err.toFile()).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Told(process.waitFor(), out, Files.readString(err));
    }

    @Test
    void doctor_ofAFleetThatIsWell_findsNothing() throws Exception {
        Told told = run("doctor");

        assertThat(told.exit()).as(told.out() + told.err()).isZero();
        assertThat(told.out())
                .contains("3 replicas of one fleet")
                .contains("alpha, from deploymentId")
                .contains("cacheHandler is freshet-next/incremental")
                .contains("cacheHandlers.remote is freshet-next/components")
                .contains("is supported")
                .containsPattern("\\d+ pages to start with")
                .contains("invalidated everywhere in")
                .contains("and the build is older: what it has prerendered is not served")
                .doesNotContain("fail ");
    }

    @Test
    void doctor_ofAGatewayThatIsDown_saysSoAndFails() throws Exception {
        String down = "http://127.0.0.1:" + Ports.free();
        Told told = run(Map.of("FRESHET_URL", gateways() + "," + down, "FRESHET_APP", APP), "doctor", "--json");

        assertThat(told.exit()).isEqualTo(1);
        assertThat(told.json().path("findings").toString())
                .contains(down + ": nobody listens there: is the gateway running?");
    }

    /** The Redis of a test remembers no invalidations of before it was started, and so nothing that was built before. */
    @Test
    void seed_ofABuildThatIsOlderThanTheGatewaysMemory_saysThatItEnded() throws Exception {
        JsonNode seeded = run("seed", "--json").json();

        assertThat(seeded.path("ended").asInt()).isGreaterThan(2);
        assertThat(seeded.path("uploaded").asInt()).isZero();
    }

    @Test
    void seed_uploadsWhatIsMissing_andBringsNothingBackThatHasEnded() throws Exception {
        try (GatewayProcess gateway = new GatewayProcess("gateway-tools", "", NextBuild.LOGS)) {
            gateway.awaitReady();
            seedsAndSeesOneEnd(gateway, Map.of("FRESHET_URL", gateway.url(), "FRESHET_APP", APP));
        }
    }

    private static void seedsAndSeesOneEnd(GatewayProcess gateway, Map<String, String> settings) throws Exception {
        Told first = run(settings, "seed", "--json");
        int pages = first.json().path("uploaded").asInt();
        assertThat(first.exit()).as(first.out() + first.err()).isZero();
        assertThat(pages).isGreaterThan(2);
        assertThat(first.json().path("unreadable").asInt()).isZero();

        Told again = run(settings, "seed", "--json");
        assertThat(again.json().path("present").asInt()).isEqualTo(pages);
        assertThat(again.json().path("uploaded").asInt()).isZero();

        String path = page();
        JsonNode why =
                run(settings, "why", path, "--json").json().path("entries").get(0);
        assertThat(why.path("state").asText()).isEqualTo("fresh");
        String tag = why.path("tags").get(0).path("tag").asText();
        assertThat(Web.send(Web.to(gateway.url() + "/v1/apps/" + APP + "/invalidations")
                                .header("Content-Type", "application/json")
                                .POST(BodyPublishers.ofString(
                                        JSON.writeValueAsString(Map.of("tags", List.of(tag), "mode", "hard")))))
                        .statusCode())
                .isEqualTo(200);
        assertThat(run(settings, "seed").out()).contains(" ended");

        Told ended = run(settings, "why", "http://localhost:3000" + path);
        assertThat(ended.exit()).isZero();
        assertThat(ended.out()).contains("gone, by a tag").containsPattern("\\(hard\\) at 20\\S+: ended it");
    }

    /** One that was prerendered. */
    private static String page() throws IOException {
        JsonNode routes = JSON.readTree(Files.readString(folder.resolve(".next/prerender-manifest.json")))
                .path("routes");
        return routes.fieldNames().next();
    }

    @Test
    void seed_ofAGatewayThatIsDown_fails() throws Exception {
        Told told = run(Map.of("FRESHET_URL", "http://127.0.0.1:" + Ports.free(), "FRESHET_APP", APP), "seed");

        assertThat(told.exit()).isEqualTo(1);
        assertThat(told.err()).contains("the gateway does not answer: ask freshet-next doctor");
    }
}
