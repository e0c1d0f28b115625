package dev.freshet.gateway;

import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import java.util.Map;

/**
 * Somebody who hears the changes of an app.
 *
 * @param place up to which {@code missed} is complete
 * @param missed the tags that changed since the subscriber's own place; none unless the replay is whole
 * @param end stops telling
 */
public record Subscription(Place place, Replay replay, Map<Tag, Mark> missed, Runnable end) {
    /** How much is known of what the subscriber missed. */
    public enum Replay {
        /** It gave no place, so nothing is told of the past. */
        NONE,
        /** All of it. */
        WHOLE,
        /** It was away for too long: what it missed is forgotten, or too much to tell. */
        BEHIND,
        /** Its place is in another history. */
        EPOCH
    }
}
