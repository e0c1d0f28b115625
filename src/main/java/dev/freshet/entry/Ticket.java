package dev.freshet.entry;

/**
 * What was known when a computation began. Opaque to clients, who send it back with the value.
 *
 * @param asOf the stamp up to which invalidations were known
 * @param grantMicros when it was given, in microseconds of Redis time: orders tickets of one {@code asOf}
 */
public record Ticket(long asOf, long grantMicros) implements Comparable<Ticket> {
    /** Checks the stamps. */
    public Ticket {
        if (asOf < 0 || grantMicros < 0) {
            throw new IllegalArgumentException("a ticket has no negative stamps");
        }
    }

    /** Reads {@link #toString()}, or a stamp alone. */
    public static Ticket parse(String text) {
        if (!text.matches("[0-9]{1,16}(-[0-9]{1,16})?")) {
            throw new IllegalArgumentException("a ticket is sent back as it was given, STAMP or STAMP-GRANT");
        }
        int dash = text.indexOf('-');
        return dash < 0
                ? new Ticket(Long.parseLong(text), 0)
                : new Ticket(Long.parseLong(text.substring(0, dash)), Long.parseLong(text.substring(dash + 1)));
    }

    @Override
    public int compareTo(Ticket other) {
        int order = Long.compare(asOf, other.asOf);
        return order != 0 ? order : Long.compare(grantMicros, other.grantMicros);
    }

    @Override
    public String toString() {
        return asOf + "-" + grantMicros;
    }
}
