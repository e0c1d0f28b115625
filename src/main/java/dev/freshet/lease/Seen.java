package dev.freshet.lease;

import dev.freshet.tag.Tag;
import java.util.List;

/** What a caller found who would refresh an entry, and what is known of it by now. Any thread may ask. */
public interface Seen {
    /** 0 for no entry. */
    long revision();

    /** The stamp up to which the invalidations are known, 0 if that is not known. */
    long asOf();

    /** The stamp of the newest invalidation that has ended the entry, 0 if there is none. */
    long endedAt();

    /** Those whose invalidation ends the entry. */
    List<Tag> tags();
}
