package dev.freshet.tag;

/**
 * A name that entries carry and that an invalidation names. Opaque and case-sensitive.
 *
 * @param text 1 to {@value #CHARS_MAX} characters, none of them a control character
 */
public record Tag(String text) {
    /** The longest tag, in UTF-16 code units, as in Next.js ({@code server/lib/patch-fetch.ts}). */
    public static final int CHARS_MAX = 256;

    /** Checks the text. */
    public Tag {
        if (text.isEmpty() || text.length() > CHARS_MAX) {
            throw new IllegalArgumentException("a tag has 1 to " + CHARS_MAX + " characters, not " + text.length());
        }
        if (text.codePoints().anyMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE)) {
            throw new IllegalArgumentException("a tag has no control characters and no unpaired surrogates");
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
