package dev.freshet.entry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.tag.Mark;
import dev.freshet.tag.MarkTable;
import dev.freshet.tag.Marks;
import dev.freshet.tag.Tag;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rule of freshness, as a table. The entry is always as of stamp 50, and now is 1,000 ms. */
class FreshnessTest {
    private static final Tag CARRIED = new Tag("carried");
    private static final Tag OTHER = new Tag("other");
    private static final long NOW_MS = 1_000;

    @ParameterizedTest(name = "mark {0}, floor {1}, age {2} of {3}/{4}: {5}")
    @CsvSource({
        // mark            floor age  reval expire
        "'0|',             0,    0,   ,     ,     FRESH",
        // time: what is as old as it may be is fresh
        "'0|',             0,    60,  60,   ,     FRESH",
        "'0|',             0,    61,  60,   ,     STALE_BY_TIME",
        "'0|',             0,    60,  0,    60,   STALE_BY_TIME",
        "'0|',             0,    60,  ,     60,   FRESH",
        "'0|',             0,    61,  ,     60,   GONE",
        "'0|',             0,    61,  0,    60,   GONE",
        "'0|',             0,    0,   0,    0,    FRESH",
        "'0|',             0,    1,   0,    0,    GONE",
        // born in the future, by a clock that is wrong: as good as new
        "'0|',             0,    -5,  0,    0,    FRESH",
        // hard: an entry that knows of the stamp survives it
        "'49|',            0,    0,   ,     ,     FRESH",
        "'50|',            0,    0,   ,     ,     FRESH",
        "'51|',            0,    0,   ,     ,     GONE",
        // soft: stale before the deadline, gone at it
        "'0|50:0',         0,    0,   ,     ,     FRESH",
        "'0|51:',          0,    0,   ,     ,     STALE_BY_TAG",
        "'0|51:1001',      0,    0,   ,     ,     STALE_BY_TAG",
        "'0|51:1000',      0,    0,   ,     ,     GONE",
        "'0|51:999',       0,    0,   ,     ,     GONE",
        "'0|50:999,51:',   0,    0,   ,     ,     STALE_BY_TAG",
        "'0|51:999,52:',   0,    0,   ,     ,     GONE",
        "'0|51:,52:999',   0,    0,   ,     ,     GONE",
        // both kinds: a later soft one does not cancel a hard one, nor an earlier hard one end anything
        "'51|52:',         0,    0,   ,     ,     GONE",
        "'50|52:',         0,    0,   ,     ,     STALE_BY_TAG",
        // stale by tag and by time: the tag is the reason
        "'0|51:',          0,    61,  60,   ,     STALE_BY_TAG",
        "'0|51:',          0,    61,  60,   60,   GONE",
        // the floor: what is older is no longer known to be good
        "'0|',             50,   0,   ,     ,     FRESH",
        "'0|',             51,   0,   ,     ,     GONE",
        "'0|',             51,   61,  60,   ,     GONE",
    })
    void of_table(String mark, long floor, long ageMs, Long revalidateMs, Long expireMs, Freshness expected) {
        Entry carrying = entry(ageMs, revalidateMs, expireMs, List.of(OTHER, CARRIED));
        Entry without = entry(ageMs, revalidateMs, expireMs, List.of());
        MarkTable marks = new MarkTable(10);
        marks.merge(CARRIED, Mark.unpack(mark), 0);
        marks.raiseFloor(floor);

        assertThat(Freshness.of(carrying, marks, List.of(), NOW_MS))
                .as("its own tag")
                .isEqualTo(expected);
        assertThat(Freshness.of(without, marks, List.of(OTHER, CARRIED), NOW_MS))
                .as("a soft tag of the request")
                .isEqualTo(expected);
    }

    @Test
    void of_someTagsStaleAndOneGone_isGone() {
        MarkTable marks = new MarkTable(10);
        marks.merge(CARRIED, Mark.soft(51, Mark.NEVER), 51);
        marks.merge(OTHER, Mark.hard(51), 51);

        assertThat(Freshness.of(entry(0, null, null, List.of(CARRIED, OTHER)), marks, List.of(), NOW_MS))
                .isEqualTo(Freshness.GONE);
        assertThat(Freshness.of(entry(0, null, null, List.of(CARRIED)), marks, List.of(OTHER), NOW_MS))
                .isEqualTo(Freshness.GONE);
        assertThat(Freshness.of(entry(0, null, null, List.of(OTHER)), marks, List.of(CARRIED), NOW_MS))
                .isEqualTo(Freshness.GONE);
    }

    @Test
    void of_marksOfOtherTags_areNothingToIt() {
        MarkTable marks = new MarkTable(10);
        marks.merge(OTHER, Mark.hard(99), 99);

        assertThat(Freshness.of(entry(0, null, null, List.of(CARRIED)), marks, List.of(), NOW_MS))
                .isEqualTo(Freshness.FRESH);
    }

    /** G1: a mark that is dropped between the look at the floor and the look at the mark must not be overlooked. */
    @Test
    void of_markDroppedWhileItLooks_isGone() {
        Marks dropping = new Marks() {
            private long floor;

            @Override
            public Mark of(Tag tag) {
                floor = 60;
                return Mark.NONE;
            }

            @Override
            public long floor() {
                return floor;
            }
        };

        assertThat(Freshness.of(entry(0, null, null, List.of(CARRIED)), dropping, List.of(), NOW_MS))
                .isEqualTo(Freshness.GONE);
    }

    @ParameterizedTest
    @CsvSource({"FRESH, false", "STALE_BY_TIME, true", "STALE_BY_TAG, true", "GONE, false"})
    void isStale_table(Freshness freshness, boolean stale) {
        assertThat(freshness.isStale()).isEqualTo(stale);
    }

    private static Entry entry(long ageMs, Long revalidateMs, Long expireMs, List<Tag> tags) {
        Lifetime lifetime = new Lifetime(
                revalidateMs == null ? Lifetime.NEVER : revalidateMs, expireMs == null ? Lifetime.NEVER : expireMs);
        return new Entry(
                Key.of("shop", "v1", "k"), 1, 50, NOW_MS - ageMs, tags, lifetime, Draft.OCTETS, "", Body.EMPTY);
    }
}
