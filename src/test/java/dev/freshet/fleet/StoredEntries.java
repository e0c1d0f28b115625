package dev.freshet.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.freshet.testing.Futures;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** The app's entries in Redis, past the gateways. */
final class StoredEntries implements AutoCloseable {

    private static final JsonMapper JSON = new JsonMapper();

    private final Vertx vertx = Vertx.vertx();
    private final Redis redis;

    /**
     * What is looked at of one.
     *
     * @param bornMs when its computation began, by the clock of Redis
     */
    record Entry(String name, long bornMs, long revalidateMs) {}

    StoredEntries(String uri) {
        redis = Redis.createClient(vertx, uri);
    }

    /** Those whose body shows a text, be it in HTML, in JSON or in the body of a fetch. */
    List<Entry> showing(String text) {
        List<Entry> found = new ArrayList<>();
        String encoded = Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
        for (Response name : send(Request.cmd(Command.KEYS).arg("freshet:e:{" + Fleet.APP + "/*"))) {
            Response fields = send(Request.cmd(Command.HMGET)
                    .arg(name.toString())
                    .arg("h")
                    .arg("n")
                    .arg("b"));
            String body = fields.get(2) == null ? "" : fields.get(2).toString(StandardCharsets.ISO_8859_1);
            if (body.contains(text) || body.contains(encoded)) {
                found.add(new Entry(
                        name.toString(),
                        fields.get(1).toLong(),
                        header(fields.get(0).toString()).get("revalidateMs").asLong()));
            }
        }
        return found;
    }

    private static JsonNode header(String json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Response send(Request request) {
        return Futures.await(redis.send(request));
    }

    @Override
    public void close() {
        redis.close();
        Futures.await(vertx.close());
    }
}
