package dev.freshet.http;

import dev.freshet.entry.Key;
import dev.freshet.http.Problem.Kind;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a path stands for, which is read once: the same few paths are asked for again and again. Of one event loop. */
final class Target {
    private static final int KEY_BYTES_MAX = 2_048;

    private final Map<String, Segment> segments;

    @Nullable
    private Key key;

    /** One whose segments are named. */
    Target(Map<String, Segment> segments) {
        this.segments = segments;
    }

    /** A segment, decoded. */
    String segment(String name) {
        return sent(name).text();
    }

    private Segment sent(String name) {
        Segment segment = segments.get(name);
        if (segment == null) {
            throw new IllegalStateException("the path has no {" + name + "}");
        }
        return segment;
    }

    /** The app that it names. */
    String app() {
        String app = segment("app");
        return named(() -> {
            Key.checkApp(app);
            return app;
        });
    }

    /** The key that it names, which the raw form of its segment tells how to read; what is wrong with it is said each time. */
    Key key() {
        Key known = key;
        if (known == null) {
            known = read();
            key = known;
        }
        return known;
    }

    private Key read() {
        Segment segment = sent("key");
        if (segment.raw().startsWith("@")) {
            return key(segment.raw().substring(1));
        }
        if (segment.raw().startsWith("~")) {
            return keyOf(segment.base64Text());
        }
        int bytes = segment.decoded().length;
        if (bytes < 1 || bytes > KEY_BYTES_MAX) {
            throw new Problem(
                    Kind.INVALID_NAME,
                    "a key in a path has 1 to " + KEY_BYTES_MAX + " bytes, not " + bytes + ": give its digest after @");
        }
        return keyOf(segment.text());
    }

    /** A key of its app and deployment, by its digest. */
    Key key(String digest) {
        return named(() -> new Key(segment("app"), segment("deployment"), digest));
    }

    /** A key of its app and deployment, by its text. */
    Key keyOf(String text) {
        return named(() -> Key.of(segment("app"), segment("deployment"), text));
    }

    private static <T> T named(Supplier<T> naming) {
        try {
            return naming.get();
        } catch (IllegalArgumentException e) {
            throw new Problem(Kind.INVALID_NAME, String.valueOf(e.getMessage()));
        }
    }
}
