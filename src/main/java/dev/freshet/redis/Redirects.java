package dev.freshet.redis;

import java.util.concurrent.atomic.LongAdder;

/** How often a command was to go elsewhere: a node of a cluster has named another one, or the master was another. */
public final class Redirects {
    private final LongAdder moved = new LongAdder();
    private final LongAdder asked = new LongAdder();
    private final LongAdder masters = new LongAdder();

    /** Not yet. */
    public Redirects() {}

    /** Commands that went to a node which no longer has their slot. */
    public long moved() {
        return moved.sum();
    }

    /** Commands whose slot was on its way to another node. */
    public long asked() {
        return asked.sum();
    }

    /** Masters in whose place another was found. */
    public long masters() {
        return masters.sum();
    }

    void hasMoved() {
        moved.increment();
    }

    void isAsked() {
        asked.increment();
    }

    void areReplaced(long some) {
        masters.add(some);
    }
}
