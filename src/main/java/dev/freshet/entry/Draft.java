package dev.freshet.entry;

import dev.freshet.tag.Tag;
import java.util.List;
import java.util.Optional;

/**
 * A value that a client wants stored.
 *
 * @param tags at most {@value #TAGS_MAX}
 * @param ageMs how long ago its computation began
 * @param ticket what the client was given when it began; none leaves it unprotected against what was invalidated meanwhile
 * @param lease the token of the lease it was computed under
 * @param type its media type
 * @param attributes the client's own JSON, kept as it is; empty for none
 */
public record Draft(
        List<Tag> tags,
        Lifetime lifetime,
        long ageMs,
        Optional<Ticket> ticket,
        Optional<String> lease,
        String type,
        String attributes,
        Body body) {
    /** The most tags of an entry, as in Next.js. */
    public static final int TAGS_MAX = 128;

    /** The type of a value whose type nobody said. */
    public static final String OCTETS = "application/octet-stream";

    /** Checks and copies. */
    public Draft {
        tags = List.copyOf(tags);
        if (tags.size() > TAGS_MAX) {
            throw new IllegalArgumentException("an entry has at most " + TAGS_MAX + " tags, not " + tags.size());
        }
        if (ageMs < 0) {
            throw new IllegalArgumentException("an age is 0 or more");
        }
    }

    /** The same with another body. */
    public Draft with(Body other) {
        return new Draft(tags, lifetime, ageMs, ticket, lease, type, attributes, other);
    }

    /** A draft without ticket, lease or attributes. */
    public static Draft of(Body body, Lifetime lifetime, List<Tag> tags) {
        return new Draft(tags, lifetime, 0, Optional.empty(), Optional.empty(), OCTETS, "", body);
    }
}
