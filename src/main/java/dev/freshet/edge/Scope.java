package dev.freshet.edge;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What a token may be good for. */
public enum Scope {
    /** Reading entries. */
    ENTRIES_READ,
    /** Writing and removing entries, and leading their refresh. */
    ENTRIES_WRITE,
    /** Invalidating tags. */
    TAGS_INVALIDATE,
    /** Hearing of changes, and asking what is invalidated. */
    EVENTS_READ,
    /** Asking how a replica fares. */
    ADMIN_READ,
    /** Changing how a replica works. */
    ADMIN_WRITE;

    /** Its name in a token's line: {@code entries:read}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', ':');
    }

    /** Every name, as a list with commas. */
    static String all() {
        return Arrays.stream(values()).map(Scope::text).collect(Collectors.joining(","));
    }

    /**
     * Several, with commas between.
     *
     * @throws IllegalArgumentException that says which there are
     */
    public static Set<Scope> parse(String list) {
        return Arrays.stream(list.split(",", -1)).map(Scope::of).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Scope of(String text) {
        return Arrays.stream(values())
                .filter(scope -> scope.text().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("its scopes are of " + all()));
    }
}
