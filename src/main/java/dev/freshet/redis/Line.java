package dev.freshet.redis;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.freshet.entry.Key;
import dev.freshet.store.Change;
import dev.freshet.store.Position;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import java.util.LinkedHashMap;
import java.util.Map;

/** The lines of the bus, as the scripts and the replicas publish them. */
final class Line {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What {@code invalidate} carries. */
    private record Invalidated(String epoch, long previous, long stamp, Map<String, String> marks) {}

    private Line() {}

    /** What a replica says to another that waits for it. */
    static String applied(Position position) {
        return "applied " + position.epoch() + " " + position.applied() + " " + position.replica();
    }

    /** Reads a line of an app's channel. */
    static Change parse(String app, String line) {
        String[] words = line.split(" ", 2);
        return switch (words[0]) {
            case "write" -> {
                String[] parts = words[1].split(" ", -1);
                yield new Change.Written(new Key(app, parts[0], parts[1]), Long.parseLong(parts[2]));
            }
            case "release" -> {
                String[] parts = words[1].split(" ", -1);
                yield new Change.Released(new Key(app, parts[0], parts[1]));
            }
            case "applied" -> {
                String[] parts = words[1].split(" ", 3);
                yield new Change.Applied(parts[2], parts[0], Long.parseLong(parts[1]));
            }
            case "ack" -> {
                String[] parts = words[1].split(" ", -1);
                yield new Change.Acknowledged(parts[0], Long.parseLong(parts[1]));
            }
            case "echo" -> new Change.Echo(Long.parseLong(words[1]));
            case "invalidate" -> invalidated(words[1]);
            default -> throw new IllegalArgumentException("the bus says " + words[0]);
        };
    }

    /* Who waits stands behind the JSON, where a version that knew of nobody does not look. */
    private static Change invalidated(String told) {
        int end = told.lastIndexOf('}') + 1;
        return invalidated(told.substring(0, end), told.substring(end).strip());
    }

    private static Change invalidated(String json, String waiter) {
        try {
            Invalidated told = JSON.readValue(json, Invalidated.class);
            Map<Tag, Mark> marks = new LinkedHashMap<>();
            told.marks.forEach((tag, packed) -> marks.put(new Tag(tag), Mark.unpack(packed)));
            return new Change.Invalidated(told.epoch, told.previous, told.stamp, marks, waiter);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("the bus tells an invalidation that cannot be read", e);
        }
    }
}
