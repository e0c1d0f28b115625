package dev.freshet.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A gateway replica: the jar that is shipped, in a process of its own. */
public final class GatewayProcess implements AutoCloseable {

    private static final Duration READY_MAX = Duration.ofSeconds(90);
    /** What it promises, and a little for a busy machine. */
    private static final Duration STOP_MAX = Duration.ofSeconds(30);

    private static final JsonMapper JSON = new JsonMapper();

    private final String url = "http://127.0.0.1:" + Ports.free();
    private final String adminUrl = "http://127.0.0.1:" + Ports.free();
    private final Map<String, String> environment = new TreeMap<>();
    private final ChildProcess process;

    public GatewayProcess(String name, String redisUri, Path logs) {
        this(name, redisUri, logs, Map.of());
    }

    /**
     * Starts one.
     *
     * @param settings added to its environment
     */
    public GatewayProcess(String name, String redisUri, Path logs, Map<String, String> settings) {
        environment.put("FRESHET_LISTEN", url.substring("http://".length()));
        environment.put("FRESHET_ADMIN_LISTEN", adminUrl.substring("http://".length()));
        environment.put("FRESHET_REDIS_URL", redisUri);
        environment.putAll(settings);
        process = ChildProcess.start(new ChildProcess.Command(
                name,
                logs,
                Map.copyOf(environment),
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

    /** Returns when it is ready to serve. */
    public GatewayProcess awaitReady() {
        process.awaitReady(READY_MAX, () -> {
            try {
                return Web.send(Web.to(adminUrl + "/readyz")).statusCode() == 200;
            } catch (UncheckedIOException e) {
                return false;
            }
        });
        return this;
    }

    /** {@code http://127.0.0.1:…}, where it serves. */
    public String url() {
        return url;
    }

    /** What this replica knows of a tag: its mark as JSON. Changes with each invalidation. */
    public JsonNode mark(String app, String tag) {
        return json("/v1/apps/" + app + "/tags/" + tag);
    }

    /** The name of the history of an app's invalidations that this replica knows. Another Redis, or one that was started anew, begins another. */
    public String history(String app) {
        return json("/v1/apps/" + app + "/clock").path("epoch").asText();
    }

    private JsonNode json(String path) {
        try {
            return JSON.readTree(Web.send(Web.to(url + path)).body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SIGSTOP: it keeps its connections and answers nothing. */
    public void freeze() {
        process.freeze();
    }

    /** SIGCONT: it goes on. */
    public void thaw() {
        process.thaw();
    }

    /** How many callers wait for a leader here. */
    public long waiters() {
        return metric("freshet_lease_waiters");
    }

    /** What it counts under a name that has no labels. */
    public long metric(String name) {
        return Web.send(Web.to(adminUrl + "/metrics"))
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(line.indexOf(' '))))
                .sum();
    }

    /** Whether requests are to be sent there, by its own account. */
    public boolean isReady() {
        return Web.answers(adminUrl + "/readyz");
    }

    /** SIGTERM. Returns its exit code when what was under way is finished. */
    public int terminate() {
        return process.terminate(STOP_MAX);
    }

    /** kill -9. */
    public void kill() {
        process.kill();
    }

    /** Starts it anew, on the same ports. */
    public void restart() {
        restart(Map.of());
    }

    /**
     * Starts it anew, on the same ports.
     *
     * @param extra added to its environment, for this time
     */
    public void restart(Map<String, String> extra) {
        Map<String, String> all = new TreeMap<>(environment);
        all.putAll(extra);
        process.restart(all);
        awaitReady();
    }

    /** The last lines of its output. */
    public String tail() {
        return process.tail();
    }

    @Override
    public void close() {
        process.close();
    }
}
