package dev.freshet.chaos;

import java.util.Locale;

/**
 * One line of a history: what a client asked and was told, or what befell the fleet.
 *
 * @param startNanos on the one monotonic clock of the run, before the request was sent
 * @param endNanos on the same clock, after the answer had come whole
 * @param replica who was asked or is meant; of an event, the subscriber who heard it
 * @param key the entry; of a fault its kind, of an event its type
 * @param value what was answered, written or ended, as {@link Value#text()}
 * @param stamp of the ticket, of the invalidation, or the position that an event tells; 0 for none
 * @param status of HTTP; 0 when the connection ended, -1 when nothing came for too long
 * @param deadlineMs within which an answer is due; 0 for what is not asked
 * @param detail whatever else is to be known, without tabs
 */
record Operation(
        Kind kind,
        long startNanos,
        long endNanos,
        String replica,
        String key,
        String value,
        long stamp,
        int status,
        int deadlineMs,
        String detail) {

    private static final int FIELDS = 10;

    /** What happened. */
    enum Kind {
        READ,
        WRITE,
        INVALIDATE,
        /** A subscriber heard something. */
        EVENT,
        /** The fleet was harmed, from the start to the end. */
        FAULT,
        /** The fleet was coherent again at the end; it had been whole from the start. */
        RECOVERY,
        /** The clients themselves stood still from the start to the end. */
        STALL
    }

    boolean isAnswered() {
        return status > 0;
    }

    boolean isStored() {
        return status == 201 || status == 204;
    }

    /** Appends the line, with its end. */
    void appendTo(StringBuilder line) {
        line.append(kind.name().toLowerCase(Locale.ROOT)).append('\t');
        line.append(startNanos).append('\t').append(endNanos).append('\t');
        line.append(replica).append('\t').append(key).append('\t').append(value).append('\t');
        line.append(stamp)
                .append('\t')
                .append(status)
                .append('\t')
                .append(deadlineMs)
                .append('\t');
        line.append(detail).append('\n');
    }

    /** Reads a line without its end. */
    static Operation parse(String line) {
        String[] fields = line.split("\t", -1);
        if (fields.length != FIELDS) {
            throw new IllegalArgumentException("a line has " + FIELDS + " fields: " + line);
        }
        return new Operation(
                Kind.valueOf(fields[0].toUpperCase(Locale.ROOT)),
                Long.parseLong(fields[1]),
                Long.parseLong(fields[2]),
                fields[3],
                fields[4],
                fields[5],
                Long.parseLong(fields[6]),
                Integer.parseInt(fields[7]),
                Integer.parseInt(fields[8]),
                fields[9]);
    }
}
