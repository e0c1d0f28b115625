package dev.freshet.tag;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The marks of one app in memory, bounded in number: the oldest are dropped, and the floor rises to the newest stamp
 * dropped. One thread writes, any thread reads.
 */
public final class MarkTable implements Marks {
    /*
     * The log holds one row for each mark, by its newest stamp. Stamps come in almost any order:
     * a beat fills a gap later than what came after it. So the log is sorted, not appended to: its
     * first row is the next to drop, and its last ones are what changed since.
     */

    private record Row(long stamp, Tag tag) {}

    private final int marksMax;
    private final ConcurrentHashMap<Tag, Mark> marks = new ConcurrentHashMap<>();
    private final TreeSet<Row> log = new TreeSet<>(
            Comparator.comparingLong(Row::stamp).thenComparing(row -> row.tag().text()));
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

    /** How many rows its log holds. */
    int rows() {
        return log.size();
    }

    /** How many marks it holds. */
    public int size() {
        return marks.size();
    }

    /** Adds what is known of a tag. */
    public void merge(Tag tag, Mark mark) {
        Mark known = of(tag);
        Mark merged = known.merge(mark);
        marks.put(tag, merged);
        log.remove(new Row(known.newest(), tag));
        log.add(new Row(merged.newest(), tag));
        while (log.size() > marksMax) {
            dropOldest();
        }
    }

    /** Lets the floor rise, and forgets the marks below it. */
    public void raiseFloor(long stamp) {
        if (stamp <= floor) {
            return;
        }
        floor = stamp;
        while (!log.isEmpty() && log.getFirst().stamp <= stamp) {
            marks.remove(log.removeFirst().tag);
        }
    }

    /** The marks of the tags that changed after a stamp, which is not below the floor. The thread that writes may call. */
    public Map<Tag, Mark> since(long stamp) {
        Map<Tag, Mark> changed = new HashMap<>();
        Iterator<Row> newestFirst = log.descendingIterator();
        while (newestFirst.hasNext()) {
            Row row = newestFirst.next();
            if (row.stamp <= stamp) {
                break;
            }
            changed.put(row.tag, of(row.tag));
        }
        return changed;
    }

    /** Forgets every mark. The floor stays. */
    public void clear() {
        marks.clear();
        log.clear();
    }

    /*
     * The floor rises before the mark goes, and a reader asks for the mark before it asks for the
     * floor: it sees the mark, or the floor, or both, and never neither.
     */
    private void dropOldest() {
        Row row = log.removeFirst();
        floor = Math.max(floor, row.stamp);
        marks.remove(row.tag);
    }
}
