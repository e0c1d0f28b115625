package dev.freshet.ops;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The files of the console's page, held in memory. */
final class Page {
    /** Nothing but what this server sends may run, look like anything, or be asked. */
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
            + " img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none';"
            + " require-trusted-types-for 'script'";

    private static final String CHARTS = "/META-INF/resources/webjars/uplot/1.6.30/";
    private static final List<String> OWN = List.of(
            "index.html",
            "console.css",
            "icon.svg",
            "main.js",
            "api.js",
            "dom.js",
            "format.js",
            "chart.js",
            "overview.js",
            "fleet.js",
            "tags.js",
            "entry.js",
            "events.js");

    private final Map<String, Answer> files = new HashMap<>();

    private Page() {}

    static Page load() {
        Page page = new Page();
        OWN.forEach(name -> page.put(name, "/console/" + name));
        page.put("uplot.js", CHARTS + "dist/uPlot.esm.js");
        page.put("uplot.css", CHARTS + "dist/uPlot.min.css");
        page.put("uplot-licence.txt", CHARTS + "LICENSE");
        page.files.put(Console.PATH, page.files.get(Console.PATH + "index.html"));
        return page;
    }

    private void put(String name, String resource) {
        try (InputStream in = Page.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + resource);
            }
            files.put(Console.PATH + name, new Answer(200, type(name), Buffer.buffer(in.readAllBytes())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String type(String name) {
        return switch (name.substring(name.lastIndexOf('.'))) {
            case ".html" -> "text/html; charset=utf-8";
            case ".css" -> "text/css; charset=utf-8";
            case ".js" -> "text/javascript; charset=utf-8";
            case ".svg" -> "image/svg+xml";
            default -> "text/plain; charset=utf-8";
        };
    }

    /** Says what a browser may make of an answer. */
    static void guard(HttpServerResponse response) {
        response.putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .putHeader("Content-Security-Policy", POLICY)
                .putHeader("X-Content-Type-Options", "nosniff")
                .putHeader("Referrer-Policy", "no-referrer")
                .putHeader("Cross-Origin-Opener-Policy", "same-origin")
                .putHeader("Cross-Origin-Resource-Policy", "same-origin");
    }

    /** Whether it is GET or HEAD; else answers that it should be. */
    static boolean isRead(HttpServerRequest request) {
        if (request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD)) {
            return true;
        }
        Answer.refuseMethod(request, "GET, HEAD");
        return false;
    }

    void answer(HttpServerRequest request) {
        if (isRead(request)) {
            files.getOrDefault(request.path(), Answer.text(404, "the console has no such file"))
                    .send(request);
        }
    }
}
