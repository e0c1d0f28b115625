package dev.freshet.entry;

import dev.freshet.tag.Interner;
import dev.freshet.tag.Tag;
import java.util.List;

/**
 * A stored value.
 *
 * @param revision differs with each write of the key, and grows
 * @param epoch the history that the stamp is of, empty for whichever
 * @param asOf the stamp up to which invalidations were known when its computation began
 * @param bornMs when its computation began, in ms of Redis time
 */
public record Entry(
        Key key,
        long revision,
        String epoch,
        long asOf,
        long bornMs,
        List<Tag> tags,
        Lifetime lifetime,
        String type,
        String attributes,
        Body body) {
    /** What an entry and its place in a cache weigh beside its body, tags and attributes, in bytes, as {@code bench/run memory} has it. */
    private static final int OVERHEAD_BYTES = 380;

    /** What many entries have alike. */
    private static final Interner<String> TEXTS = new Interner<>(256);

    private static final Interner<Lifetime> LIFETIMES = new Interner<>(256);
    private static final Interner<Tag> TAGS = new Interner<>(4_096);
    private static final Interner<List<Tag>> LISTS = new Interner<>(1_024);

    /** Copies the tags. */
    public Entry {
        tags = LISTS.intern(tags.stream().map(TAGS::intern).toList());
        epoch = TEXTS.intern(epoch);
        type = TEXTS.intern(type);
        lifetime = LIFETIMES.intern(lifetime);
    }

    /** One of whichever history. */
    public Entry(
            Key key,
            long revision,
            long asOf,
            long bornMs,
            List<Tag> tags,
            Lifetime lifetime,
            String type,
            String attributes,
            Body body) {
        this(key, revision, "", asOf, bornMs, tags, lifetime, type, attributes, body);
    }

    /** The strong validator of RFC 9110 §8.8.3, without its quotes. */
    public String etag() {
        return etag(revision, body);
    }

    /** The validator that an entry of this revision and body has. */
    public static String etag(long revision, Body body) {
        return revisionText(revision) + "." + Integer.toHexString(body.crc());
    }

    /** A revision as validators begin with it: what grows with each write of a key. */
    public static String revisionText(long revision) {
        return Long.toString(revision, 36);
    }

    /**
     * How old it is, at least 0.
     *
     * @param nowMs ms of Redis time
     */
    public long ageMs(long nowMs) {
        return Math.max(0, nowMs - bornMs);
    }

    /** Roughly what it takes in memory, in bytes, as its body is kept. */
    public int weightBytes() {
        int bytes = OVERHEAD_BYTES + body.keptLength() + attributes.length();
        for (Tag tag : tags) {
            bytes += 56 + tag.text().length();
        }
        return bytes;
    }
}
