package dev.freshet.near;

import dev.freshet.entry.Entry;

/** An entry as this process has it. Any thread may call. */
public final class Copy {
    private static final long NOT_JUDGED = -1;

    private final Entry entry;
    private final long seenNanos;
    private final long term;

    /** Of whichever thread judged it last. */
    private volatile long freshAt = NOT_JUDGED;

    /**
     * A copy that nobody has judged yet.
     *
     * @param seenNanos when it was last seen to be the stored one, by the clock
     * @param term in which that was; a copy of another term may have been overwritten unheard
     */
    public Copy(Entry entry, long seenNanos, long term) {
        this.entry = entry;
        this.seenNanos = seenNanos;
        this.term = term;
    }

    /** What it is a copy of. */
    public Entry entry() {
        return entry;
    }

    long seenNanos() {
        return seenNanos;
    }

    long term() {
        return term;
    }

    /** Whether it was fresh by the marks when they were of this version: its age alone decides until they change. */
    public boolean wasFreshAt(long version) {
        return freshAt == version;
    }

    /** It was judged, and is fresh by the marks as they were at this version or later. */
    public void freshAt(long version) {
        freshAt = version;
    }
}
