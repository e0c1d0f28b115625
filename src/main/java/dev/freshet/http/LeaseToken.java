package dev.freshet.http;

import dev.freshet.entry.Key;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The token of a lease as clients see it: it names its entry too, so that giving it back needs no more.
 *
 * @param digest of the entry's key
 * @param token as the store knows it
 */
record LeaseToken(String digest, String token) {
    private static final Pattern FORM = Pattern.compile("([0-9a-f]{64})\\.([A-Za-z0-9._-]{1,128})");

    /** A token of a key's lease. */
    static LeaseToken of(Key key, String token) {
        return new LeaseToken(key.digest(), token);
    }

    /** Reads {@link #toString()}; empty if it is not one. */
    static Optional<LeaseToken> parse(String text) {
        Matcher form = FORM.matcher(text);
        return form.matches() ? Optional.of(new LeaseToken(form.group(1), form.group(2))) : Optional.empty();
    }

    @Override
    public String toString() {
        return digest + "." + token;
    }
}
