package dev.freshet.entry;

import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What was known when a computation began. Opaque to clients, who send it back with the value.
 *
 * @param epoch the history that the stamp is of, empty for whichever
 * @param asOf the stamp up to which invalidations were known
 * @param grantMicros when it was given, in microseconds of Redis time: orders tickets of one {@code asOf}
 */
public record Ticket(String epoch, long asOf, long grantMicros) implements Comparable<Ticket> {
    private static final Pattern TEXT = Pattern.compile("([0-9]{1,16})(?:-([0-9]{1,16})(?:-([0-9A-Za-z._]{1,64}))?)?");

    private static final Pattern FIRST = Pattern.compile("([0-9]{1,16})\\..*");

    /** Checks the stamps. */
    public Ticket {
        if (asOf < 0 || grantMicros < 0) {
            throw new IllegalArgumentException("a ticket has no negative stamps");
        }
    }

    /** One of whichever history. */
    public Ticket(long asOf, long grantMicros) {
        this("", asOf, grantMicros);
    }

    /** Reads {@link #toString()}, or a stamp alone. */
    public static Ticket parse(String text) {
        Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            throw new IllegalArgumentException(
                    "a ticket is sent back as it was given, STAMP, STAMP-GRANT or STAMP-GRANT-EPOCH");
        }
        String grant = Objects.requireNonNullElse(parts.group(2), "0");
        String epoch = Objects.requireNonNullElse(parts.group(3), "");
        return new Ticket(epoch, Long.parseLong(parts.group(1)), Long.parseLong(grant));
    }

    /** Whether this comes from a newer computation than another: from a later history, or later in the same. */
    public boolean isNewerThan(Ticket other) {
        return epoch.equals(other.epoch) ? compareTo(other) > 0 : firstStamp(epoch) > firstStamp(other.epoch);
    }

    /** The first stamp of a history, which its name begins with, before a dot: later ones begin higher. 0 if it does not say. */
    public static long firstStamp(String epoch) {
        Matcher first = FIRST.matcher(epoch);
        return first.matches() ? Long.parseLong(first.group(1)) : 0;
    }

    @Override
    public int compareTo(Ticket other) {
        int order = Long.compare(asOf, other.asOf);
        return order != 0 ? order : Long.compare(grantMicros, other.grantMicros);
    }

    @Override
    public String toString() {
        return asOf + "-" + grantMicros + (epoch.isEmpty() ? "" : "-" + epoch);
    }
}
