package dev.freshet.http;

import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.gateway.Ask;
import dev.freshet.http.Problem.Kind;
import dev.freshet.tag.Tag;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Values that stand in headers, paths and JSON alike. What is wrong is a problem. */
final class Values {
    private static final int TYPE_CHARS_MAX = 256;
    private static final Pattern TYPE = Pattern.compile(
            "[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+([ \\t]*;[ \\t]*([A-Za-z0-9!#$&^_.+-]+=([^\"\\s;,]+|\"[ -~&&[^\"\\\\]]*\"))?)*");

    private Values() {}

    /** Tags. */
    static List<Tag> tags(List<String> texts, int tagsMax) {
        if (texts.size() > tagsMax) {
            throw new Problem(Kind.INVALID_TAG, "there are at most " + tagsMax + " tags, not " + texts.size());
        }
        List<Tag> tags = new ArrayList<>(texts.size());
        for (String text : texts) {
            tags.add(tag(text));
        }
        return tags;
    }

    /** A tag. */
    static Tag tag(String text) {
        try {
            return new Tag(text);
        } catch (IllegalArgumentException e) {
            throw new Problem(Kind.INVALID_TAG, String.valueOf(e.getMessage()));
        }
    }

    /** An age in range. */
    static long ageMs(long ms) {
        if (ms < 0 || ms == Lifetime.NEVER) {
            throw new Problem(Kind.INVALID_ENTRY, "an age is 0 to " + (long) Seconds.SECONDS_MAX + " seconds");
        }
        return ms;
    }

    /** A wait in range. */
    static long waitMs(long ms) {
        if (ms < 0 || ms > Ask.WAIT_MS_MAX) {
            throw new Problem(Kind.INVALID_REQUEST, "a wait is 0 to " + Ask.WAIT_MS_MAX / 1_000 + " seconds");
        }
        return ms;
    }

    /** A ticket. */
    static Ticket ticket(String text) {
        try {
            return Ticket.parse(text);
        } catch (IllegalArgumentException e) {
            throw new Problem(Kind.INVALID_ENTRY, String.valueOf(e.getMessage()));
        }
    }

    /** The store's token of a lease of a key. */
    static String lease(Key key, String token) {
        return LeaseToken.parse(token)
                .filter(lease -> lease.digest().equals(key.digest()))
                .orElseThrow(() -> new Problem(
                        Kind.INVALID_ENTRY, "a lease's token is sent back as it was given, with the entry it is for"))
                .token();
    }

    /** A media type that may stand in a header. */
    static String type(String text) {
        if (!isType(text)) {
            throw new Problem(
                    Kind.INVALID_ENTRY,
                    "a type is a media type like text/plain, of at most " + TYPE_CHARS_MAX + " characters");
        }
        return text;
    }

    static boolean isType(String text) {
        return text.length() <= TYPE_CHARS_MAX
                && text.chars().allMatch(c -> (c >= ' ' && c <= '~') || c == '\t')
                && TYPE.matcher(text).matches();
    }

    /** A media type without its parameters. */
    static String essence(String type) {
        int semicolon = type.indexOf(';');
        return (semicolon < 0 ? type : type.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
    }
}
