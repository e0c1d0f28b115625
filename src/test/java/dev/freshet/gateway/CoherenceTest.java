package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Freshness;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.near.Copy;
import dev.freshet.store.Pulse;
import dev.freshet.store.Rules;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import dev.freshet.testing.ManualClocks;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.AbstractList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** G1: what may be believed, and for how long. */
class CoherenceTest {
    private static final Tag TAG = new Tag("posts");

    private final ManualClocks clocks = new ManualClocks();
    private final Coherence app = new Coherence("shop", new Rules(60_000, 50, 1_000, Rules.Acks.EAGER, 0), clocks);

    @Test
    void new_anApp_isNotCoherent() {
        assertThat(app.isCoherent()).isFalse();
        assertThat(app.mayUseNear()).isFalse();
        assertThat(app.epoch()).isEmpty();
        assertThat(app.applied()).isZero();
    }

    @Test
    void open_byABeatJustSent_isCoherent() {
        app.open(clocks.nanos());

        assertThat(app.isCoherent()).isTrue();
        assertThat(app.mayUseNear()).as("writes are not heard").isFalse();
        app.listening(true);
        assertThat(app.mayUseNear()).isTrue();
    }

    @Test
    void open_byABeatSentAWindowAgo_isNotCoherent() {
        long sent = clocks.nanos();
        clocks.pass(Duration.ofSeconds(60));
        app.open(sent);

        assertThat(app.isCoherent()).isFalse();
    }

    /** G1: the marks that a request was to be judged by may be gone. */
    @Test
    void close_afterARequestHasReadTheClock_isClosedForItToo() {
        app.open(clocks.nanos());
        long nanos = clocks.nanos();
        clocks.pass(Duration.ofMillis(1));
        app.close();

        assertThat(app.isOpen(nanos)).isFalse();
    }

    @Test
    void isCoherent_afterTheWindow_isNot() {
        app.open(clocks.nanos());
        clocks.pass(Duration.ofSeconds(60).minusNanos(1));
        assertThat(app.isCoherent()).isTrue();
        clocks.pass(Duration.ofNanos(1));
        assertThat(app.isCoherent()).isFalse();
    }

    /** A history in doubt lacks marks, unless the replica has them itself. */
    @Test
    void reset_inDoubt_raisesTheFloorUntilItIsTrusted() {
        app.reset(new Pulse("e2", 9, 9, 3, 8, 2, 0, 0, Map.of()));
        assertThat(app.floor()).isEqualTo(8);
        app.trust();
        assertThat(app.floor()).isEqualTo(3);
    }

    @Test
    void carryOn_inDoubt_keepsTheMarksAndTheFloor() {
        app.table().merge(TAG, Mark.hard(5), 5);
        app.carryOn(new Pulse("e2", 9, 9, 3, 8, 2, 0, 0, Map.of()));

        assertThat(app.of(TAG)).isEqualTo(Mark.hard(5));
        assertThat(app.floor()).isZero();
        assertThat(app.epoch()).isEqualTo("e2");
    }

    /** What was in doubt before and was never given back stays so. */
    @Test
    void carryOn_whileInDoubtItself_takesTheDoubtAlong() {
        app.reset(new Pulse("e2", 9, 9, 3, 8, 2, 0, 0, Map.of()));
        app.carryOn(new Pulse("e3", 20, 20, 0, 19, 0, 0, 0, Map.of()));

        assertThat(app.floor()).isEqualTo(8);
    }

    @Test
    void listening_eachTime_isAnotherTerm() {
        long term = app.term();
        app.listening(true);
        assertThat(app.term()).isGreaterThan(term);
        app.listening(false);
        assertThat(app.term()).isGreaterThan(term + 1);
    }

    @Test
    void close_open_isNotCoherent() {
        app.open(clocks.nanos());
        app.close();

        assertThat(app.isCoherent()).isFalse();
    }

    @Test
    void reset_open_closesBeforeItForgets() {
        app.open(clocks.nanos());
        app.table().merge(TAG, Mark.hard(5), 5);
        app.advance(5);
        app.reset(pulse("e2", 0));

        assertThat(app.isCoherent()).isFalse();
        assertThat(app.of(TAG)).isEqualTo(Mark.NONE);
        assertThat(app.applied()).isZero();
        assertThat(app.epoch()).isEqualTo("e2");
    }

    @Test
    void advance_toAnEarlierStamp_doesNotFall() {
        app.advance(5);
        app.advance(4);

        assertThat(app.applied()).isEqualTo(5);
    }

    @Test
    void judge_windowOpen_isByTheMarks() {
        app.open(clocks.nanos());
        assertThat(app.judge(entry(4), List.of(), clocks.nanos())).isEqualTo(Freshness.FRESH);

        app.table().merge(TAG, Mark.hard(5), 5);
        assertThat(app.judge(entry(4), List.of(), clocks.nanos())).isEqualTo(Freshness.GONE);
        assertThat(app.judge(entry(5), List.of(), clocks.nanos())).isEqualTo(Freshness.FRESH);
    }

    /** R9: a process that was halted reads its clock when it goes on, and finds that its window has ended. */
    @Test
    void judge_windowEnded_isNothing() {
        app.open(clocks.nanos());
        clocks.pass(Duration.ofSeconds(60));

        assertThat(app.judge(entry(5), List.of(), clocks.nanos())).isNull();
    }

    /** The judgement may have been made by a table that was just emptied. */
    @Test
    void judge_anotherHistoryBeginsMeanwhile_isNothing() {
        app.open(clocks.nanos());
        List<Tag> softTags = tagReadAfter(() -> {
            app.reset(pulse("e2", 0));
            app.open(clocks.nanos());
        });

        assertThat(app.judge(entry(5), softTags, clocks.nanos())).isNull();
    }

    /** And a window that is closed meanwhile, before the table is emptied, vouches for nothing that follows. */
    @Test
    void judge_windowClosesMeanwhile_isNothing() {
        app.open(clocks.nanos());
        app.table().merge(TAG, Mark.hard(9), 9);
        List<Tag> softTags = tagReadAfter(() -> {
            app.close();
            app.table().reset(0);
        });

        assertThat(app.judge(entry(5), softTags, clocks.nanos())).isNull();
    }

    /** R11: what knew all of an older history knew nothing of this, whatever the stamps are. */
    @Test
    void judge_entryOfAnotherHistory_knowsNothingOfThis() {
        app.reset(pulse("100.ab", 0));
        app.open(clocks.nanos());
        app.table().merge(TAG, Mark.hard(105), 105);
        Entry other = entry("400.cd", 407, 0, Lifetime.UNLIMITED);
        Entry own = entry("100.ab", 107, 0, Lifetime.UNLIMITED);

        assertThat(app.judge(other, List.of(), clocks.nanos())).isEqualTo(Freshness.GONE);
        assertThat(app.judge(own, List.of(), clocks.nanos())).isEqualTo(Freshness.FRESH);
        assertThat(app.asOf("400.cd", 407)).isEqualTo(99);
        assertThat(app.asOf("400.cd", 7)).isEqualTo(7);
    }

    /** What a near copy remembers counts while nothing has changed by which it was judged. */
    @Test
    void judge_copyThatWasFresh_isJudgedAnewAfterAMark() {
        app.reset(pulse("100.ab", 0));
        app.open(clocks.nanos());
        Copy copy = freshCopy();
        assertThat(copy.wasFreshAt(app.table().version())).isTrue();
        assertThat(app.judge(copy, List.of(), clocks.nanos())).isEqualTo(Freshness.FRESH);

        app.table().merge(TAG, Mark.hard(110), 110);
        assertThat(app.judge(copy, List.of(), clocks.nanos())).isEqualTo(Freshness.GONE);
    }

    @Test
    void judge_copyThatWasFresh_isJudgedAnewInAnotherHistory() {
        app.reset(pulse("100.ab", 0));
        app.trust();
        app.open(clocks.nanos());
        app.table().merge(TAG, Mark.hard(105), 105);
        Copy copy = freshCopy();

        app.carryOn(pulse("90.cd", 0));
        assertThat(app.judge(copy, List.of(), clocks.nanos())).isEqualTo(Freshness.GONE);
    }

    @Test
    void judge_copyThatWasFresh_isNothingOutsideTheWindow_andAges() {
        app.reset(pulse("100.ab", 0));
        app.open(clocks.nanos());
        Copy copy = freshCopy();

        app.close();
        assertThat(app.judge(copy, List.of(), clocks.nanos())).isNull();
        clocks.pass(Duration.ofSeconds(61));
        app.open(clocks.nanos());
        assertThat(app.judge(copy, List.of(), clocks.nanos())).isEqualTo(Freshness.STALE_BY_TIME);
        clocks.pass(Duration.ofSeconds(600));
        app.open(clocks.nanos());
        assertThat(app.judge(copy, List.of(), clocks.nanos())).isEqualTo(Freshness.GONE);
    }

    /** It was judged by its own tags; those of a path may be others at each read. */
    @Test
    void judge_copyThatWasFresh_isJudgedBySoftTagsEachTime() {
        app.reset(pulse("100.ab", 0));
        app.open(clocks.nanos());
        app.table().merge(new Tag("path"), Mark.hard(110), 110);
        Copy copy = freshCopy();

        assertThat(app.judge(copy, List.of(new Tag("path")), clocks.nanos())).isEqualTo(Freshness.GONE);
    }

    /** As of 107, fresh for a minute and kept for ten from now on, and found so by the marks as they are. */
    private Copy freshCopy() {
        Copy copy = new Copy(entry("100.ab", 107, app.nowMs(), new Lifetime(60_000, 600_000)), clocks.nanos(), 1);
        assertThat(app.judge(copy, List.of(), clocks.nanos())).isEqualTo(Freshness.FRESH);
        return copy;
    }

    /** G2: one of an older history keeps its name, so that the store knows the order of two; none is of the future. */
    @Test
    void taken_ticketOfAnyHistory_countsAsNoNewerThanItIs() {
        app.reset(pulse("100.ab", 0));
        app.advance(110);

        assertThat(app.taken(new Ticket("100.ab", 105, 3))).isEqualTo(new Ticket("100.ab", 105, 3));
        assertThat(app.taken(new Ticket("100.ab", 999, 3))).isEqualTo(new Ticket("100.ab", 110, 3));
        assertThat(app.taken(new Ticket(105, 3))).isEqualTo(new Ticket("100.ab", 105, 3));
        assertThat(app.taken(new Ticket("40.cd", 47, 3))).isEqualTo(new Ticket("40.cd", 47, 3));
        assertThat(app.taken(new Ticket("40.cd", 999, 3))).isEqualTo(new Ticket("40.cd", 99, 3));
        assertThat(app.taken(new Ticket("900.ef", 905, 3))).isEqualTo(new Ticket("100.ab", 99, 3));
    }

    private static Entry entry(long asOf) {
        return entry("", asOf, 0, Lifetime.UNLIMITED);
    }

    private static Entry entry(String epoch, long asOf, long bornMs, Lifetime lifetime) {
        Body body = Body.of(Buffer.buffer("one"));
        Key key = Key.of("shop", "v1", "k");
        return new Entry(key, 1, epoch, asOf, bornMs, List.of(TAG), lifetime, Draft.OCTETS, "", body);
    }

    /** A tag, before which something else happens. */
    private static List<Tag> tagReadAfter(Runnable meanwhile) {
        return new AbstractList<>() {
            @Override
            public Tag get(int index) {
                meanwhile.run();
                return TAG;
            }

            @Override
            public int size() {
                return 1;
            }
        };
    }

    @Test
    void ticket_now_isAsOfWhatWasApplied() {
        app.advance(5);
        app.tell(pulse("e1", 1_795_377_977_842_918L), clocks.nanos());

        assertThat(app.ticket().asOf()).isEqualTo(5);
        assertThat(app.ticket().grantMicros())
                .isBetween(1_795_377_977_842_918L - 1_000_000, 1_795_377_977_842_918L + 60_000_000);
    }

    /** Deadlines are not missed by a slow answer, and a fast one is remembered. */
    @Test
    void tell_afterAFastAnswer_isNotMisledByASlowOne() {
        app.tell(pulse("e1", 5_000_000), clocks.nanos());
        assertThat(app.nowMs()).isEqualTo(5_000);

        long sent = clocks.nanos();
        clocks.pass(Duration.ofMillis(400));
        app.tell(pulse("e1", 5_350_000), sent);
        assertThat(app.nowMs()).as("not 5750").isBetween(5_400L, 5_401L);
    }

    /** Redis's clock stepped: what was known of it is worth nothing. */
    @Test
    void tell_storeStepped_followsIt() {
        app.tell(pulse("e1", 5_000_000), clocks.nanos());
        app.tell(pulse("e1", 9_000_000), clocks.nanos());
        assertThat(app.nowMs()).isEqualTo(9_000);
        app.tell(pulse("e1", 3_000_000), clocks.nanos());
        assertThat(app.nowMs()).isEqualTo(3_000);
    }

    @Test
    void newConfig_outOfRange_saysTheKeyAndTheRange() {
        assertThatThrownBy(() -> config(199, 20, 1_000, 1)).hasMessage("coherence.window is 200ms to 1m, was 199ms");
        assertThatThrownBy(() -> config(60_001, 20, 1_000, 1)).hasMessageStartingWith("coherence.window");
        assertThatThrownBy(() -> config(300, 19, 1_000, 1)).hasMessageStartingWith("coherence.beat");
        assertThatThrownBy(() -> config(300, 101, 1_000, 1)).hasMessageStartingWith("coherence.beat");
        assertThatThrownBy(() -> config(300, 100, 999, 1)).hasMessageStartingWith("limits.marks");
        assertThatThrownBy(() -> config(300, 100, 10_000_001, 1)).hasMessageStartingWith("limits.marks");
        assertThatThrownBy(() -> config(300, 100, 1_000, 0)).hasMessageStartingWith("limits.apps");
        assertThatThrownBy(() -> config(300, 100, 1_000, 10_001)).hasMessageStartingWith("limits.apps");
    }

    private static CoherenceConfig config(long windowMs, long beatMs, int marksMax, int appsMax) {
        return new CoherenceConfig(
                Duration.ofMillis(windowMs),
                Duration.ofMillis(beatMs),
                Duration.ofMillis(50),
                Rules.Acks.EAGER,
                Duration.ZERO,
                1,
                marksMax,
                appsMax);
    }

    private static Pulse pulse(String epoch, long timeMicros) {
        return new Pulse(epoch, 5, 5, 0, 0, 0, timeMicros, 0, Map.of());
    }
}
