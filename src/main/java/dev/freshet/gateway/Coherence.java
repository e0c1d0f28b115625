package dev.freshet.gateway;

import dev.freshet.entry.Ticket;
import dev.freshet.loop.Clocks;
import dev.freshet.store.Pulse;
import dev.freshet.tag.MarkTable;
import dev.freshet.tag.Marks;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** What this replica knows of one app. Written by the invalidation verticle, read by every event loop. */
public final class Coherence {
    /*
     * The window. A near copy may be served until windowEndNanos, which counts on this process's
     * monotonic clock from before the sending of the last good beat; the store counts the same time,
     * and a margin, from receiving it. So when the store lets the window end, it has ended here.
     *
     * Marks are merged before the applied stamp rises, and the applied stamp rises before it is
     * acknowledged: who reads the stamp finds its marks, and what is acknowledged is in force.
     */

    private final String app;
    private final MarkTable marks;
    private final Clocks clocks;

    private volatile String epoch = "";
    private volatile long applied;
    private volatile boolean listening;
    private volatile long windowEndNanos;
    private volatile long storeMinusNanoMicros;

    Coherence(String app, int marksMax, Clocks clocks) {
        this.app = app;
        this.marks = new MarkTable(marksMax);
        this.clocks = clocks;
        close();
    }

    /** The app's name. */
    public String app() {
        return app;
    }

    /** The app's marks, as far as they were applied. */
    public Marks marks() {
        return marks;
    }

    /** The history that the applied stamp belongs to, empty before the first beat. */
    public String epoch() {
        return epoch;
    }

    /** The stamp up to which everything was applied. */
    public long applied() {
        return applied;
    }

    /** Whether every acknowledged invalidation is known here. To be asked last, after whatever took time. */
    public boolean isCoherent() {
        return clocks.nanos() - windowEndNanos < 0;
    }

    /** Whether near copies may be used: writes are heard, and every acknowledged invalidation is known here. */
    public boolean mayUseNear() {
        return listening && isCoherent();
    }

    /*
     * Open before: by then, whatever was acknowledged is among the marks, so the judgement knows it;
     * that a beat opened the window meanwhile would not do. Open after: no pause came between. One
     * history: the table was not emptied meanwhile, to be filled anew.
     */

    /** What {@code judgement} says if the window is open from before until after it, in one history; else nothing. */
    <T> Optional<T> inWindow(Supplier<T> judgement) {
        String history = epoch;
        if (!isCoherent()) {
            return Optional.empty();
        }
        T judged = judgement.get();
        return isCoherent() && history.equals(epoch) ? Optional.of(judged) : Optional.empty();
    }

    /** Redis time as estimated here, in ms. For ages and deadlines, never for the order of anything. */
    public long nowMs() {
        return nowMicros() / 1_000;
    }

    /** What a computation that begins now is given. */
    public Ticket ticket() {
        return new Ticket(applied, nowMicros());
    }

    private long nowMicros() {
        return clocks.nanos() / 1_000 + storeMinusNanoMicros;
    }

    /** The table, for the one who writes it. */
    MarkTable table() {
        return marks;
    }

    void listening(boolean heard) {
        listening = heard;
    }

    /** Takes an invalidation into account, whose marks are in the table. */
    void advance(long stamp) {
        applied = Math.max(applied, stamp);
    }

    /** Forgets everything: another history begins. */
    void reset(String newEpoch) {
        close();
        marks.reset(marks.floor());
        applied = 0;
        epoch = newEpoch;
    }

    /** Closes the window. */
    void close() {
        windowEndNanos = clocks.nanos() - 1;
    }

    /** Sets the clock by a beat's answer. */
    void tell(Pulse pulse, long sentNanos) {
        long middleMicros = (sentNanos + (clocks.nanos() - sentNanos) / 2) / 1_000;
        storeMinusNanoMicros = pulse.timeMicros() - middleMicros;
    }

    /** Opens the window by a beat whose answer was applied whole. */
    void open(long sentNanos, long windowMs) {
        windowEndNanos = sentNanos + TimeUnit.MILLISECONDS.toNanos(windowMs);
    }
}
