package dev.freshet.sim;

/** How one replica's way to Redis is now. Changed by {@link Faults}. */
final class Network {
    /** Nothing passes, and nobody says so. */
    boolean cut;

    /** No connection for the bus can be made, and those that are there say nothing. */
    boolean busCut;

    /** The bus that is there says nothing more, for good; another would. */
    boolean busDeaf;

    /** Whoever calls is refused at once. */
    boolean refused;

    /** One call in so many is refused, for no reason. */
    int refusedOneIn = 2_000;

    /** What each message takes longer at most, in ns. */
    long slowNanos;

    /** Beyond what TCP does: one message of the bus in so many is lost, told twice, or told late; 0 for none. */
    int lostOneIn;

    int twiceOneIn;
    int lateOneIn;

    /** When that was last so, or soon will have been. */
    long unreliableUntil = Long.MIN_VALUE;

    void unreliable(int lost, int twice, int late) {
        lostOneIn = lost;
        twiceOneIn = twice;
        lateOneIn = late;
        unreliableUntil = Long.MAX_VALUE;
    }

    void reliable(long fromNanos) {
        if (unreliableUntil == Long.MAX_VALUE) {
            unreliableUntil = fromNanos;
        }
        lostOneIn = 0;
        twiceOneIn = 0;
        lateOneIn = 0;
    }
}
