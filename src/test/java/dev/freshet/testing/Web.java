package dev.freshet.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** The HTTP client of tests that start processes. */
public final class Web {

    private static final Duration CONNECT_MAX = Duration.ofSeconds(2);

    /** Fifty times what a page takes, and half of what it takes to wait for a lease that nobody uses. */
    private static final Duration ANSWER_MAX = Duration.ofSeconds(5);

    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_MAX)
            .build();

    private Web() {}

    /** A request that is given up when it takes far too long. */
    public static HttpRequest.Builder to(String url) {
        return HttpRequest.newBuilder(URI.create(url)).timeout(ANSWER_MAX);
    }

    /** Sends it, and fails without an answer. */
    public static HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(request.build().uri() + " gave no answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Whether {@code url} answers with a status that is not an error of the server. */
    public static boolean answers(String url) {
        try {
            return send(to(url)).statusCode() < 500;
        } catch (UncheckedIOException e) {
            return false;
        }
    }
}
