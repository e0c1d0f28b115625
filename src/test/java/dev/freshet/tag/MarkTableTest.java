package dev.freshet.tag;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** G5: bounded, whatever comes. G1: what is forgotten ends what it ended, by the floor. */
class MarkTableTest {
    @Test
    void since_moreThanAreWanted_areThoseThatChangedLast() {
        MarkTable table = new MarkTable(100);
        for (int i = 1; i <= 9; i++) {
            table.merge(tag(i), Mark.hard(i), i);
        }

        assertThat(table.since(3, 2)).containsOnlyKeys(tag(8), tag(9));
        assertThat(table.since(7, 3)).containsOnlyKeys(tag(8), tag(9));
    }

    private static final int SEEDS = 250;

    @Test
    void merge_beyondTheBound_dropsTheOldestAndRaisesTheFloor() {
        MarkTable table = new MarkTable(3);
        for (int stamp = 1; stamp <= 5; stamp++) {
            merge(table, tag(stamp), Mark.hard(stamp));
        }

        assertThat(table.size()).isEqualTo(3);
        assertThat(table.floor()).isEqualTo(2);
        assertThat(table.of(tag(2))).isEqualTo(Mark.NONE);
        assertThat(table.of(tag(3))).isEqualTo(Mark.hard(3));
    }

    @Test
    void merge_markedAgain_isNoLongerTheOldest() {
        MarkTable table = new MarkTable(2);
        merge(table, tag(1), Mark.hard(1));
        merge(table, tag(2), Mark.hard(2));
        merge(table, tag(1), Mark.hard(3));
        merge(table, tag(4), Mark.hard(4));

        assertThat(table.of(tag(1))).isEqualTo(Mark.hard(3));
        assertThat(table.of(tag(2))).isEqualTo(Mark.NONE);
        assertThat(table.floor()).isEqualTo(2);
    }

    @Test
    void merge_olderThanWhatIsThere_dropsTheOlderFirst() {
        MarkTable table = new MarkTable(2);
        merge(table, tag(8), Mark.hard(8));
        merge(table, tag(9), Mark.hard(9));
        merge(table, tag(1), Mark.hard(1));

        assertThat(table.floor()).isEqualTo(1);
        assertThat(table.of(tag(8))).isEqualTo(Mark.hard(8));
    }

    @Test
    void merge_fewTagsForever_leavesNothingBehind() {
        MarkTable table = new MarkTable(16);
        for (int i = 0; i < 10_000; i++) {
            merge(table, tag(i % 3), Mark.soft(i, i));
        }

        assertThat(table.size()).isEqualTo(3);
        assertThat(table.floor()).isZero();
        assertThat(table.since(0)).containsOnlyKeys(tag(0), tag(1), tag(2));
    }

    /** After a failover a replica writes back what the new master lacks: old marks, changed anew. */
    @Test
    void merge_markOlderThanItsChange_isLoggedByTheChange() {
        MarkTable table = new MarkTable(2);
        merge(table, tag(1), Mark.hard(6));
        table.merge(tag(2), Mark.hard(3), 7);

        assertThat(table.since(6)).containsOnly(Map.entry(tag(2), Mark.hard(3)));

        merge(table, tag(3), Mark.hard(8));
        assertThat(table.of(tag(1))).isEqualTo(Mark.NONE);
        assertThat(table.floor()).isEqualTo(6);

        merge(table, tag(4), Mark.hard(9));
        assertThat(table.of(tag(2))).isEqualTo(Mark.NONE);
        assertThat(table.floor()).as("never lowered").isEqualTo(6);
    }

    @Test
    void merge_writtenBackAndDropped_raisesTheFloorToTheMarkAndNotToItsChange() {
        MarkTable table = new MarkTable(1);
        table.merge(tag(1), Mark.hard(3), 90);
        table.merge(tag(2), Mark.hard(4), 91);

        assertThat(table.floor()).isEqualTo(3);
    }

    @Test
    void merge_changeOlderThanTheKnownOne_doesNotLowerIt() {
        MarkTable table = new MarkTable(10);
        table.merge(tag(1), Mark.hard(3), 9);
        table.merge(tag(1), Mark.hard(4), 5);

        assertThat(table.since(8)).containsOnly(Map.entry(tag(1), Mark.hard(4)));
    }

    @Test
    void merge_changeOlderThanItsMark_isLoggedByTheMark() {
        MarkTable table = new MarkTable(10);
        table.merge(tag(1), Mark.hard(9), 2);

        assertThat(table.since(8)).containsOnlyKeys(tag(1));
    }

    @Test
    void version_risesWithWhatAReaderSees_andWithNothingElse() {
        MarkTable table = new MarkTable(10);
        long empty = table.version();
        merge(table, tag(1), Mark.soft(5, 9));
        long marked = table.version();
        assertThat(marked).isGreaterThan(empty);

        table.merge(tag(1), Mark.soft(5, 9), 7);
        table.raiseFloor(0);
        assertThat(table.version()).isEqualTo(marked);

        merge(table, tag(1), Mark.hard(6));
        long markedAgain = table.version();
        assertThat(markedAgain).isGreaterThan(marked);

        table.raiseFloor(2);
        assertThat(table.version()).isGreaterThan(markedAgain);
    }

    @Test
    void of_namesOfOneHashOrBeyondLatin1_areToldApart() {
        MarkTable table = new MarkTable(10);
        List<String> names = List.of("AaAa", "BBBB", "AaBB", "BBAa", "\u00e9", "\u01e9", "\u6162", "ab");
        for (int i = 0; i < names.size(); i++) {
            merge(table, new Tag(names.get(i)), Mark.hard(i + 1));
        }

        for (int i = 0; i < names.size(); i++) {
            assertThat(table.of(new Tag(names.get(i)))).isEqualTo(Mark.hard(i + 1));
        }
        assertThat(table.since(0)).hasSize(names.size()).containsKeys(new Tag("\u00e9"), new Tag("\u6162"));
    }

    @Test
    void raiseFloor_toAStamp_forgetsWhatIsNotNewer() {
        MarkTable table = new MarkTable(10);
        merge(table, tag(1), Mark.hard(1));
        merge(table, tag(2), Mark.hard(2));
        merge(table, tag(3), Mark.hard(3));
        merge(table, tag(1), Mark.soft(4, 0));

        table.raiseFloor(2);

        assertThat(table.floor()).isEqualTo(2);
        assertThat(table.of(tag(2))).isEqualTo(Mark.NONE);
        assertThat(table.of(tag(3))).isEqualTo(Mark.hard(3));
        assertThat(table.of(tag(1)).newest()).isEqualTo(4);
    }

    @Test
    void raiseFloor_toALowerStamp_changesNothing() {
        MarkTable table = new MarkTable(10);
        table.raiseFloor(5);
        merge(table, tag(4), Mark.hard(4));
        table.raiseFloor(4);

        assertThat(table.floor()).isEqualTo(5);
        assertThat(table.of(tag(4))).isEqualTo(Mark.hard(4));
    }

    /** Else a mark that was written back would keep from being forgotten whatever changed after it. */
    @Test
    void raiseFloor_marksWrittenBackFirst_forgetsThemToo() {
        MarkTable table = new MarkTable(10);
        table.merge(tag(1), Mark.hard(1), 50);
        table.merge(tag(2), Mark.hard(2), 50);
        merge(table, tag(3), Mark.hard(60));

        table.raiseFloor(2);

        assertThat(table.size()).isEqualTo(1);
        assertThat(table.since(0)).containsOnlyKeys(tag(3));
    }

    @Test
    void reset_toALowerFloor_startsWithIt() {
        MarkTable table = new MarkTable(10);
        table.raiseFloor(5);
        merge(table, tag(7), Mark.hard(7));
        long before = table.version();
        table.reset(2);

        assertThat(table.size()).isZero();
        assertThat(table.of(tag(7))).isEqualTo(Mark.NONE);
        assertThat(table.floor()).isEqualTo(2);
        assertThat(table.since(0)).isEmpty();
        assertThat(table.version()).isGreaterThan(before);

        merge(table, tag(7), Mark.hard(3));
        assertThat(table.since(2)).containsOnlyKeys(tag(7));
    }

    @Test
    void since_aStamp_namesEachTagThatChangedAfterItOnce() {
        MarkTable table = new MarkTable(10);
        merge(table, tag(1), Mark.hard(1));
        merge(table, tag(2), Mark.hard(2));
        merge(table, tag(1), Mark.hard(3));
        merge(table, tag(1), Mark.soft(4, 9));

        assertThat(table.since(0)).containsOnlyKeys(tag(1), tag(2));
        assertThat(table.since(2)).containsOnly(Map.entry(tag(1), table.of(tag(1))));
        assertThat(table.since(4)).isEmpty();
    }

    /** G7: what was missed and filled in later is not in the order of stamps. */
    @Test
    void since_gapFilledInAnyOrder_missesNothing() {
        MarkTable table = new MarkTable(10);
        merge(table, tag(1), Mark.hard(1));
        merge(table, tag(3), Mark.hard(3));
        merge(table, tag(2), Mark.hard(2));

        assertThat(table.since(2)).containsOnlyKeys(tag(3));
        assertThat(table.since(1)).containsOnlyKeys(tag(2), tag(3));
    }

    /** The table does what a list of rows does, sorted by their changes. */
    @Test
    void table_anyHistory_isAsTheNaiveOne() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            Random random = new Random(seed);
            int marksMax = 1 + random.nextInt(40);
            int names = 1 + random.nextInt(60);
            MarkTable table = new MarkTable(marksMax);
            Naive naive = new Naive(marksMax);
            for (int step = 0; step < 150; step++) {
                step(random, table, naive, names, step);

                assertThat(table.size()).as("seed %d", seed).isEqualTo(naive.rows.size());
                assertThat(table.floor()).as("seed %d", seed).isEqualTo(naive.floor);
            }
            for (int name = 0; name < names; name++) {
                assertThat(table.of(tag(name))).as("seed %d", seed).isEqualTo(naive.of(tag(name)));
            }
            for (long stamp = 0; stamp < 160; stamp += 7) {
                assertThat(table.since(stamp)).as("seed %d", seed).isEqualTo(naive.since(stamp));
            }
        }
    }

    /** So many that every shard is built anew several times, and holds rows that were dropped. */
    @Test
    void table_manyTags_forgetsTheOldestAlone() {
        int marksMax = 20_000;
        MarkTable table = new MarkTable(marksMax);
        Map<Tag, Mark> model = new HashMap<>();
        for (int stamp = 1; stamp <= 90_000; stamp++) {
            Tag tag = tag(stamp % 60_000);
            merge(table, tag, Mark.hard(stamp));
            model.put(tag, Mark.hard(stamp));
        }

        assertThat(table.size()).isEqualTo(marksMax);
        assertThat(table.floor()).isEqualTo(90_000 - marksMax);
        model.forEach(
                (tag, mark) -> assertThat(table.of(tag)).isEqualTo(mark.newest() > table.floor() ? mark : Mark.NONE));
    }

    /** G1: whoever reads while rows come, go and move to new shards finds the mark, or a floor that covers it. */
    @Test
    void of_whileAnotherThreadWrites_missesNothingThatWasTold() throws InterruptedException {
        int names = 9_001;
        MarkTable table = new MarkTable(5_000);
        AtomicLong told = new AtomicLong();
        Thread writer = Thread.ofPlatform().start(() -> {
            for (long stamp = 1; stamp <= 300_000; stamp++) {
                merge(table, tag((int) (stamp * 31 % names)), Mark.soft(stamp, Mark.NEVER));
                told.set(stamp);
            }
        });
        Random random = new Random(1);
        long missed = 0;
        while (writer.isAlive()) {
            long stamp = Math.max(0, told.get() - random.nextInt(6_000));
            long known = table.of(tag((int) (stamp * 31 % names))).newest();
            missed += known >= stamp || table.floor() >= stamp ? 0 : 1;
        }
        writer.join();

        assertThat(missed).isZero();
    }

    private static void step(Random random, MarkTable table, Naive naive, int names, int head) {
        switch (random.nextInt(60)) {
            case 0, 1 -> {
                long stamp = Math.max(0, head - random.nextInt(60));
                table.raiseFloor(stamp);
                naive.raiseFloor(stamp);
            }
            case 2 -> {
                table.reset(head / 2);
                naive.reset(head / 2);
            }
            default -> {
                Tag tag = tag(random.nextInt(names));
                Mark mark = mark(random, Math.max(1, head - (random.nextInt(3) == 0 ? random.nextInt(50) : 0)));
                long changedAt = Math.max(0, head - (random.nextInt(3) == 0 ? random.nextInt(20) : 0));
                table.merge(tag, mark, changedAt);
                naive.merge(tag, mark, changedAt);
            }
        }
    }

    /** A table in the plainest words. */
    private static final class Naive {
        record Row(Tag tag, Mark mark, long changedAt) {}

        final int marksMax;
        final List<Row> rows = new ArrayList<>();
        long floor;

        Naive(int marksMax) {
            this.marksMax = marksMax;
        }

        Mark of(Tag tag) {
            return known(tag).map(Row::mark).orElse(Mark.NONE);
        }

        Optional<Row> known(Tag tag) {
            return rows.stream().filter(row -> row.tag.equals(tag)).findFirst();
        }

        Map<Tag, Mark> since(long stamp) {
            return rows.stream().filter(row -> row.changedAt > stamp).collect(Collectors.toMap(Row::tag, Row::mark));
        }

        void merge(Tag tag, Mark mark, long changedAt) {
            Mark merged = of(tag).merge(mark);
            long known = known(tag).map(Row::changedAt).orElse(-1L);
            Row row = new Row(tag, merged, Math.max(Math.max(changedAt, known), merged.newest()));
            if (row.changedAt == known) {
                rows.replaceAll(other -> other.tag.equals(tag) ? row : other);
            } else {
                rows.removeIf(other -> other.tag.equals(tag));
                rows.add(row);
                rows.sort(Comparator.comparingLong(Row::changedAt));
            }
            while (rows.size() > marksMax) {
                floor = Math.max(floor, rows.removeFirst().mark.newest());
            }
        }

        void raiseFloor(long stamp) {
            if (stamp > floor) {
                floor = stamp;
                while (!rows.isEmpty() && rows.getFirst().mark.newest() <= stamp) {
                    rows.removeFirst();
                }
            }
        }

        void reset(long newFloor) {
            rows.clear();
            floor = newFloor;
        }
    }

    @Test
    void table_anyHistory_isAtLeastAsStrictAsOneThatForgetsNothing() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            Random random = new Random(seed);
            int marksMax = 1 + random.nextInt(12);
            MarkTable table = new MarkTable(marksMax);
            Map<Tag, Mark> model = new HashMap<>();
            List<Map.Entry<Tag, Mark>> told = new ArrayList<>();
            long head = 1;
            for (int step = 0; step < 120; step++) {
                head += random.nextInt(3);
                if (random.nextInt(40) == 0) {
                    table.raiseFloor(Math.max(0, head - random.nextInt(20)));
                }
                Map.Entry<Tag, Mark> message = told.isEmpty() || random.nextInt(4) > 0
                        ? Map.entry(tag(random.nextInt(20)), mark(random, head))
                        : told.get(random.nextInt(told.size()));
                told.add(message);
                merge(table, message.getKey(), message.getValue());
                model.merge(message.getKey(), message.getValue(), Mark::merge);

                assertThat(table.size()).as("seed %d", seed).isLessThanOrEqualTo(marksMax);
                assertThat(table.floor()).as("seed %d", seed).isLessThanOrEqualTo(head);
            }
            compare(seed, table, model, head);
        }
    }

    private static void compare(long seed, MarkTable table, Map<Tag, Mark> model, long head) {
        for (long asOf = 0; asOf <= head + 1; asOf++) {
            Map<Tag, Mark> since = table.since(asOf);
            for (int name = 0; name < 20; name++) {
                Tag tag = tag(name);
                Mark whole = model.getOrDefault(tag, Mark.NONE);
                for (long now : new long[] {0, 5, 10}) {
                    int known = asOf < table.floor() ? 2 : strictness(table.of(tag), asOf, now);
                    if (known < strictness(whole, asOf, now)) {
                        throw new AssertionError("seed " + seed + ": tag " + tag + " no longer ends asOf " + asOf);
                    }
                }
                if (asOf >= table.floor()) {
                    assertThat(since.containsKey(tag))
                            .as("seed %d: %s changed since %d", seed, tag, asOf)
                            .isEqualTo(whole.newest() > asOf);
                }
            }
        }
    }

    /** 0 fresh, 1 stale, 2 gone. */
    private static int strictness(Mark mark, long asOf, long nowMs) {
        if (mark.ends(asOf, nowMs)) {
            return 2;
        }
        return mark.newest() > asOf ? 1 : 0;
    }

    private static Mark mark(Random random, long head) {
        long stamp = Math.max(1, head - (random.nextInt(5) == 0 ? random.nextInt(10) : 0));
        return random.nextBoolean() ? Mark.hard(stamp) : Mark.soft(stamp, random.nextInt(10));
    }

    private static void merge(MarkTable table, Tag tag, Mark mark) {
        table.merge(tag, mark, mark.newest());
    }

    private static Tag tag(int name) {
        return new Tag("t" + name);
    }
}
