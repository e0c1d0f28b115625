package dev.freshet.store;

/**
 * What every replica of a fleet agrees on.
 *
 * @param windowMs how long a replica may trust its near cache after a beat
 * @param marginMs how much later, beside a fiftieth of it, a window is believed to have ended
 * @param marksMax tags of an app whose invalidations are remembered
 * @param outageMs how long past its window a replica may serve near copies when the store does not answer, 0 for not at all
 */
public record Rules(long windowMs, long marginMs, int marksMax, Acks acks, long outageMs) {
    /** When a replica says what it has applied. */
    public enum Acks {
        /** At once: an invalidation is acknowledged after a round trip. */
        EAGER,
        /** With its next beat: fewer messages. */
        BEAT,
        /** Never: an invalidation is acknowledged when the windows that were open have ended. */
        WINDOW
    }

    /** How much longer a window is believed to last than the replica itself believes: two clocks may differ by a hundredth each. */
    private static final long BELIEVED_MICROS_PER_MS = 1_021;

    /**
     * When a window that opens now has ended for certain.
     *
     * @param nowMicros in µs of any clock
     */
    public long windowEndMicros(long nowMicros) {
        return nowMicros + BELIEVED_MICROS_PER_MS * windowMs + 1_000 * marginMs;
    }

    /** How long, in ms, a replica may serve at most from the sending of its last beat, by whatever clock. */
    public long servedMsMax() {
        return outageMs == 0 ? 0 : BELIEVED_MICROS_PER_MS * (windowMs + outageMs) / 1_000 + marginMs;
    }
}
