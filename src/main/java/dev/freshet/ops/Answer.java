package dev.freshet.ops;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;

/** What the operations port answers. */
record Answer(int status, String type, Buffer body) {
    private static final String TEXT = "text/plain; charset=utf-8";

    static Answer text(int status, String line) {
        return new Answer(status, TEXT, Buffer.buffer(line + "\n"));
    }

    static Answer json(int status, JsonObject json) {
        return new Answer(status, "application/json", json.toBuffer());
    }

    /** Answers that a path takes other methods: those {@code allowed}, as the header Allow lists them. */
    static void refuseMethod(HttpServerRequest request, String allowed) {
        request.response().putHeader("Allow", allowed);
        text(405, "this path takes " + allowed.replace(", ", " and ")).send(request);
    }

    /** Sends it, without its body to who asks for the head alone. */
    void send(HttpServerRequest request) {
        HttpServerResponse response = request.response()
                .setStatusCode(status)
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .putHeader(HttpHeaders.CONTENT_TYPE, type)
                .putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length()));
        if (request.method().equals(HttpMethod.HEAD)) {
            response.end();
        } else {
            response.end(body);
        }
    }
}
