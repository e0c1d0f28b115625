package dev.freshet.chaos;

import java.util.Map;
import java.util.TreeMap;

/**
 * What a computation read at the origin: the version of each tag that its key depends on.
 *
 * @param computation differs for each; 0 in an invalidation, whose versions are those that it ends all older ones of
 */
record Value(int computation, Map<Integer, Integer> versions) {
    /** {@code computation|tag=version,tag=version}. */
    String text() {
        StringBuilder text = new StringBuilder().append(computation).append('|');
        versions.forEach(
                (tag, version) -> text.append(tag).append('=').append(version).append(','));
        text.setLength(text.length() - 1);
        return text.toString();
    }

    /** Reads {@link #text()}. */
    static Value parse(String text) {
        int bar = text.indexOf('|');
        Map<Integer, Integer> versions = new TreeMap<>();
        int at = bar + 1;
        while (at < text.length()) {
            int equals = text.indexOf('=', at);
            int comma = text.indexOf(',', equals);
            int end = comma < 0 ? text.length() : comma;
            versions.put(Integer.parseInt(text, at, equals, 10), Integer.parseInt(text, equals + 1, end, 10));
            at = end + 1;
        }
        return new Value(Integer.parseInt(text, 0, bar, 10), versions);
    }
}
