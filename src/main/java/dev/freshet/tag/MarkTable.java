package dev.freshet.tag;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The marks of one app in memory, bounded in number: the oldest are dropped, and the floor rises to the newest stamp
 * dropped. One thread writes, any thread reads.
 */
public final class MarkTable implements Marks {
    /*
     * The log holds (stamp, tag) in the order of merging, which is nearly the order of stamps. Its
     * head is the next to drop, unless the tag was marked again since: then it stands again further
     * back. Rows that are so outdated are at most as many as the marks, or the log is cleaned. So
     * dropping costs what is dropped, and the table is never sorted.
     */

    private record Row(long stamp, Tag tag) {}

    private final int marksMax;
    private final ConcurrentHashMap<Tag, Mark> marks = new ConcurrentHashMap<>();
    private final Deque<Row> log = new ArrayDeque<>();
    private volatile long floor;

    /**
     * An empty table.
     *
     * @param marksMax how many marks it keeps
     */
    public MarkTable(int marksMax) {
        this.marksMax = marksMax;
    }

    @Override
    public Mark of(Tag tag) {
        return marks.getOrDefault(tag, Mark.NONE);
    }

    @Override
    public long floor() {
        return floor;
    }

    /** How many marks it holds. */
    public int size() {
        return marks.size();
    }

    /** Adds what is known of a tag. */
    public void merge(Tag tag, Mark mark) {
        Mark merged = marks.merge(tag, mark, Mark::merge);
        log.addLast(new Row(merged.newest(), tag));
        while (marks.size() > marksMax) {
            dropOldest();
        }
        if (log.size() > 2 * Math.max(marksMax, 16)) {
            log.removeIf(row -> of(row.tag).newest() != row.stamp);
        }
    }

    /** Lets the floor rise, and forgets the marks below it. */
    public void raiseFloor(long stamp) {
        if (stamp <= floor) {
            return;
        }
        floor = stamp;
        while (!log.isEmpty() && log.getFirst().stamp <= stamp) {
            Row row = log.removeFirst();
            marks.computeIfPresent(row.tag, (tag, mark) -> mark.newest() <= stamp ? null : mark);
        }
    }

    /**
     * The marks of the tags that changed after a stamp, which is not below the floor. The thread that writes may call.
     *
     * <p>The log is sorted from wherever a gap in what was heard was last filled, so reading it backwards to the first
     * older row finds all.
     */
    public Map<Tag, Mark> since(long stamp) {
        Map<Tag, Mark> changed = new HashMap<>();
        Iterator<Row> newestFirst = log.descendingIterator();
        while (newestFirst.hasNext()) {
            Row row = newestFirst.next();
            if (row.stamp <= stamp) {
                break;
            }
            changed.computeIfAbsent(row.tag, marks::get);
        }
        return changed;
    }

    /** Forgets every mark. The floor stays. */
    public void clear() {
        marks.clear();
        log.clear();
    }

    /*
     * The floor rises before the mark goes: a reader between the two sees the mark, or the floor, or
     * both, and never neither.
     */
    private void dropOldest() {
        Row row = log.removeFirst();
        if (of(row.tag).newest() == row.stamp) {
            floor = Math.max(floor, row.stamp);
            marks.remove(row.tag);
        }
    }
}
