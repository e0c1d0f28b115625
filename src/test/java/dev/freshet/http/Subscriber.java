package dev.freshet.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A client of an event stream, on a connection of its own. It reads when it is told to. */
final class Subscriber implements AutoCloseable {
    final Wire wire;
    final String head;

    /** The last id it got, empty before the first. */
    String id = "";

    /** What it was told; comments are passed over. */
    record Told(String event, String id, String retry, JsonNode data) {
        String reason() {
            return data.path("reason").asText();
        }

        List<String> tags() {
            List<String> names = new ArrayList<>();
            data.path("tags").fieldNames().forEachRemaining(names::add);
            return names;
        }
    }

    private Subscriber(Wire wire) throws IOException {
        this.wire = wire;
        this.head = wire.readTo("\r\n\r\n");
    }

    /** Subscribes. */
    static Subscriber of(Wire wire, String path, String headers) throws IOException {
        wire.send("GET " + path + " HTTP/1.1\nHost: h\n" + headers + "\n");
        Subscriber subscriber = new Subscriber(wire);
        assertThat(subscriber.head)
                .startsWith("HTTP/1.1 200 ")
                .contains("content-type: text/event-stream")
                .contains("cache-control: no-store")
                .contains("X-Accel-Buffering: no");
        return subscriber;
    }

    /** What the head says of the past. */
    String replay() {
        return head.replaceAll("(?s).*Freshet-Replay: ([^\r]*).*", "$1");
    }

    /** The next event. */
    Told next() throws IOException {
        String text = "";
        while (!text.startsWith("event: ")) {
            /* Without the chunks it came in: of all lines theirs alone end with a carriage return. */
            text = wire.readTo("\n\n").replaceAll("(?m)^[0-9a-f]*\r\n", "").strip();
        }
        String id = field(text, "id");
        if (!id.isEmpty()) {
            this.id = id;
        }
        return new Told(
                field(text, "event"),
                id,
                field(text, "retry"),
                Json.read(field(text, "data")).orElseThrow());
    }

    private static String field(String text, String name) {
        return text.lines()
                .filter(line -> line.startsWith(name + ": "))
                .map(line -> line.substring(name.length() + 2))
                .findFirst()
                .orElse("");
    }

    /** The next event that is one of this kind, past all others. */
    Told next(String event) throws IOException {
        Told told = next();
        while (!told.event.equals(event)) {
            told = next();
        }
        return told;
    }

    @Override
    public void close() throws IOException {
        wire.close();
    }
}
