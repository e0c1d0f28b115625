package dev.freshet.tag;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The marks of one app in memory, bounded in number: the oldest are dropped, and the floor rises to the newest stamp
 * dropped. One thread writes, any thread reads, without a lock and without allocating.
 */
public final class MarkTable implements Marks {
    /*
     * Each tag has a row, and the rows are a ring in the order of their last changes: the log. Its
     * first row is the next to drop, and its last ones are what changed since. A row is set into the
     * ring beginning from the one set before it, for what comes late comes in order too: a beat
     * brings what is older than what the bus brought meanwhile, all of one stamp.
     *
     * A row is found by its hash, in shards of open addressing: many, so that none is ever long to
     * build anew. What a reader relies on: a row stays in its slot until it is dropped; a dropped
     * one leaves a row that has no name, so that the search goes on; and a shard that is built anew
     * takes the place of the old one as a whole.
     *
     * The floor rises before a mark goes, and a reader asks for the mark before it asks for the
     * floor: it sees the mark, or the floor, or both, and never neither.
     */

    private static final int SHARD_ROWS = 4_096;
    private static final int SHARDS_MAX = 4_096;
    private static final int SLOTS_MIN = 8;

    /** What is known of one tag. All but the mark belongs to the thread that writes. */
    private static final class Row {
        /** Stands where a row was dropped. */
        static final Row DROPPED = new Row("", Mark.NONE);

        /** Bytes of ISO 8859-1, which take two thirds of what a string of them does, or the string. */
        final Object name;

        volatile Mark mark;
        long changedAt;
        Row older = this;
        Row newer = this;

        Row(String text, Mark mark) {
            this.name = text.chars().allMatch(c -> c < 256) ? text.getBytes(StandardCharsets.ISO_8859_1) : text;
            this.mark = mark;
        }

        /** That of its tag. Not kept: a row would take 8 bytes more for it. */
        int hash() {
            return name instanceof byte[] bytes ? mixed(hashOf(bytes)) : mixed(name.hashCode());
        }

        /* As String does. */
        private static int hashOf(byte[] bytes) {
            int hash = 0;
            for (byte each : bytes) {
                hash = 31 * hash + (each & 0xff);
            }
            return hash;
        }

        /* From the end: many tags begin alike. */
        boolean isOf(String text) {
            if (!(name instanceof byte[] bytes)) {
                return name.equals(text);
            }
            if (bytes.length != text.length()) {
                return false;
            }
            for (int i = bytes.length - 1; i >= 0; i--) {
                if ((bytes[i] & 0xff) != text.charAt(i)) {
                    return false;
                }
            }
            return true;
        }

        Tag tag() {
            return new Tag(
                    name instanceof byte[] bytes ? new String(bytes, StandardCharsets.ISO_8859_1) : (String) name);
        }
    }

    private final int marksMax;
    private final AtomicReferenceArray<AtomicReferenceArray<@Nullable Row>> shards;

    /** How many slots of each shard are not empty. */
    private final int[] used;

    /** Between the newest row and the oldest. */
    private final Row ends = new Row("", Mark.NONE);

    private Row lastSet = ends;
    private int size;
    private volatile long floor;
    private volatile long version;

    /**
     * An empty table.
     *
     * @param marksMax how many marks it keeps
     */
    public MarkTable(int marksMax) {
        this.marksMax = marksMax;
        int count = Integer.highestOneBit(Math.clamp(marksMax / SHARD_ROWS, 1, SHARDS_MAX));
        shards = new AtomicReferenceArray<>(count);
        used = new int[count];
        empty();
    }

    @Override
    public Mark of(Tag tag) {
        Row row = find(tag.text(), hash(tag.text()));
        return row == null ? Mark.NONE : row.mark;
    }

    @Override
    public long floor() {
        return floor;
    }

    /** Rises after each change of a mark or of the floor: what was judged at a version is right while that stands. */
    public long version() {
        return version;
    }

    /** Lets the version rise after a change of something else by which entries are judged. */
    public void outdate() {
        version = version() + 1;
    }

    /** How many marks it holds. */
    public int size() {
        return size;
    }

    /**
     * Adds what is known of a tag.
     *
     * @param changedAt the stamp of the change that brought it, which may be newer than the mark
     */
    public void merge(Tag tag, Mark mark, long changedAt) {
        int hash = hash(tag.text());
        Row known = find(tag.text(), hash);
        if (known == null) {
            Row row = new Row(tag.text(), mark);
            log(row, Math.max(changedAt, mark.newest()));
            insert(row, hash);
        } else {
            Mark merged = known.mark.merge(mark);
            log(known, Math.max(Math.max(changedAt, known.changedAt), merged.newest()));
            if (merged.equals(known.mark)) {
                return;
            }
            known.mark = merged;
        }
        while (size > marksMax) {
            Row oldest = ends.newer;
            floor = Math.max(floor, oldest.mark.newest());
            drop(oldest);
        }
        outdate();
    }

    /** Lets the floor rise, and forgets the marks that it covers: the oldest, up to one that it does not cover. */
    public void raiseFloor(long stamp) {
        if (stamp <= floor) {
            return;
        }
        floor = stamp;
        while (size > 0 && ends.newer.mark.newest() <= stamp) {
            drop(ends.newer);
        }
        outdate();
    }

    /** The marks of the tags that changed after a stamp, which is not below the floor. The thread that writes may call. */
    public Map<Tag, Mark> since(long stamp) {
        return since(stamp, Integer.MAX_VALUE);
    }

    /** The same, of at most so many tags: those that changed last. */
    public Map<Tag, Mark> since(long stamp, int tagsMax) {
        Map<Tag, Mark> changed = new HashMap<>();
        for (Row row = ends.older; row != ends && row.changedAt > stamp && changed.size() < tagsMax; row = row.older) {
            changed.put(row.tag(), row.mark);
        }
        return changed;
    }

    /** Forgets every mark, and sets the floor, be it lower. Whoever reads meanwhile may see neither mark nor floor. */
    public void reset(long newFloor) {
        floor = Math.max(floor, newFloor);
        empty();
        floor = newFloor;
        outdate();
    }

    private void empty() {
        AtomicReferenceArray<@Nullable Row> none = new AtomicReferenceArray<>(1);
        for (int shard = 0; shard < used.length; shard++) {
            shards.set(shard, none);
            used[shard] = 0;
        }
        ends.newer = ends;
        ends.older = ends;
        lastSet = ends;
        size = 0;
    }

    private void log(Row row, long changedAt) {
        if (row.newer != row && row.changedAt == changedAt) {
            return;
        }
        unlink(row);
        Row before = lastSet;
        while (before != ends && before.changedAt > changedAt) {
            before = before.older;
        }
        while (before.newer != ends && before.newer.changedAt <= changedAt) {
            before = before.newer;
        }
        row.changedAt = changedAt;
        row.older = before;
        row.newer = before.newer;
        row.older.newer = row;
        row.newer.older = row;
        lastSet = row;
    }

    private void unlink(Row row) {
        if (lastSet == row) {
            lastSet = row.older;
        }
        row.older.newer = row.newer;
        row.newer.older = row.older;
    }

    private static int hash(String text) {
        return mixed(text.hashCode());
    }

    private static int mixed(int hash) {
        int product = hash * 0x9E3779B9;
        return product ^ (product >>> 16);
    }

    private int shard(int hash) {
        return (hash >>> 20) & (used.length - 1);
    }

    private @Nullable Row find(String text, int hash) {
        AtomicReferenceArray<@Nullable Row> slots = shards.get(shard(hash));
        int slot = hash;
        while (true) {
            Row row = slots.get(slot & (slots.length() - 1));
            if (row == null || row.isOf(text)) {
                return row;
            }
            slot++;
        }
    }

    private void insert(Row row, int hash) {
        int shard = shard(hash);
        AtomicReferenceArray<@Nullable Row> slots = shards.get(shard);
        if (used[shard] + 1 > slots.length() / 4 * 3) {
            slots = rebuilt(shard, slots);
        }
        if (place(slots, row, hash)) {
            used[shard]++;
        }
        size++;
    }

    /** Puts a row into the first slot that is free. Whether that one was empty. */
    private static boolean place(AtomicReferenceArray<@Nullable Row> slots, Row row, int hash) {
        int mask = slots.length() - 1;
        int slot = hash & mask;
        Row there = slots.get(slot);
        while (there != null && there != Row.DROPPED) {
            slot = (slot + 1) & mask;
            there = slots.get(slot);
        }
        slots.set(slot, row);
        return there == null;
    }

    private AtomicReferenceArray<@Nullable Row> rebuilt(int shard, AtomicReferenceArray<@Nullable Row> old) {
        int rows = 0;
        for (int slot = 0; slot < old.length(); slot++) {
            rows += old.get(slot) == null || old.get(slot) == Row.DROPPED ? 0 : 1;
        }
        int length = SLOTS_MIN;
        while (rows > length / 8 * 5) {
            length *= 2;
        }
        AtomicReferenceArray<@Nullable Row> slots = new AtomicReferenceArray<>(length);
        for (int slot = 0; slot < old.length(); slot++) {
            Row row = old.get(slot);
            if (row != null && row != Row.DROPPED) {
                place(slots, row, row.hash());
            }
        }
        shards.set(shard, slots);
        used[shard] = rows;
        return slots;
    }

    private void drop(Row row) {
        unlink(row);
        int hash = row.hash();
        AtomicReferenceArray<@Nullable Row> slots = shards.get(shard(hash));
        int slot = hash & (slots.length() - 1);
        while (slots.get(slot) != row) {
            slot = (slot + 1) & (slots.length() - 1);
        }
        slots.set(slot, Row.DROPPED);
        size--;
    }
}
