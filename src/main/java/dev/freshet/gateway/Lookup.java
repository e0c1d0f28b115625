package dev.freshet.gateway;

import dev.freshet.entry.Entry;
import dev.freshet.entry.Freshness;
import dev.freshet.entry.Ticket;
import dev.freshet.lease.Turn;
import java.util.Optional;

/** What a read found. */
public sealed interface Lookup {
    /** Whether it was waited for. */
    boolean collapsed();

    /** Where an entry was found. */
    enum Source {
        /** In this process. */
        NEAR,
        /** In the store. */
        STORE,
        /** In this process, while the store does not answer: what an invalidation has ended since then is not known. */
        OUTAGE
    }

    /**
     * Serve it.
     *
     * @param ageMs since its computation began
     */
    record Fresh(Entry entry, long ageMs, Source source, boolean collapsed) implements Lookup {}

    /**
     * Serve it; it is fresh, and the caller was elected to refresh it before it is not.
     *
     * @param ageMs since its computation began
     * @param ticket for a computation that begins now
     */
    record Early(Entry entry, long ageMs, Source source, Turn.Lead turn, Ticket ticket, boolean collapsed)
            implements Lookup {}

    /**
     * Serve it; it wants a refresh.
     *
     * @param why {@link Freshness#STALE_BY_TIME} or {@link Freshness#STALE_BY_TAG}
     * @param turn the caller's, if it asked for one: to lead or to follow
     * @param ticket for a computation that begins now
     */
    record Stale(
            Entry entry,
            long ageMs,
            Source source,
            Freshness why,
            Optional<Turn> turn,
            Ticket ticket,
            boolean collapsed)
            implements Lookup {}

    /** There is nothing to serve. */
    record Miss(Optional<Turn> turn, Ticket ticket, boolean collapsed) implements Lookup {}
}
