package dev.freshet.gateway;

import dev.freshet.entry.Entry;
import dev.freshet.entry.Freshness;
import dev.freshet.entry.Ticket;
import dev.freshet.loop.Clocks;
import dev.freshet.near.Copy;
import dev.freshet.store.Pulse;
import dev.freshet.store.Rules;
import dev.freshet.tag.Mark;
import dev.freshet.tag.MarkTable;
import dev.freshet.tag.Marks;
import dev.freshet.tag.Tag;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What this replica knows of one app. Written by the invalidation verticle, read by every event loop. */
public final class Coherence implements Marks {
    /*
     * The window. A near copy may be served until windowEndNanos, which counts on this process's
     * clock from before the sending of the last good beat; the store counts the same time, and a
     * margin, from receiving it. So when the store lets the window end, it has ended here. The clock
     * goes on while this process or its machine stands still.
     *
     * Marks are merged before the applied stamp rises, and the applied stamp rises before it is
     * acknowledged: who reads the stamp finds its marks, and what is acknowledged is in force.
     *
     * When the store does not answer, and the window has ended for no other reason, near copies may be
     * served for a while more, by the marks that are known: each answer says so, and so does whoever
     * acknowledges an invalidation meanwhile, for the store remembers who may be doing this.
     *
     * What waits for the store to take it (Backlog) has no stamp yet. It is held beside the marks, and entries are
     * judged by both; what is told of a tag is its mark alone.
     *
     * A near copy that the marks left fresh remembers their version of before it was judged. The version
     * rises after each change of what entries are judged by but time: a mark, the floor, the history. So
     * while it stands, only the age of that copy is to be judged. It is read after the window was found
     * to be open, and so after the rise for whatever had to be known when the request began.
     */

    /** By how many ns of one clock two may move apart by a µs. */
    private static final long DRIFT_NANOS_PER_MICRO = 1_000_000;

    private final String app;
    private final MarkTable marks;
    private final Rules rules;
    private final Clocks clocks;

    /** The marks that are to come of what the store has not taken yet. */
    private final Map<Tag, Mark> expected = new ConcurrentHashMap<>();

    /** What entries are judged by. */
    private final Marks judging = new Marks() {
        @Override
        public Mark of(Tag tag) {
            Mark coming = expected.isEmpty() ? null : expected.get(tag);
            return coming == null ? marks.of(tag) : marks.of(tag).merge(coming);
        }

        @Override
        public long floor() {
            return Coherence.this.floor();
        }
    };

    private volatile History history = new History("");
    private volatile long applied;
    private volatile long doubt;
    private volatile boolean listening;
    private volatile boolean cutOff;
    private volatile long term;
    private volatile long windowEndNanos;
    private volatile long storeMinusNanoMicros;

    /** When the clock was last set, 0 for never. Of the one who writes. */
    private long toldNanos;

    /**
     * A history of stamps.
     *
     * @param begun its first stamp; 0 if its name does not say
     */
    private record History(String epoch, long begun) {
        History(String epoch) {
            this(epoch, Ticket.firstStamp(epoch));
        }
    }

    Coherence(String app, Rules rules, Clocks clocks) {
        this.app = app;
        this.marks = new MarkTable(rules.marksMax());
        this.rules = rules;
        this.clocks = clocks;
        this.windowEndNanos = closed();
    }

    /** The app's name. */
    public String app() {
        return app;
    }

    @Override
    public Mark of(Tag tag) {
        return marks.of(tag);
    }

    /** What is older than a history in doubt is not known to be good either. */
    @Override
    public long floor() {
        return Math.max(marks.floor(), doubt);
    }

    /** The history that the applied stamp belongs to, empty before the first beat. */
    public String epoch() {
        return history.epoch;
    }

    /**
     * A stamp of some history as one of the present: stamps of two histories cannot be compared, and whoever knew all of an
     * older one knew nothing of this.
     */
    long asOf(String epoch, long asOf) {
        return asOf(history, epoch, asOf);
    }

    private static long asOf(History now, String epoch, long asOf) {
        return epoch.isEmpty() || epoch.equals(now.epoch) ? asOf : Math.min(asOf, Math.max(0, now.begun - 1));
    }

    /** The stamp up to which everything was applied. */
    public long applied() {
        return applied;
    }

    /** Up to where everything was applied, for who judges afterwards; none while another history begins. */
    public Place place() {
        History now = history;
        Place place = new Place(now.epoch, applied);
        return now.equals(history) ? place : Place.NONE;
    }

    /** Whether every acknowledged invalidation is known here. */
    public boolean isCoherent() {
        return isOpen(clocks.nanos());
    }

    /** Whether near copies may be used: writes are heard, and every acknowledged invalidation is known here. */
    public boolean mayUseNear() {
        return listening && isCoherent();
    }

    /*
     * One reading of the clock for each read of an entry, before everything else. If the window is open
     * then, whatever was acknowledged until then is among the marks, and a judgement made later knows
     * it. What is acknowledged after that reading, while this process was halted or not, need not be
     * known: the request began before it.
     */

    /** Whether the window was open at a reading of the clock. */
    boolean isOpen(long nanos) {
        return nanos - windowEndNanos < 0;
    }

    /** Whether near copies may be used by a reading of the clock. */
    boolean mayUseNear(long nanos) {
        return listening && isOpen(nanos);
    }

    /** The store does not answer, or does again. */
    void cutOff(boolean off) {
        cutOff = off;
    }

    /** Whether the store did not answer the last beat. */
    public boolean isCutOff() {
        return cutOff;
    }

    /** Whether near copies may be served if the store does not answer: the window has not ended, or not long ago. */
    boolean mayServeCutOff(long nanos) {
        long outageNanos = TimeUnit.MILLISECONDS.toNanos(rules.outageMs());
        return outageNanos > 0 && nanos - windowEndNanos < outageNanos;
    }

    /** Whether the window has ended because the store does not answer, and near copies are served all the same. */
    public boolean isOutage() {
        long nanos = clocks.nanos();
        return cutOff && !isOpen(nanos) && mayServeCutOff(nanos);
    }

    /** Counts the times from when writes are heard until that may have failed; a near copy is good in the one it is of. */
    public long term() {
        return term;
    }

    /**
     * How fresh an entry is; null if the window is not open, or another history began meanwhile, so that the marks may be others.
     *
     * @param nanos the clock, read after the request began
     */
    @Nullable
    Freshness judge(Entry entry, List<Tag> softTags, long nanos) {
        History now = history;
        if (!isOpen(nanos)) {
            return null;
        }
        long asOf = asOf(now, entry.epoch(), entry.asOf());
        Freshness freshness = Freshness.of(entry, asOf, judging, softTags, msAt(nanos));
        // In this order: a window that another history closed is not opened again before that has begun.
        return isOpen(nanos) && now.equals(history) ? freshness : null;
    }

    /** How fresh an entry is by what was known when the store was last heard; see {@link #mayServeCutOff}. */
    Freshness judgeInOutage(Entry entry, List<Tag> softTags, long nanos) {
        return Freshness.of(entry, asOf(history, entry.epoch(), entry.asOf()), judging, softTags, msAt(nanos));
    }

    /** The same as {@link #judge(Entry, List, long)} of a near copy, which remembers by which marks it was fresh. */
    @Nullable
    Freshness judge(Copy copy, List<Tag> softTags, long nanos) {
        if (!isOpen(nanos)) {
            return null;
        }
        long version = marks.version();
        if (softTags.isEmpty() && copy.wasFreshAt(version)) {
            return Freshness.byAge(copy.entry(), msAt(nanos));
        }
        Freshness freshness = judge(copy.entry(), softTags, nanos);
        if (freshness == Freshness.FRESH) {
            copy.freshAt(version);
        }
        return freshness;
    }

    /** The stamp of the newest invalidation that ends what is as of before it and has these tags; 0 if none is known. */
    long endedAt(List<Tag> tags) {
        long nowMs = nowMs();
        long newest = 0;
        for (Tag tag : tags) {
            newest = Math.max(newest, of(tag).endedAt(nowMs));
        }
        return newest;
    }

    /** Redis time at a reading of the clock, in ms, at most as late as it may have been. */
    long msAt(long nanos) {
        return (nanos / 1_000 + storeMinusNanoMicros) / 1_000;
    }

    /** Where this replica stands: all of one history in an open window, or it says that it is not coherent. */
    public Standing standing() {
        long nanos = clocks.nanos();
        History now = history;
        long endNanos = windowEndNanos;
        Place place = new Place(now.epoch, applied);
        boolean coherent = listening && nanos - endNanos < 0 && now.equals(history);
        long leftMs = TimeUnit.NANOSECONDS.toMillis(endNanos - nanos);
        return new Standing(place, floor(), coherent, coherent ? leftMs : 0);
    }

    /** Redis time as estimated here, in ms. For ages and deadlines, never for the order of anything. */
    public long nowMs() {
        return nowMicros() / 1_000;
    }

    /** What a computation that begins now is given. */
    public Ticket ticket() {
        return new Ticket(history.epoch, applied, nowMicros());
    }

    /*
     * A ticket from the future would outlive invalidations to come. One that another, faster replica gave
     * may be ahead of this one, which has just asked the store whether it is: taken for older than it is,
     * it would lose to an older one. One of an older history keeps its name, by which the store tells the
     * order of two of them; one of a history that nobody here has heard of counts as older than this.
     */

    /** A ticket that a client sends back, as far as it may count. */
    Ticket taken(Ticket given) {
        History now = history;
        long asOf = Math.min(asOf(now, given.epoch(), given.asOf()), applied);
        boolean older = !given.epoch().isEmpty() && Ticket.firstStamp(given.epoch()) < now.begun;
        return new Ticket(older ? given.epoch() : now.epoch, asOf, given.grantMicros());
    }

    private long nowMicros() {
        return clocks.nanos() / 1_000 + storeMinusNanoMicros;
    }

    /** The table, for the one who writes it. */
    MarkTable table() {
        return marks;
    }

    boolean isListening() {
        return listening;
    }

    /** Writes are heard from now on, or may not be: another term begins. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // One writes.
    void listening(boolean heard) {
        term++;
        listening = heard;
    }

    /** Takes an invalidation into account, whose marks are in the table. */
    void advance(long stamp) {
        applied = Math.max(applied, stamp);
    }

    /** Has entries of a tag judged by a mark that is to come, too. */
    void expect(Tag tag, Mark mark) {
        expected.merge(tag, mark, Mark::merge);
        marks.outdate();
    }

    /** No mark of a tag is to come any more: each is in the table. */
    void expectNoMore(Tag tag) {
        expected.remove(tag);
        marks.outdate();
    }

    /** Whether a mark is to come. */
    boolean isExpecting() {
        return !expected.isEmpty();
    }

    /** Another history begins, and whoever knows nothing else of the one before begins with it. */
    void reset(Pulse pulse) {
        close();
        doubt = pulse.doubt();
        marks.reset(pulse.floor());
        begin(pulse);
    }

    /** Another history begins, of which this replica knows what was before, so that it goes on. */
    void carryOn(Pulse pulse) {
        marks.raiseFloor(doubt);
        doubt = 0;
        begin(pulse);
    }

    private void begin(Pulse pulse) {
        applied = 0;
        history = new History(pulse.epoch());
        marks.outdate();
    }

    /** The history is whole again, and its marks are in the table. */
    void trust() {
        doubt = 0;
    }

    /** Closes the window. */
    void close() {
        windowEndNanos = closed();
    }

    /* Long ago: a request that has read the clock before this must not take it for open at that time. */
    private long closed() {
        return clocks.nanos() - Long.MAX_VALUE / 2;
    }

    /*
     * The answer was made between its beat's sending and now, so the difference of the clocks is between
     * those two. The latest is taken, so that no deadline is missed, unless an earlier beat that was
     * answered faster tells better; as the clocks drift apart that counts for less and less.
     */

    /**
     * Sets the clock by a beat's answer.
     *
     * @param sentNanos the clock before the beat was sent
     */
    void tell(Pulse pulse, long sentNanos) {
        long nowNanos = clocks.nanos();
        long latest = pulse.timeMicros() - sentNanos / 1_000;
        long earliest = pulse.timeMicros() - nowNanos / 1_000;
        long known = storeMinusNanoMicros + (nowNanos - toldNanos) / DRIFT_NANOS_PER_MICRO;
        storeMinusNanoMicros = toldNanos == 0 ? latest : Math.max(earliest, Math.min(latest, known));
        toldNanos = nowNanos;
    }

    /**
     * Opens the window by a beat whose answer was applied whole.
     *
     * @param sentNanos the clock before the beat was sent
     */
    void open(long sentNanos) {
        windowEndNanos = sentNanos + TimeUnit.MILLISECONDS.toNanos(rules.windowMs());
    }
}
