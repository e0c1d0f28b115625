package dev.freshet.http;

import dev.freshet.http.Problem.Kind;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The entity tags of {@code If-None-Match} (RFC 9110 §13.1.2).
 *
 * @param any whether it is {@code *}
 * @param tags without quotes, and without what makes them weak
 */
record EntityTags(boolean any, Set<String> tags) {
    /** Of a request without any. */
    static final EntityTags NONE = new EntityTags(false, Set.of());

    private static final Pattern TAG = Pattern.compile("[ \\t]*(?:W/)?\"([\\x21\\x23-\\x7e\\x80-\\xff]*)\"[ \\t]*");

    /** Reads the header. */
    static EntityTags parse(String text) {
        return text.strip().equals("*") ? new EntityTags(true, Set.of()) : new EntityTags(false, list(text));
    }

    private static Set<String> list(String text) {
        Set<String> tags = new HashSet<>();
        Matcher tag = TAG.matcher(text);
        int at = 0;
        do {
            if (!tag.region(at, text.length()).lookingAt()) {
                throw new Problem(Kind.INVALID_REQUEST, "If-None-Match is * or a list of quoted entity tags");
            }
            tags.add(tag.group(1));
            at = tag.end();
        } while (at < text.length() && text.charAt(at++) == ',');
        if (at < text.length()) {
            throw new Problem(Kind.INVALID_REQUEST, "the entity tags of If-None-Match are separated by commas");
        }
        return tags;
    }

    /** Whether they name an entry, by weak comparison. */
    boolean match(String etag) {
        return any || tags.contains(etag);
    }
}
