package dev.freshet.gateway;

import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import java.util.Map;

/**
 * Somebody who hears the changes of an app.
 *
 * @param stamp up to which {@code missed} is complete
 * @param whole false if what was missed is no longer known: start anew
 * @param missed the tags that changed since the subscriber's last stamp
 * @param end stops telling
 */
public record Subscription(long stamp, boolean whole, Map<Tag, Mark> missed, Runnable end) {}
