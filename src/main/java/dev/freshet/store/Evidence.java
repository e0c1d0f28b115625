package dev.freshet.store;

import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import java.util.Map;

/**
 * What the store itself remembers of some tags, to hold a replica's answers against.
 *
 * @param epoch the history that the stamps belong to
 * @param acknowledged the stamp that every replica whose window is open had applied, no later than the marks were read
 * @param marks of those tags that have one
 */
public record Evidence(String epoch, long acknowledged, Map<Tag, Mark> marks) {}
