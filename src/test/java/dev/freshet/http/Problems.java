package dev.freshet.http;

import dev.freshet.http.Problem.Kind;
import java.util.List;
import java.util.stream.Stream;

/** What there is of problems, for the documents. */
public final class Problems {
    private Problems() {}

    /** The type, status and title of each. */
    public static Stream<List<String>> all() {
        return Stream.of(Kind.values()).map(kind -> List.of(kind.text(), Integer.toString(kind.status), kind.title));
    }
}
