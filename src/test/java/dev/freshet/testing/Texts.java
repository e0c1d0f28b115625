package dev.freshet.testing;

import java.util.List;
import java.util.regex.Pattern;

/** What tests of documents read. */
public final class Texts {
    private Texts() {}

    /** The first group of each match, in order. */
    public static List<String> found(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(match -> match.group(1))
                .toList();
    }
}
