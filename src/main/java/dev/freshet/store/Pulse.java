package dev.freshet.store;

import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import java.util.Map;

/**
 * What a beat answers: where the app's invalidations stand, and what the replica missed.
 *
 * @param epoch the history that the stamps belong to
 * @param head the app's newest stamp
 * @param upTo the stamp up to which {@code changed} is complete: below the head when there is too much for one answer
 * @param floor below which marks were forgotten
 * @param doubt below which marks may have been lost with the history before this one, until they are given back; 0 for no doubt
 * @param kept with a doubt, the newest stamp of which that is certain not to be so
 * @param timeMicros Redis time
 * @param acknowledged the stamp that every replica whose window is open has applied
 * @param changed the tags that changed since the stamp the beat gave
 */
public record Pulse(
        String epoch,
        long head,
        long upTo,
        long floor,
        long doubt,
        long kept,
        long timeMicros,
        long acknowledged,
        Map<Tag, Mark> changed) {}
