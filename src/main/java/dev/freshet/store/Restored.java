package dev.freshet.store;

import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import java.util.Map;

/**
 * Marks that a replica gives back to a history which may have lost them.
 *
 * @param epoch the history in doubt
 * @param floor below which the replica has forgotten marks itself
 * @param marks at most {@value #TAGS_MAX}
 * @param whole whether this is the last of them
 */
public record Restored(String epoch, long floor, Map<Tag, Mark> marks, boolean whole) {
    /** The most tags given back at a time. */
    public static final int TAGS_MAX = 512;
}
