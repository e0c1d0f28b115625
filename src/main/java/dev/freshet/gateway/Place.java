package dev.freshet.gateway;

import dev.freshet.entry.Ticket;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A place in an app's invalidations: everything up to a stamp of a history.
 *
 * @param epoch the history, empty for whichever the stamp may be of
 * @param stamp below 0 for no place at all
 */
public record Place(String epoch, long stamp) {
    /** Where somebody is who knows nothing. */
    public static final Place NONE = new Place("", -1);

    private static final Pattern TEXT = Pattern.compile("(?:([0-9A-Za-z][0-9A-Za-z._-]{0,63})/)?([0-9]{1,16})");

    /** Reads {@code epoch/stamp}, or a stamp alone. */
    public static Place of(String text) {
        Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            throw new IllegalArgumentException("a place is epoch/stamp, or a stamp, as one was given");
        }
        String epoch = parts.group(1);
        return new Place(epoch == null ? "" : epoch, Long.parseLong(parts.group(2)));
    }

    /** What {@link #of} reads. */
    public String text() {
        return epoch.isEmpty() ? Long.toString(stamp) : epoch + "/" + stamp;
    }

    /** Whether it is none. */
    public boolean isNone() {
        return stamp < 0;
    }

    /*
     * An epoch begins with its first stamp, and a dot. A stamp alone that is older is of another one:
     * what came after it is not all in this. Of an epoch that does not say when it began no stamp is taken.
     */

    /** Whether it is a place in a history. */
    boolean isIn(String history) {
        if (!epoch.isEmpty()) {
            return epoch.equals(history);
        }
        long first = Ticket.firstStamp(history);
        return first > 0 && stamp >= first;
    }
}
