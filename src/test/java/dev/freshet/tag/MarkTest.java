package dev.freshet.tag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.tag.Mark.Soft;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** G2: merged in whatever order and however often, marks end no less than each of them did. */
class MarkTest {
    private static final int SEEDS = 1_000;
    private static final int STAMPS = 24;
    private static final int TIMES = 12;

    @ParameterizedTest(name = "{0} ends asOf {1} at {2}: {3}")
    @CsvSource({
        // a hard stamp ends what is older, whenever; what is as new survives
        "'5|',            4,  0,    true",
        "'5|',            5,  0,    false",
        "'5|',            6,  0,    false",
        "'0|',            0,  0,    false",
        // a soft pair ends what is older from its deadline on
        "'0|5:100',       4,  99,   false",
        "'0|5:100',       4,  100,  true",
        "'0|5:100',       4,  101,  true",
        "'0|5:100',       5,  101,  false",
        // one without a deadline never does
        "'0|5:',          4,  9e18, false",
        // any pair may, not only the newest
        "'0|5:100,7:200', 4,  150,  true",
        "'0|5:100,7:200', 5,  150,  false",
        "'0|5:100,7:200', 6,  200,  true",
        "'0|5:200,7:100', 4,  150,  true",
        // hard and soft, each on its own
        "'5|7:100',       4,  0,    true",
        "'5|7:100',       6,  99,   false",
        "'5|7:100',       6,  100,  true",
    })
    void ends_table(String packed, long asOf, double nowMs, boolean ends) {
        assertThat(Mark.unpack(packed).ends(asOf, (long) nowMs)).isEqualTo(ends);
    }

    @ParameterizedTest(name = "{0}: newest {1}, newest soft {2}")
    @CsvSource({"'0|', 0, 0", "'5|', 5, 0", "'0|5:1', 5, 5", "'5|7:1', 7, 7", "'9|7:1', 9, 7", "'1|2:9,7:8', 7, 7"})
    void newest_table(String packed, long newest, long newestSoft) {
        assertThat(Mark.unpack(packed).newest()).isEqualTo(newest);
        assertThat(Mark.unpack(packed).newestSoft()).isEqualTo(newestSoft);
    }

    @Test
    void merge_softAfterHard_doesNotCancelIt() {
        Mark mark = Mark.hard(5).merge(Mark.soft(9, 1_000));

        assertThat(mark.ends(4, 0)).isTrue();
        assertThat(mark.ends(5, 0)).isFalse();
        assertThat(mark.newestSoft()).isEqualTo(9);
    }

    @Test
    void merge_laterSoftWithLaterDeadline_doesNotPostponeAnEarlierDeadline() {
        Mark mark = Mark.soft(5, 100).merge(Mark.soft(6, 900));

        assertThat(mark.ends(4, 100)).isTrue();
        assertThat(mark.ends(5, 100)).isFalse();
    }

    @Test
    void merge_sameStamp_keepsTheEarlierDeadline() {
        assertThat(Mark.soft(5, 200).merge(Mark.soft(5, 100))).isEqualTo(Mark.soft(5, 100));
        assertThat(Mark.soft(5, Mark.NEVER).merge(Mark.soft(5, 100))).isEqualTo(Mark.soft(5, 100));
    }

    @Test
    void merge_moreThanEightPairs_foldsTheOldestIntoTheOldestKept() {
        Mark mark = Mark.NONE;
        for (int stamp = 1; stamp <= Mark.SOFTS_MAX; stamp++) {
            mark = mark.merge(Mark.soft(stamp, 1_000 + stamp));
        }
        assertThat(mark.softs()).hasSize(Mark.SOFTS_MAX);

        Mark ninth = mark.merge(Mark.soft(9, 2_000));

        assertThat(ninth.softs()).hasSize(Mark.SOFTS_MAX).startsWith(new Soft(2, 1_001));
        assertThat(ninth.softs()).endsWith(new Soft(9, 2_000));
        assertThat(ninth.ends(1, 1_001)).isTrue();
        assertThat(ninth.ends(2, 1_001)).isFalse();
    }

    @Test
    void merge_anyMarks_isASemilattice() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            Random random = new Random(seed);
            Mark a = mark(random);
            Mark b = mark(random);
            Mark c = mark(random);

            assertThat(a.merge(b)).as("commutative, seed %d", seed).isEqualTo(b.merge(a));
            assertThat(a.merge(b).merge(c)).as("associative, seed %d", seed).isEqualTo(a.merge(b.merge(c)));
            assertThat(a.merge(a)).as("idempotent, seed %d", seed).isEqualTo(a);
            assertThat(a.merge(b).merge(b)).as("absorbing, seed %d", seed).isEqualTo(a.merge(b));
            assertThat(a.merge(Mark.NONE)).as("neutral, seed %d", seed).isEqualTo(a);
            assertThat(a.merge(b).softs()).as("seed %d", seed).hasSizeLessThanOrEqualTo(Mark.SOFTS_MAX);
        }
    }

    @Test
    void merge_anyMarks_endsWhateverEitherEnded() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            Random random = new Random(seed);
            Mark a = mark(random);
            Mark b = mark(random);
            Mark both = a.merge(b);

            assertThat(both.newest()).as("seed %d", seed).isEqualTo(Math.max(a.newest(), b.newest()));
            assertThat(both.newestSoft()).as("seed %d", seed).isEqualTo(Math.max(a.newestSoft(), b.newestSoft()));
            for (long asOf = 0; asOf <= STAMPS; asOf++) {
                for (long now = 0; now <= TIMES; now++) {
                    boolean ended = a.ends(asOf, now) || b.ends(asOf, now);
                    if (ended && !both.ends(asOf, now)) {
                        throw new AssertionError("seed " + seed + ": " + a.packed() + " and " + b.packed()
                                + " no longer end asOf " + asOf + " at " + now);
                    }
                }
            }
        }
    }

    @Test
    void merge_replayedAndReordered_comesToTheSame() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            Random random = new Random(seed);
            List<Mark> messages = new ArrayList<>();
            for (int i = random.nextInt(20); i >= 0; i--) {
                messages.add(mark(random, 1));
            }
            Mark once = merged(messages);
            for (int i = random.nextInt(20); i > 0; i--) {
                messages.add(messages.get(random.nextInt(messages.size())));
            }
            Collections.shuffle(messages, random);

            assertThat(merged(messages)).as("seed %d", seed).isEqualTo(once);
        }
    }

    @Test
    void merge_upToEightPairs_endsNothingMore() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            Random random = new Random(seed);
            List<Mark> messages = new ArrayList<>();
            for (int i = random.nextInt(Mark.SOFTS_MAX); i > 0; i--) {
                messages.add(mark(random, 1));
            }
            Mark mark = merged(messages);
            for (long asOf = 0; asOf <= STAMPS; asOf++) {
                for (long now = 0; now <= TIMES; now++) {
                    long at = now;
                    long of = asOf;
                    if (mark.ends(asOf, now) != messages.stream().anyMatch(one -> one.ends(of, at))) {
                        throw new AssertionError("seed " + seed + ": asOf " + asOf + " at " + now);
                    }
                }
            }
        }
    }

    @Test
    void packed_anyMark_isReadBack() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            Mark mark = mark(new Random(seed));
            assertThat(Mark.unpack(mark.packed())).as("seed %d", seed).isEqualTo(mark);
        }
        assertThat(Mark.NONE.packed()).isEqualTo("0|");
        assertThat(new Mark(7, List.of(new Soft(9, 3), new Soft(8, Mark.NEVER))).packed())
                .isEqualTo("7|8:,9:3");
    }

    @ParameterizedTest
    @CsvSource({"''", "7", "x|", "7|x", "7|8", "7|8:x", "7|:9"})
    void unpack_anythingElse_isRefused(String text) {
        assertThatThrownBy(() -> Mark.unpack(text)).isInstanceOf(IllegalArgumentException.class);
    }

    private static Mark merged(List<Mark> marks) {
        return marks.stream().reduce(Mark.NONE, Mark::merge);
    }

    private static Mark mark(Random random) {
        return mark(random, 12);
    }

    private static Mark mark(Random random, int softsMax) {
        List<Soft> softs = new ArrayList<>();
        for (int i = random.nextInt(softsMax + 1); i > 0; i--) {
            long deadline = random.nextInt(4) == 0 ? Mark.NEVER : random.nextInt(TIMES);
            softs.add(new Soft(1 + random.nextInt(STAMPS), deadline));
        }
        return new Mark(random.nextBoolean() ? 0 : random.nextInt(STAMPS), softs);
    }
}
