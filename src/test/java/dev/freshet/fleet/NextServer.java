package dev.freshet.fleet;

import dev.freshet.testing.ChildProcess;
import dev.freshet.testing.Ports;
import dev.freshet.testing.Web;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One {@code next start}, or what serves in its place, in a folder of its own as on a machine of its own. */
public final class NextServer implements AutoCloseable {

    private static final Duration READY_MAX = Duration.ofSeconds(90);
    private static final String BOUNDARY = "a-form-of-the-fleet-test";
    private static final Pattern INPUT =
            Pattern.compile("<input type=\"hidden\" name=\"([^\"]*)\"(?: value=\"([^\"]*)\")?");

    private final String url;
    private final ChildProcess process;

    /** @param gatewayUrl where the adapter finds Freshet; not used by the build that has none */
    NextServer(String name, NextBuild.Of build, String gatewayUrl, String originUrl) {
        this(name, build, gatewayUrl, originUrl, Map.of());
    }

    /** @param more of the environment */
    public NextServer(String name, NextBuild.Of build, String gatewayUrl, String originUrl, Map<String, String> more) {
        int port = Ports.free();
        Path folder = build == NextBuild.Of.DEV ? NextBuild.prepare(build) : NextBuild.unpack(build, name);
        Map<String, String> environment = new HashMap<>(NextBuild.environment(build, gatewayUrl));
        environment.put("ORIGIN_URL", originUrl);
        environment.put("HOSTNAME", "127.0.0.1");
        environment.put("PORT", Integer.toString(port));
        environment.putAll(more);
        url = "http://127.0.0.1:" + port;
        process = ChildProcess.start(new ChildProcess.Command(
                name, folder, environment, NextBuild.LOGS.resolve(name + ".log"), NextBuild.startCommand(build, port)));
    }

    /** Returns when it serves. */
    public NextServer awaitReady() {
        process.awaitReady(READY_MAX, () -> Web.answers(url + "/api/revalidate"));
        return this;
    }

    String url() {
        return url;
    }

    /** The page or answer of {@code path}. */
    Page get(String path) {
        return new Page(url + path, Web.send(Web.to(url + path)));
    }

    /** The same, when the answer may take longer than a page does. */
    public Page get(String path, Duration max) {
        return new Page(url + path, Web.send(Web.to(url + path).timeout(max)));
    }

    /** The answer itself, to a request that carries one header more. */
    HttpResponse<String> get(String path, String header, String value) {
        return Web.send(Web.to(url + path).header(header, value));
    }

    /** Has this process call {@code revalidateTag} or {@code revalidatePath} in a route handler, as the query says. */
    void revalidate(String query) {
        post("/api/revalidate?" + query);
    }

    /** Has this process render a page of the Pages Router anew. */
    void renderAnew(String path) {
        post("/api/on-demand?path=" + path);
    }

    private void post(String path) {
        HttpResponse<String> answer = Web.send(Web.to(url + path).POST(HttpRequest.BodyPublishers.noBody()));
        if (answer.statusCode() != 200) {
            throw new IllegalStateException(path + " answered " + answer.statusCode());
        }
    }

    /** kill -9. */
    void kill() {
        process.kill();
    }

    /** Starts it anew, on the same port. */
    void restart() {
        process.restart();
        awaitReady();
    }

    /** Has this process call {@code revalidateTag(tag, 'max')} in a route handler. */
    void revalidateTag(String tag) {
        revalidate("tag=" + tag);
    }

    /** Sends a form of a page as a browser without JavaScript does, and returns the page that answers. */
    Page submit(String path, String formId) {
        String page = get(path).body();
        Matcher form = Pattern.compile("<form id=\"" + formId + "\"(.*?)</form>", Pattern.DOTALL)
                .matcher(page);
        if (!form.find()) {
            throw new IllegalStateException("no form " + formId + " in " + path + ": " + page);
        }
        StringBuilder body = new StringBuilder();
        for (MatchResult input : INPUT.matcher(form.group(1)).results().toList()) {
            body.append("--").append(BOUNDARY).append("\r\n");
            body.append("Content-Disposition: form-data; name=\"")
                    .append(input.group(1))
                    .append("\"\r\n\r\n");
            body.append(input.group(2) == null ? "" : input.group(2)).append("\r\n");
        }
        body.append("--").append(BOUNDARY).append("--\r\n");
        HttpRequest.Builder request = Web.to(url + path)
                .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
                .header("Origin", url)
                .POST(HttpRequest.BodyPublishers.ofString(body.toString(), StandardCharsets.UTF_8));
        return new Page(url + path, Web.send(request));
    }

    String tail() {
        return process.tail();
    }

    @Override
    public void close() {
        process.close();
    }
}
