package dev.freshet.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/** JSON in and out. What comes in is UTF-8, one object, without repeated members. */
final class Json {
    /** The media type. */
    static final String MEDIA_TYPE = "application/json";

    /** The one mapper. */
    static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Json() {}

    /** An empty object. */
    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /** The text of some bytes; empty if they are not UTF-8. */
    static Optional<String> utf8(Buffer bytes) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.getBytes()))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    /** Reads an object; empty if the text is anything else. */
    static Optional<ObjectNode> read(String text) {
        try {
            return MAPPER.readTree(text) instanceof ObjectNode object ? Optional.of(object) : Optional.empty();
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    /** Writes a value. */
    static Buffer bytes(JsonNode json) {
        try {
            return Buffer.buffer(MAPPER.writeValueAsBytes(json));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Answers a value. */
    static Future<Void> answer(HttpServerResponse response, JsonNode json) {
        return response.putHeader(HttpHeaders.CONTENT_TYPE, MEDIA_TYPE).end(bytes(json));
    }

    /** What is remembered of a tag: {@code "hard"} and {@code "soft"}. */
    static ObjectNode mark(Mark mark) {
        ObjectNode json = object().put("hard", mark.hard());
        var softs = json.putArray("soft");
        for (Mark.Soft soft : mark.softs()) {
            ObjectNode pair = softs.addObject().put("stamp", soft.stamp());
            if (soft.deadlineMs() != Mark.NEVER) {
                pair.put("deadline", soft.deadlineMs());
            }
        }
        return json;
    }

    /** What changed: a stamp, and the whole mark of each tag. */
    static ObjectNode marks(long stamp, Map<Tag, Mark> marks) {
        ObjectNode json = object().put("stamp", stamp);
        ObjectNode tags = json.putObject("tags");
        marks.forEach((tag, mark) -> tags.set(tag.text(), mark(mark)));
        return json;
    }
}
