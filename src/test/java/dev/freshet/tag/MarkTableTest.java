package dev.freshet.tag;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** G5: bounded, whatever comes. G1: what is forgotten ends what it ended, by the floor. */
class MarkTableTest {
    private static final int SEEDS = 250;

    @Test
    void merge_beyondTheBound_dropsTheOldestAndRaisesTheFloor() {
        MarkTable table = new MarkTable(3);
        for (int stamp = 1; stamp <= 5; stamp++) {
            table.merge(tag(stamp), Mark.hard(stamp));
        }

        assertThat(table.size()).isEqualTo(3);
        assertThat(table.floor()).isEqualTo(2);
        assertThat(table.of(tag(2))).isEqualTo(Mark.NONE);
        assertThat(table.of(tag(3))).isEqualTo(Mark.hard(3));
    }

    @Test
    void merge_markedAgain_isNoLongerTheOldest() {
        MarkTable table = new MarkTable(2);
        table.merge(tag(1), Mark.hard(1));
        table.merge(tag(2), Mark.hard(2));
        table.merge(tag(1), Mark.hard(3));
        table.merge(tag(4), Mark.hard(4));

        assertThat(table.of(tag(1))).isEqualTo(Mark.hard(3));
        assertThat(table.of(tag(2))).isEqualTo(Mark.NONE);
        assertThat(table.floor()).isEqualTo(2);
    }

    @Test
    void merge_olderThanWhatIsThere_dropsTheOlderFirst() {
        MarkTable table = new MarkTable(2);
        table.merge(tag(8), Mark.hard(8));
        table.merge(tag(9), Mark.hard(9));
        table.merge(tag(1), Mark.hard(1));

        assertThat(table.floor()).isEqualTo(1);
        assertThat(table.of(tag(8))).isEqualTo(Mark.hard(8));
    }

    @Test
    void merge_sameMarkAgainAndAgain_leavesNothingBehind() {
        MarkTable table = new MarkTable(16);
        for (int i = 0; i < 10_000; i++) {
            table.merge(tag(i % 3), Mark.hard(7));
        }

        assertThat(table.size()).isEqualTo(3);
        assertThat(table.rows()).isLessThanOrEqualTo(32);
    }

    @Test
    void merge_fewTagsForever_leavesNothingBehind() {
        MarkTable table = new MarkTable(16);
        for (int i = 0; i < 10_000; i++) {
            table.merge(tag(i % 3), Mark.soft(i, i));
        }

        assertThat(table.size()).isEqualTo(3);
        assertThat(table.floor()).isZero();
        assertThat(table.rows()).isLessThanOrEqualTo(32);
    }

    @Test
    void raiseFloor_toAStamp_forgetsWhatIsNotNewer() {
        MarkTable table = new MarkTable(10);
        table.merge(tag(1), Mark.hard(1));
        table.merge(tag(2), Mark.hard(2));
        table.merge(tag(3), Mark.hard(3));
        table.merge(tag(1), Mark.soft(4, 0));

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
        table.merge(tag(4), Mark.hard(4));
        table.raiseFloor(4);

        assertThat(table.floor()).isEqualTo(5);
        assertThat(table.of(tag(4))).isEqualTo(Mark.hard(4));
    }

    @Test
    void clear_forgetsMarksAndKeepsTheFloor() {
        MarkTable table = new MarkTable(10);
        table.raiseFloor(5);
        table.merge(tag(7), Mark.hard(7));
        table.clear();

        assertThat(table.size()).isZero();
        assertThat(table.of(tag(7))).isEqualTo(Mark.NONE);
        assertThat(table.floor()).isEqualTo(5);
        assertThat(table.since(0)).isEmpty();
    }

    @Test
    void since_aStamp_namesEachTagThatChangedAfterItOnce() {
        MarkTable table = new MarkTable(10);
        table.merge(tag(1), Mark.hard(1));
        table.merge(tag(2), Mark.hard(2));
        table.merge(tag(1), Mark.hard(3));
        table.merge(tag(1), Mark.soft(4, 9));

        assertThat(table.since(0)).containsOnlyKeys(tag(1), tag(2));
        assertThat(table.since(2)).containsOnly(Map.entry(tag(1), table.of(tag(1))));
        assertThat(table.since(4)).isEmpty();
    }

    /** G7: what was missed and filled in later is not in the order of stamps. */
    @Test
    void since_gapFilledInAnyOrder_missesNothing() {
        MarkTable table = new MarkTable(10);
        table.merge(tag(1), Mark.hard(1));
        table.merge(tag(3), Mark.hard(3));
        table.merge(tag(2), Mark.hard(2));

        assertThat(table.since(2)).containsOnlyKeys(tag(3));
        assertThat(table.since(1)).containsOnlyKeys(tag(2), tag(3));
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
                table.merge(message.getKey(), message.getValue());
                model.merge(message.getKey(), message.getValue(), Mark::merge);

                assertThat(table.size()).as("seed %d", seed).isLessThanOrEqualTo(marksMax);
                assertThat(table.rows()).as("seed %d", seed).isLessThanOrEqualTo(2 * Math.max(marksMax, 16));
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

    private static Tag tag(int name) {
        return new Tag("t" + name);
    }
}
