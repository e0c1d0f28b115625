package dev.freshet.redis;

import java.util.concurrent.atomic.LongAdder;

/** What this replica has removed of deployments that nobody used any more. */
public final class Retired {
    private final LongAdder deployments = new LongAdder();
    private final LongAdder entries = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    /** Nothing yet. */
    public Retired() {}

    /** Deployments of which nothing is left. */
    public long deployments() {
        return deployments.sum();
    }

    /** Entries. */
    public long entries() {
        return entries.sum();
    }

    /** Their bodies and headers, in bytes. */
    public long bytes() {
        return bytes.sum();
    }

    void add(long moreEntries, long moreBytes) {
        entries.add(moreEntries);
        bytes.add(moreBytes);
    }

    void whole() {
        deployments.increment();
    }
}
