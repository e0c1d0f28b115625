package dev.freshet.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.freshet.testing.ChildProcess;
import dev.freshet.testing.Ports;
import dev.freshet.testing.Tools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A gateway replica: the jar that is shipped, in a process of its own. */
final class GatewayProcess implements AutoCloseable {

    private static final Duration READY_MAX = Duration.ofSeconds(30);
    private static final JsonMapper JSON = new JsonMapper();

    private final String url = "http://127.0.0.1:" + Ports.free();
    private final String adminUrl = "http://127.0.0.1:" + Ports.free();
    private final ChildProcess process;

    GatewayProcess(String name, String redisUri, Path logs) {
        process = ChildProcess.start(new ChildProcess.Command(
                name,
                logs,
                Map.of(
                        "FRESHET_LISTEN", url.substring("http://".length()),
                        "FRESHET_ADMIN_LISTEN", adminUrl.substring("http://".length()),
                        "FRESHET_REDIS_URL", redisUri),
                logs.resolve(name + ".log"),
                List.of(Tools.java().toString(), "-Xmx256m", "-jar", jar().toString())));
    }

    private static Path jar() {
        Path jar = Path.of(System.getProperty(
                "freshet.jar", Tools.repository().resolve("target/freshet.jar").toString()));
        if (!Files.exists(jar)) {
            throw new IllegalStateException(jar.getFileName() + " is not built: run ./mvnw verify");
        }
        return jar;
    }

    GatewayProcess awaitReady() {
        process.awaitReady(READY_MAX, () -> {
            try {
                return Web.send(Web.to(adminUrl + "/readyz")).statusCode() == 200;
            } catch (UncheckedIOException e) {
                return false;
            }
        });
        return this;
    }

    String url() {
        return url;
    }

    /** What this replica knows of a tag: its mark as JSON. Changes with each invalidation. */
    JsonNode mark(String app, String tag) {
        try {
            return JSON.readTree(
                    Web.send(Web.to(url + "/v1/apps/" + app + "/tags/" + tag)).body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** kill -9. */
    void kill() {
        process.kill();
    }

    /** Starts it anew, on the same ports. */
    void restart() {
        process.restart();
        awaitReady();
    }

    String tail() {
        return process.tail();
    }

    @Override
    public void close() {
        process.close();
    }
}
