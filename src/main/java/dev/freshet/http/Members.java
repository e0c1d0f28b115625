package dev.freshet.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freshet.entry.Lifetime;
import dev.freshet.http.Problem.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The members of a JSON object, each of its type; what is wrong is a problem that says which member, and what it may be. */
final class Members {
    private final ObjectNode json;
    private final Kind wrong;

    /**
     * Refuses members that have other names than {@code allowed}.
     *
     * @param wrong what kind of problem a wrong member is
     */
    Members(ObjectNode json, Kind wrong, Set<String> allowed) {
        this.json = json;
        this.wrong = wrong;
        json.propertyStream().forEach(member -> {
            if (!allowed.contains(member.getKey())) {
                throw new Problem(
                        wrong, "there is no member \"" + member.getKey() + "\": there are " + sorted(allowed));
            }
        });
    }

    private static String sorted(Set<String> names) {
        return String.join(", ", names.stream().sorted().toList());
    }

    /** Whether there is such a member, be it null. */
    boolean has(String name) {
        return json.has(name);
    }

    /** A string. */
    Optional<String> text(String name) {
        JsonNode value = json.get(name);
        if (value != null && !value.isTextual()) {
            throw wrong(name, "is a string");
        }
        return Optional.ofNullable(value).map(JsonNode::textValue);
    }

    /** A boolean, false if it is not there. */
    boolean flag(String name) {
        JsonNode value = json.get(name);
        if (value != null && !value.isBoolean()) {
            throw wrong(name, "is true or false");
        }
        return value != null && value.booleanValue();
    }

    /** Seconds, as milliseconds. */
    long ms(String name, long absentMs) {
        JsonNode value = json.get(name);
        return value == null ? absentMs : ms(name, value);
    }

    /** Seconds, as milliseconds; never if there are none, or null. */
    long msOrNever(String name) {
        JsonNode value = json.get(name);
        return value == null || value.isNull() ? Lifetime.NEVER : ms(name, value);
    }

    private long ms(String name, JsonNode value) {
        if (!value.isNumber() || value.doubleValue() < 0) {
            throw wrong(name, "is a number of seconds, 0 or more");
        }
        return Seconds.ms(value.doubleValue());
    }

    /** Strings, none if the member is not there. */
    List<String> strings(String name) {
        List<String> strings = new ArrayList<>();
        for (JsonNode value : array(name, "is an array of strings")) {
            if (!value.isTextual()) {
                throw wrong(name, "is an array of strings");
            }
            strings.add(value.textValue());
        }
        return strings;
    }

    /** Objects, none if the member is not there. */
    List<Members> objects(String name, Set<String> allowed) {
        List<Members> objects = new ArrayList<>();
        for (JsonNode value : array(name, "is an array of objects")) {
            if (!(value instanceof ObjectNode object)) {
                throw wrong(name, "is an array of objects");
            }
            objects.add(new Members(object, wrong, allowed));
        }
        return objects;
    }

    private Iterable<JsonNode> array(String name, String rule) {
        JsonNode value = json.get(name);
        if (value == null) {
            return List.of();
        }
        if (!value.isArray()) {
            throw wrong(name, rule);
        }
        return value;
    }

    /** A problem with a member. */
    Problem wrong(String name, String rule) {
        return new Problem(wrong, "\"" + name + "\" " + rule);
    }
}
