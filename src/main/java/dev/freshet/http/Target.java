package dev.freshet.http;

import dev.freshet.entry.Key;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a path stands for, which is read once: the same few paths are asked for again and again. Of one event loop. */
final class Target {
    private final Map<String, Segment> segments;

    @Nullable
    private Key key;

    /** One whose segments are named. */
    Target(Map<String, Segment> segments) {
        this.segments = segments;
    }

    /** A segment, as it was sent. */
    Segment segment(String name) {
        Segment segment = segments.get(name);
        if (segment == null) {
            throw new IllegalStateException("the path has no {" + name + "}");
        }
        return segment;
    }

    /** The key that it names, if that was read. */
    @Nullable
    Key key() {
        return key;
    }

    /** The key that it names; what is wrong with it is said each time. */
    Key key(Supplier<Key> reading) {
        Key known = key;
        if (known == null) {
            known = reading.get();
            key = known;
        }
        return known;
    }
}
