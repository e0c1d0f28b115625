package dev.freshet.gateway;

import static dev.freshet.gateway.Replica.APP;
import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.failure;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.entry.Key;
import dev.freshet.gateway.HeldStore.Call;
import dev.freshet.gateway.Subscription.Replay;
import dev.freshet.store.Change;
import dev.freshet.store.Invalidation;
import dev.freshet.store.Mode;
import dev.freshet.store.Pulse;
import dev.freshet.store.Restored;
import dev.freshet.store.StoreException;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/** What a replica knows, how it learns it, and what it says of it. */
class InvalidationVerticleTest extends TwoReplicas {
    private static final Key KEY = Key.of(APP, "v1", "k");
    private static final Mode HARD = new Mode.Hard();
    private static final Tag ONE = new Tag("one");
    private static final Tag TWO = new Tag("two");

    @Test
    void app_followed_isCoherentWithoutBeingAsked() {
        assertThat(b.app.isCoherent()).isTrue();
        assertThat(b.app.applied()).isPositive();
        assertThat(b.app.epoch()).isEqualTo(a.app.epoch()).isNotEmpty();
        assertThat(b.invalidations.apps()).containsExactly(b.app);
        assertThat(b.invalidations.app(APP)).isSameAs(b.app);
    }

    @Test
    void heard_inOrder_isAppliedWithoutABeat() {
        int beats = b.store.calls(Call.BEAT);
        long stamp = a.invalidate(HARD, "one").stamp();

        assertThat(b.app.applied()).isEqualTo(stamp);
        assertThat(b.app.of(ONE)).isEqualTo(Mark.hard(stamp));
        assertThat(b.store.calls(Call.BEAT)).isEqualTo(beats);
    }

    /** G7: a gap in what the bus told is applied, not counted, and filled by a beat at once. */
    @Test
    void heard_withAGap_isNotCountedUntilABeatBringsTheRest() {
        long before = b.app.applied();
        b.store.silence();
        long lost = a.begin(HARD, "one").stamp();
        b.store.unsilence();
        b.store.hold(Call.BEAT);
        long heard = a.begin(HARD, "two").stamp();
        until(() -> b.store.holding(Call.BEAT) == 1);

        assertThat(b.app.of(TWO)).as("in force at once").isEqualTo(Mark.hard(heard));
        assertThat(b.app.applied()).as("not counted").isEqualTo(before);
        b.store.release(Call.BEAT);
        until(() -> b.app.applied() == heard);
        assertThat(b.app.of(ONE)).isEqualTo(Mark.hard(lost));
    }

    /** G1: what was heard past a gap must not count as an acknowledgement of what was lost in it. */
    @Test
    void heard_withAGap_doesNotSettleWhatWasLost() {
        b.store.silence();
        Future<Settled> lost = a.settling(HARD, "one");
        until(() -> b.store.unheard().size() > 0);
        b.store.unsilence();
        b.store.hold(Call.BEAT);
        a.begin(HARD, "two");
        until(() -> b.store.holding(Call.BEAT) == 1);
        a.turn();

        assertThat(lost.isComplete()).isFalse();
        b.store.release(Call.BEAT);
        until(() -> b.app.applied() == a.app.applied());
        beat(a);
        beat(b);
        await(lost);
        assertThat(b.app.of(ONE)).isNotEqualTo(Mark.NONE);
    }

    @Test
    void heard_ofAnotherEpoch_isNotCounted() {
        long before = b.app.applied();
        b.store.hold(Call.BEAT);
        b.store.tell(new Change.Invalidated("another", before, before + 5, Map.of(ONE, Mark.hard(before + 5))));
        until(() -> b.store.holding(Call.BEAT) == 1);

        assertThat(b.app.applied()).isEqualTo(before);
        b.store.release(Call.BEAT);
        b.turn();
        assertThat(b.app.applied()).isEqualTo(before);
    }

    /** G7: in whatever order and however often. */
    @Test
    void heard_reorderedAndReplayed_comesToTheSame() {
        for (long seed = 1; seed <= 30; seed++) {
            Random random = new Random(seed);
            b.store.silence();
            for (int i = 0; i < 12; i++) {
                Mode mode = random.nextBoolean() ? HARD : new Mode.Soft(random.nextInt(1_000_000));
                a.begin(mode, "t" + random.nextInt(4));
            }
            a.turn();
            List<Change> told = new ArrayList<>(b.store.unheard());
            told.addAll(told.subList(0, told.size() / 2));
            Collections.shuffle(told, random);
            long before = b.app.applied();
            b.store.hold(Call.BEAT);
            told.forEach(b.store::tell);
            b.turn();

            for (int name = 0; name < 4; name++) {
                Tag tag = new Tag("t" + name);
                assertThat(b.app.of(tag)).as("seed %d, %s", seed, tag).isEqualTo(a.app.of(tag));
            }
            assertThat(b.app.applied()).as("seed %d", seed).isGreaterThanOrEqualTo(before);
            b.store.release(Call.BEAT);
            b.store.unsilence();
            until(() -> b.app.applied() == a.app.applied());
        }
    }

    @Test
    void heard_replayed_isNotToldAgain() {
        List<Change> heard = new CopyOnWriteArrayList<>();
        b.store.silence();
        a.begin(HARD, "one");
        a.turn();
        Change message = invalidations(b.store.unheard()).getFirst();
        b.store.unsilence();
        await(b.gateway.subscribe(APP, Place.NONE, heard::add));
        for (int i = 0; i < 5; i++) {
            b.store.tell(message);
            b.turn();
        }

        assertThat(heard).containsExactly(message);
    }

    /** A beat may be faster than the bus: who waits is told all the same, and not by the next beat. */
    @Test
    void heard_afterABeatBroughtIt_isAcknowledged() {
        b.store.silence();
        Future<Settled> invalidating = a.settling(HARD, "one");
        until(() -> !b.store.unheard().isEmpty());
        Change message = b.store.unheard().getFirst();
        beat(b);
        b.store.unsilence();
        a.turn();
        assertThat(invalidating.isComplete()).isFalse();
        b.store.tell(message);

        assertThat(await(invalidating).behind()).isEmpty();
    }

    /** Whoever waits is not told before the gap is filled, though another is told of what lies before it. */
    @Test
    void heard_withAGap_isAcknowledgedWhenABeatHasFilledIt() {
        b.store.hold(Call.ACKNOWLEDGE);
        Future<Settled> before = a.settling(HARD, "one");
        until(() -> b.store.holding(Call.ACKNOWLEDGE) == 1);
        b.store.silence();
        a.begin(HARD, "lost");
        b.store.unsilence();
        b.store.hold(Call.BEAT);
        Future<Settled> gapped = a.settling(HARD, "two");
        until(() -> b.store.holding(Call.BEAT) == 1);
        b.store.release(Call.ACKNOWLEDGE);
        await(before);
        b.turn();
        a.turn();
        assertThat(gapped.isComplete()).isFalse();
        b.store.release(Call.BEAT);

        assertThat(await(gapped).behind()).isEmpty();
    }

    /** An acknowledgement costs nothing where nobody waits for one. */
    @Test
    void heard_nobodyWaits_isNotAcknowledged() {
        int before = b.store.calls(Call.ACKNOWLEDGE);
        a.begin(HARD, "one");
        until(() -> b.app.applied() == a.app.applied());
        b.turn();

        assertThat(b.store.calls(Call.ACKNOWLEDGE)).isEqualTo(before);
    }

    /** Each is told for itself, and nobody of what it asked for itself. */
    @Test
    void heard_severalWait_allAreTold() {
        Replica c = new Replica(vertx, shared, "c", Replica.CALM);
        Future<Settled> one = a.settling(HARD, "one");
        Future<Settled> two = b.settling(HARD, "two");

        assertThat(await(one).replicas()).isEqualTo(3);
        assertThat(await(two).behind()).isEmpty();
        assertThat(c.store.calls(Call.ACKNOWLEDGE)).isPositive();
        int before = c.store.calls(Call.ACKNOWLEDGE);
        c.invalidate(HARD, "three");
        assertThat(c.store.calls(Call.ACKNOWLEDGE)).isEqualTo(before);
        c.stop();
    }

    /** G6: what was said and not heard is said by the next beat. */
    @Test
    void settled_acknowledgementLost_isSettledByABeat() {
        b.store.fail(Call.ACKNOWLEDGE);
        Future<Settled> invalidating = a.settling(HARD, "one");
        until(() -> b.store.calls(Call.ACKNOWLEDGE) > 0);
        a.turn();
        assertThat(invalidating.isComplete()).isFalse();
        beat(a);
        assertThat(invalidating.isComplete()).isFalse();
        beat(b);

        assertThat(await(invalidating).behind()).isEmpty();
    }

    /** G2: whoever reads the stamp finds its marks, by the bus and by a beat. */
    @Test
    void applied_rising_findsItsMarksMerged() {
        long before = b.app.applied();
        List<Long> applied = new CopyOnWriteArrayList<>();
        Map<Tag, Mark> observed = new HashMap<>(Map.of(ONE, Mark.hard(before + 5))) {
            @Override
            public void forEach(BiConsumer<? super Tag, ? super Mark> each) {
                super.forEach(each);
                applied.add(b.app.applied());
            }
        };
        b.store.tell(new Change.Invalidated(b.app.epoch(), before, before + 5, observed));
        until(() -> b.app.applied() == before + 5);
        assertThat(applied).containsOnly(before);

        applied.clear();
        b.store.pulses = pulse -> with(pulse, pulse.epoch(), before + 9, before + 9, 0, observed);
        b.app.close();
        await(b.gateway.clock(APP));
        assertThat(b.app.applied()).isEqualTo(before + 9);
        assertThat(applied).containsOnly(before + 5);
    }

    /** G1: an invalidation is answered only when every replica has applied it. */
    @Test
    void settled_anotherReplicaHasNotApplied_waits() {
        b.store.hold(Call.ACKNOWLEDGE);
        Future<Settled> invalidating = a.settling(HARD, "one");
        until(() -> b.store.holding(Call.ACKNOWLEDGE) == 1);
        a.turn();

        assertThat(invalidating.isComplete()).isFalse();
        b.store.release(Call.ACKNOWLEDGE);
        assertThat(await(invalidating).replicas()).isEqualTo(2);
    }

    /** G1: or when its window has ended. */
    @Test
    void settled_windowOfTheOtherEnds_isAnsweredThen() {
        b.store.hold(Call.ACKNOWLEDGE);
        a.store.invalidations = taken -> new Invalidation(
                taken.epoch(),
                taken.stamp(),
                taken.timeMicros(),
                0,
                Map.of("a", taken.timeMicros() + 10_000, "b", taken.timeMicros() + 60_000),
                Set.of());
        long begun = System.nanoTime();
        a.invalidate(HARD, "one");

        assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(60));
        assertThat(b.store.holding(Call.ACKNOWLEDGE)).isEqualTo(1);
    }

    @Test
    void settled_nobodyElse_isAnsweredAtOnce() {
        b.stop();

        assertThat(a.invalidate(HARD, "one").replicas()).isEqualTo(1);
    }

    /** G1: stamps of another history say nothing of this one. */
    @Test
    void acknowledged_inAnotherEpoch_settlesNothing() {
        b.store.hold(Call.ACKNOWLEDGE);
        Future<Settled> invalidating = a.settling(HARD, "one");
        until(() -> b.store.holding(Call.ACKNOWLEDGE) == 1);
        a.store.tell(new Change.Acknowledged("another", Long.MAX_VALUE / 2));
        a.store.tell(new Change.Applied("b", "another", Long.MAX_VALUE / 2));
        a.turn();
        a.turn();

        assertThat(invalidating.isComplete()).isFalse();

        b.store.release(Call.ACKNOWLEDGE);
        await(invalidating);
    }

    /** G1: in an epoch's quiet period nothing is acknowledged, though all have applied it. */
    @Test
    void settled_quietPeriod_waitsForItsEnd() {
        a.store.invalidations = taken -> quiet(taken, 60);
        long begun = System.nanoTime();
        Future<Settled> invalidating = a.settling(HARD, "one");
        a.turn();
        a.store.tell(new Change.Acknowledged(a.app.epoch(), Long.MAX_VALUE / 2));
        await(invalidating);
        assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(60));

        long begunAcknowledged = System.nanoTime();
        a.invalidate(HARD, "two");
        assertThat(System.nanoTime() - begunAcknowledged).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(60));
    }

    /** G1: what a former history took may be lost with it. */
    @Test
    void newEpoch_settling_fails() {
        b.store.hold(Call.ACKNOWLEDGE);
        Future<Settled> invalidating = a.settling(HARD, "one");
        until(() -> b.store.holding(Call.ACKNOWLEDGE) == 1);
        a.turn();
        newEpoch(a);

        assertThat(failure(invalidating)).isInstanceOf(StoreException.class).hasMessageContaining("invalidate again");
    }

    @Test
    void newEpoch_settlingInAQuietPeriod_fails() {
        a.store.invalidations = taken -> quiet(taken, 60_000);
        Future<Settled> invalidating = a.settling(HARD, "one");
        a.turn();
        newEpoch(a);

        assertThat(failure(invalidating)).isInstanceOf(StoreException.class);
    }

    @Test
    void newEpoch_whileAnInvalidationIsAnswered_fails() {
        a.store.holdAnswer(Call.INVALIDATE);
        Future<Settled> invalidating = a.settling(HARD, "one");
        until(() -> a.store.holding(Call.INVALIDATE) == 1);
        newEpoch(a);
        a.store.release(Call.INVALIDATE);

        assertThat(failure(invalidating)).isInstanceOf(StoreException.class);
    }

    /** G1: what was acknowledged in a former history says nothing of this one, whose stamps may be lower. */
    @Test
    void newEpoch_acknowledgedBefore_isForgotten() {
        a.store.tell(new Change.Acknowledged(a.app.epoch(), Long.MAX_VALUE / 2));
        a.store.tell(new Change.Applied("b", a.app.epoch(), Long.MAX_VALUE / 2));
        a.turn();
        newEpoch(a);
        a.store.pulses = pulse -> pulse;
        a.app.close();
        await(a.gateway.clock(APP));
        b.store.hold(Call.ACKNOWLEDGE);
        Future<Settled> invalidating = a.settling(HARD, "one");
        until(() -> b.store.holding(Call.ACKNOWLEDGE) == 1);
        a.turn();

        assertThat(invalidating.isComplete()).isFalse();
        b.store.release(Call.ACKNOWLEDGE);
        await(invalidating);
    }

    @Test
    void newEpoch_nearCopiesAndMarks_areForgotten() {
        List<Change> heard = new CopyOnWriteArrayList<>();
        a.put(KEY, "one");
        a.warm(KEY);
        a.invalidate(HARD, "one");
        await(a.gateway.subscribe(APP, Place.NONE, heard::add));
        newEpoch(a);

        assertThat(a.near.get(KEY, a.app.term(), System.nanoTime())).isNull();
        assertThat(a.app.epoch()).isEqualTo("another");
        assertThat(a.app.applied()).isEqualTo(100);
        assertThat(a.app.of(ONE)).isEqualTo(Mark.hard(100));
        assertThat(heard).first().isEqualTo(new Change.NewEpoch("another"));
    }

    /** G1: the window does not open before everything has come. */
    @Test
    void beat_tooMuchForOneAnswer_opensTheWindowAfterTheLast() {
        b.store.pulses = pulse -> with(pulse, "another", 100, 50, 0, Map.of(ONE, Mark.hard(50)));
        b.store.hold(Call.BEAT);
        b.app.close();
        Future<Coherence> asking = b.gateway.clock(APP);
        until(() -> b.store.holding(Call.BEAT) == 1);
        releaseOne(b);

        assertThat(b.app.applied()).isEqualTo(50);
        assertThat(b.app.isCoherent()).isFalse();
        assertThat(asking.isComplete()).isFalse();
        b.store.pulses = pulse -> with(pulse, "another", 100, 100, 0, Map.of(TWO, Mark.hard(100)));
        b.store.release(Call.BEAT);
        assertThat(await(asking).applied()).isEqualTo(100);
        assertThat(b.app.isCoherent()).isTrue();
    }

    /**
     * G1: a tag is told at its latest change, so what is missing from a part of an answer may be older than that part's stamp, which the
     * next beat acknowledges.
     */
    @Test
    void beat_tooMuchForOneAnswer_closesTheWindowUntilTheLast() {
        long head = b.app.applied() + 100;
        b.store.pulses = pulse -> with(pulse, pulse.epoch(), head, head - 50, 0, Map.of(ONE, Mark.hard(head - 50)));
        b.store.hold(Call.BEAT);
        b.store.tell(new Change.Live());
        until(() -> b.store.holding(Call.BEAT) == 1);
        assertThat(b.app.isCoherent()).isTrue();
        releaseOne(b);

        assertThat(b.app.isCoherent()).isFalse();
        b.store.pulses = pulse -> with(pulse, pulse.epoch(), head, head, 0, Map.of());
        b.store.release(Call.BEAT);
        until(b.app::isCoherent);
    }

    /** G1: a window that was open does not open anew before the whole of another history has come. */
    @Test
    void newEpoch_tooMuchForOneAnswer_isNotUpToDateBeforeTheLast() {
        b.app.close();
        b.store.pulses = pulse -> with(pulse, "another", 100, 50, 0, Map.of());
        b.store.hold(Call.BEAT);
        b.store.tell(new Change.Live());
        until(() -> b.store.holding(Call.BEAT) == 1);
        releaseOne(b);

        assertThat(b.app.isCoherent()).isFalse();
        b.store.pulses = pulse -> with(pulse, "another", 100, 100, 0, Map.of());
        b.store.release(Call.BEAT);
        until(b.app::isCoherent);
    }

    /** R11: the failed-over history lacks its tail, which a replica whose window is open knows, and gives back. */
    @Test
    void newEpoch_windowOpen_goesOnAndGivesBackWhatIsMissing() {
        long kept = a.invalidate(HARD, "one").stamp();
        long lost = a.invalidate(HARD, "two").stamp();
        b.turn();
        AtomicLong doubt = new AtomicLong(lost + 60);
        b.store.pulses = pulse -> doubted(pulse, doubt.get(), kept, Map.of(ONE, Mark.hard(kept)));
        b.store.hold(Call.RESTORE);
        b.store.tell(new Change.Live());
        until(() -> b.store.holding(Call.RESTORE) == 1);

        assertThat(b.app.epoch()).isEqualTo("another");
        assertThat(b.app.isCoherent()).isTrue();
        assertThat(b.app.of(TWO)).isEqualTo(Mark.hard(lost));
        assertThat(b.app.floor()).as("for itself nothing is in doubt").isZero();
        doubt.set(0);
        b.store.release(Call.RESTORE);
        b.turn();
        assertThat(b.store.restored).containsExactly(new Restored("another", 0, Map.of(TWO, Mark.hard(lost)), true));
    }

    @Test
    void newEpoch_windowOpenAndManyMarksMissing_givesThemBackInPages() {
        long before = b.app.applied();
        Map<Tag, Mark> many = new HashMap<>();
        for (int i = 0; i < 900; i++) {
            many.put(new Tag("t" + i), Mark.hard(before + 1));
        }
        b.store.tell(new Change.Invalidated(b.app.epoch(), before, before + 1, many));
        b.turn();
        b.store.pulses = pulse -> doubted(pulse, before + 60, 0, Map.of());
        AtomicInteger answers = new AtomicInteger();
        b.store.restores = done -> answers.incrementAndGet() == 2;
        b.store.tell(new Change.Live());
        until(() -> answers.get() >= 2);

        assertThat(b.store.restored.getFirst().whole()).isFalse();
        assertThat(b.store.restored.get(1).whole()).isTrue();
        Map<Tag, Mark> given = new HashMap<>(b.store.restored.getFirst().marks());
        given.putAll(b.store.restored.get(1).marks());
        assertThat(given).isEqualTo(many);
    }

    /** G6: what could not be given back is given back with the next beat. */
    @Test
    void newEpoch_givingBackFails_isTriedAgain() {
        a.invalidate(HARD, "one");
        b.turn();
        b.store.fail(Call.RESTORE);
        long doubt = b.app.applied() + 60;
        b.store.pulses = pulse -> doubted(pulse, doubt, 0, Map.of());
        b.store.tell(new Change.Live());
        until(() -> b.store.calls(Call.RESTORE) == 1);
        b.turn();
        b.store.release(Call.RESTORE);
        b.app.close();
        await(b.gateway.clock(APP));
        until(() -> !b.store.restored.isEmpty());

        assertThat(b.store.restored.getFirst().marks()).containsOnlyKeys(ONE);
    }

    /** G1: who was not in its window may lack what was acknowledged, and believes nothing old until it was given back. */
    @Test
    void newEpoch_windowEnded_holdsWhatIsOlderForEnded() {
        a.put(KEY, "one", "posts");
        b.warm(KEY);
        b.app.close();
        AtomicLong doubt = new AtomicLong(b.app.applied() + 60_000_000);
        b.store.pulses = pulse -> doubted(pulse, doubt.get(), 0, Map.of());
        await(b.gateway.clock(APP));

        assertThat(b.text(KEY)).isEqualTo("none");
        assertThat(b.store.calls(Call.RESTORE)).isZero();
        doubt.set(0);
        b.app.close();
        assertThat(b.text(KEY)).isEqualTo("one");
    }

    /** R7, R26: a bus that is silent, though its connection lives, is lost at the second beat. */
    @Test
    void echo_unheardByTheNextBeat_isALostBus() {
        Replica c = new Replica(vertx, shared, "c", Replica.config(Duration.ofSeconds(60), Duration.ofMillis(100)));
        int beats = c.store.calls(Call.BEAT);
        until(() -> c.store.calls(Call.BEAT) > beats + 3);
        assertThat(c.store.listenedAnew()).as("while it is heard").isZero();
        assertThat(c.app.mayUseNear()).isTrue();
        long term = c.app.term();
        c.store.silence();
        until(() -> c.store.listenedAnew() > 0);

        assertThat(c.app.mayUseNear()).isFalse();
        assertThat(c.app.isCoherent()).as("by its beats").isTrue();
        c.store.unsilence();
        c.store.listenAnew();
        until(c.app::mayUseNear);
        assertThat(c.app.term()).isGreaterThan(term);
        c.stop();
    }

    /** R6: what was read while a beat was under way may lack what is heard now. */
    @Test
    void heard_withAGapWhileABeatIsUnderWay_beatsOnceMore() {
        b.store.silence();
        b.store.holdAnswer(Call.BEAT);
        b.app.close();
        Future<Coherence> asking = b.gateway.clock(APP);
        until(() -> b.store.holding(Call.BEAT) == 1);
        long lost = a.begin(HARD, "one").stamp();
        b.store.unsilence();
        long heard = a.begin(HARD, "two").stamp();
        b.turn();
        b.store.release(Call.BEAT);
        await(asking);
        until(() -> b.app.applied() == heard);

        assertThat(b.app.of(ONE)).isEqualTo(Mark.hard(lost));
    }

    /** G1: that the windows have ended is for the store to say, not for a clock of this replica. */
    @Test
    void settled_windowsEndedButTheStoreIsSilent_isNotYet() {
        b.store.hold(Call.ACKNOWLEDGE);
        a.store.invalidations = taken -> new Invalidation(
                taken.epoch(),
                taken.stamp(),
                taken.timeMicros(),
                0,
                Map.of("b", taken.timeMicros() + 10_000),
                Set.of());
        a.store.fail(Call.BEAT);
        Settled settled = await(a.gateway.invalidate(APP, new Wish(Replica.tags("one"), HARD, 0, 100)));

        assertThat(settled.everywhere()).isFalse();
        assertThat(settled.behind()).containsExactly("b");
    }

    /** R11: a replica that never heard of it may have carried its window over into another epoch. */
    @Test
    void settled_windowsEndedInAnotherEpoch_fails() {
        b.store.hold(Call.ACKNOWLEDGE);
        a.store.invalidations = taken -> new Invalidation(
                taken.epoch(),
                taken.stamp(),
                taken.timeMicros(),
                0,
                Map.of("b", taken.timeMicros() + 100_000),
                Set.of());
        Future<Settled> invalidating = a.settling(HARD, "one");
        a.turn();
        a.store.pulses = pulse -> with(pulse, "another", 100, 100, 0, Map.of());

        assertThat(failure(invalidating)).isInstanceOf(StoreException.class);
    }

    @Test
    void settled_callerWaitsNoLonger_saysWhoIsBehind() {
        b.store.hold(Call.ACKNOWLEDGE);
        Settled settled = await(a.gateway.invalidate(APP, new Wish(Replica.tags("one"), HARD, 0, 30)));

        assertThat(settled.everywhere()).isFalse();
        assertThat(settled.behind()).containsExactly("b");
        assertThat(settled.replicas()).isEqualTo(2);
        assertThat(settled.waitedMs()).isGreaterThanOrEqualTo(30);
    }

    /** One acknowledgement at a time, which says whatever was applied meanwhile. */
    @Test
    void acknowledge_manyAtOnce_costFewMessages() {
        int before = b.store.calls(Call.ACKNOWLEDGE);
        b.store.hold(Call.ACKNOWLEDGE);
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            all.add(a.settling(HARD, "t" + i));
        }
        until(() -> a.store.sent.size() == 50 && b.app.applied() == a.app.applied());
        b.turn();
        assertThat(b.store.calls(Call.ACKNOWLEDGE)).isEqualTo(before + 1);
        b.store.release(Call.ACKNOWLEDGE);
        await(Future.all(all));

        assertThat(b.store.calls(Call.ACKNOWLEDGE)).isLessThanOrEqualTo(before + 3);
    }

    /** G1: the window counts from before the beat was sent: an answer that took longer opens nothing. */
    @Test
    void beat_answeredAfterTheWindow_opensNothing() {
        Replica c = new Replica(vertx, shared, "c", Replica.config(Duration.ofMillis(200), Duration.ofMillis(66)));
        c.store.holdAnswer(Call.BEAT);
        until(() -> c.store.holding(Call.BEAT) == 1);
        long held = System.nanoTime();
        until(() -> System.nanoTime() - held > TimeUnit.MILLISECONDS.toNanos(200) && !c.app.isCoherent());
        Future<Coherence> asking = c.gateway.clock(APP);
        c.turn();
        c.store.fail(Call.BEAT);
        c.store.releaseOne(Call.BEAT);
        await(asking);

        assertThat(c.app.isCoherent()).isFalse();
        c.stop();
    }

    /** G6: without answers the window ends by itself, and opens again unaided. */
    @Test
    void beat_failing_endsTheWindowUntilItSucceeds() {
        Replica c = new Replica(vertx, shared, "c", Replica.config(Duration.ofMillis(200), Duration.ofMillis(40)));
        c.store.fail(Call.BEAT);
        until(() -> !c.app.isCoherent());
        c.store.release(Call.BEAT);
        until(c.app::isCoherent);
        c.stop();
    }

    @Test
    void renew_beatUnderWay_joinsIt() {
        int beats = b.store.calls(Call.BEAT);
        b.store.holdAnswer(Call.BEAT);
        b.app.close();
        Future<Coherence> one = b.gateway.clock(APP);
        Future<Coherence> two = b.gateway.clock(APP);
        until(() -> b.store.holding(Call.BEAT) == 1);
        b.turn();
        assertThat(b.store.calls(Call.BEAT)).isEqualTo(beats + 1);
        b.store.release(Call.BEAT);

        assertThat(await(one)).isSameAs(await(two));
    }

    @Test
    void live_again_beats() {
        b.store.silence();
        long stamp = a.begin(HARD, "one").stamp();
        b.store.unsilence();
        b.store.tell(new Change.Live());

        until(() -> b.app.applied() == stamp);
        assertThat(b.app.of(ONE)).isEqualTo(Mark.hard(stamp));
    }

    /** What a beat brought is said by the next, or invalidations would wait for this replica's window. */
    @Test
    void beat_broughtSomething_isSaidByTheNext() {
        b.store.silence();
        Future<Settled> invalidating = a.settling(HARD, "one");
        until(() -> !b.store.unheard().isEmpty());
        a.turn();
        beat(b);
        beat(a);
        a.turn();
        assertThat(invalidating.isComplete()).isFalse();
        beat(b);

        await(invalidating);
    }

    @Test
    void lost_theBus_isToldAndCopiesAreDropped() {
        List<Change> heard = new CopyOnWriteArrayList<>();
        a.put(KEY, "one");
        b.warm(KEY);
        await(b.gateway.subscribe(APP, Place.NONE, heard::add));
        b.store.tell(new Change.Lost());
        b.turn();

        assertThat(b.near.get(KEY, b.app.term(), System.nanoTime())).isNull();
        assertThat(b.app.mayUseNear()).isFalse();
        assertThat(heard).containsExactly(new Change.Lost());
        b.store.tell(new Change.Live());
        until(b.app::mayUseNear);
    }

    @Test
    void released_elsewhere_wakesWhoWaits() {
        var lead = a.lead(KEY);
        Future<Lookup> waiting = b.gateway.get(KEY, new Ask(List.of(), true, 20_000, false));
        until(() -> b.leases.waiters() == 1);
        await(a.gateway.release(KEY, lead.token()));

        assertThat(await(waiting)).isInstanceOf(Lookup.Miss.class);
    }

    @Test
    void stop_following_closesTheWindowHereAndThere() {
        b.stop();

        assertThat(b.app.isCoherent()).isFalse();
        assertThat(b.store.calls(Call.LEAVE)).isEqualTo(1);
        assertThat(a.invalidate(HARD, "one").replicas()).isEqualTo(1);
    }

    /** G6: nobody waits for a replica that has stopped. */
    @Test
    void stop_settling_fails() {
        b.store.hold(Call.ACKNOWLEDGE);
        Future<Settled> invalidating = a.settling(HARD, "one");
        until(() -> b.store.holding(Call.ACKNOWLEDGE) == 1);
        a.turn();
        a.stop();

        assertThat(failure(invalidating)).isInstanceOf(StoreException.class);
    }

    /** G1: having left, nothing may open the window again. */
    @Test
    void stop_beatUnderWay_doesNotOpenTheWindow() {
        b.store.holdAnswer(Call.BEAT);
        b.app.close();
        Future<Coherence> asking = b.gateway.clock(APP);
        until(() -> b.store.holding(Call.BEAT) == 1);
        b.stop();
        b.store.release(Call.BEAT);

        assertThat(failure(asking)).isInstanceOf(StoreException.class);
        assertThat(b.app.isCoherent()).isFalse();
        assertThat(failure(b.gateway.clock(APP))).isInstanceOf(StoreException.class);
        assertThat(a.invalidate(HARD, "one").replicas()).isEqualTo(1);
    }

    @Test
    void subscribe_fromNow_hearsWhatComesInOrder() {
        List<Change> heard = new CopyOnWriteArrayList<>();
        Subscription subscription = await(b.gateway.subscribe(APP, Place.NONE, heard::add));
        assertThat(subscription.replay()).isEqualTo(Replay.NONE);
        assertThat(subscription.missed()).isEmpty();
        assertThat(subscription.place().stamp()).isEqualTo(b.app.applied());
        for (int i = 0; i < 20; i++) {
            a.invalidate(HARD, "t" + i);
        }
        a.put(KEY, "one");
        b.turn();

        long last = subscription.place().stamp();
        for (Change.Invalidated change : invalidations(heard)) {
            assertThat(change.previous()).isEqualTo(last);
            last = change.stamp();
        }
        assertThat(invalidations(heard)).hasSize(20);
        assertThat(heard)
                .last()
                .isInstanceOfSatisfying(
                        Change.Written.class,
                        written -> assertThat(written.key()).isEqualTo(KEY));
    }

    @Test
    void subscribe_ended_hearsNothing() {
        List<Change> heard = new CopyOnWriteArrayList<>();
        await(b.gateway.subscribe(APP, Place.NONE, heard::add)).end().run();
        b.turn();
        a.invalidate(HARD, "one");
        b.turn();

        assertThat(heard).isEmpty();
    }

    /** G7: whoever was away is told each tag that changed, once. */
    @Test
    void subscribe_afterAStamp_isToldWhatItMissed() {
        long first = a.invalidate(HARD, "one").stamp();
        a.invalidate(HARD, "two");
        long last = a.invalidate(HARD, "two").stamp();

        Subscription subscription = await(b.gateway.subscribe(APP, bare(first), change -> {}));
        assertThat(subscription.replay()).isEqualTo(Replay.WHOLE);
        assertThat(subscription.place().stamp()).isEqualTo(last);
        assertThat(subscription.missed()).containsOnly(Map.entry(TWO, Mark.hard(last)));
    }

    @Test
    void subscribe_afterAGapThatABeatFilled_isToldWhatItMissed() {
        b.store.silence();
        long first = a.begin(HARD, "one").stamp();
        a.begin(HARD, "two");
        b.store.unsilence();
        long last = a.invalidate(HARD, "three").stamp();
        until(() -> b.app.applied() == last);

        assertThat(await(b.gateway.subscribe(APP, bare(first), change -> {})).missed())
                .as("what a beat brought counts as changed when it did")
                .containsKeys(TWO, new Tag("three"));
    }

    @Test
    void subscribe_beforeTheFloorOrAfterNow_isNotWhole() {
        long stamp = a.invalidate(HARD, "one").stamp();
        b.store.pulses = pulse -> with(pulse, pulse.epoch(), stamp, stamp, stamp - 5, Map.of());
        b.app.close();
        await(b.gateway.clock(APP));

        assertThat(await(b.gateway.subscribe(APP, bare(stamp - 6), change -> {}))
                        .replay())
                .isEqualTo(Replay.BEHIND);
        assertThat(await(b.gateway.subscribe(APP, bare(stamp - 5), change -> {}))
                        .replay())
                .isEqualTo(Replay.WHOLE);
        assertThat(await(b.gateway.subscribe(APP, bare(stamp + 1), change -> {}))
                        .replay())
                .isEqualTo(Replay.EPOCH);
    }

    /** G7: it may come from a replica that is ahead of this one. */
    @Test
    void subscribe_knowingMoreThanTheReplica_hasItAskFirst() {
        b.store.silence();
        long stamp = a.begin(HARD, "one").stamp();

        Subscription subscription = await(b.gateway.subscribe(APP, new Place(b.app.epoch(), stamp), change -> {}));
        assertThat(subscription.replay()).isEqualTo(Replay.WHOLE);
        assertThat(subscription.missed()).isEmpty();
        assertThat(subscription.place().stamp()).isEqualTo(stamp);
    }

    /** R5: the beat that it joins was answered before what it knows was given out. */
    @Test
    void subscribe_joiningABeatThatIsOlder_hasItAskOnceMore() {
        b.store.silence();
        b.store.holdAnswer(Call.BEAT);
        b.app.close();
        Future<Coherence> asking = b.gateway.clock(APP);
        until(() -> b.store.holding(Call.BEAT) == 1);
        long stamp = a.begin(HARD, "one").stamp();
        Future<Subscription> subscribing = b.gateway.subscribe(APP, new Place(b.app.epoch(), stamp), change -> {});
        b.turn();
        b.store.release(Call.BEAT);
        await(asking);

        assertThat(await(subscribing).replay()).isEqualTo(Replay.WHOLE);
    }

    /** G7: what a beat brought is told too. */
    @Test
    void subscribe_gap_isToldWithTheBeat() {
        List<Change> heard = new CopyOnWriteArrayList<>();
        await(b.gateway.subscribe(APP, Place.NONE, heard::add));
        b.store.silence();
        a.begin(HARD, "one");
        b.store.unsilence();
        a.invalidate(HARD, "two");
        b.turn();

        assertThat(invalidations(heard).stream().flatMap(change -> change.marks().keySet().stream()))
                .contains(ONE, TWO);
    }

    /** G7: what was forgotten before it was heard cannot be told, so the subscriber must start anew. */
    @Test
    void subscribe_floorRoseAboveWhatWasApplied_isReset() {
        List<Change> heard = new CopyOnWriteArrayList<>();
        await(b.gateway.subscribe(APP, Place.NONE, heard::add));
        long before = b.app.applied();
        b.store.pulses = pulse -> with(pulse, pulse.epoch(), before + 9, before + 9, before + 5, Map.of());
        b.app.close();
        await(b.gateway.clock(APP));

        assertThat(heard).contains(new Change.Lost());
    }

    private static void beat(Replica replica) {
        replica.app.close();
        await(replica.gateway.clock(APP));
    }

    private static Place bare(long stamp) {
        return new Place("", stamp);
    }

    private static void newEpoch(Replica replica) {
        replica.store.pulses = pulse -> with(pulse, "another", 100, 100, 0, Map.of(ONE, Mark.hard(100)));
        replica.app.close();
        await(replica.gateway.clock(APP));
    }

    private static Pulse with(Pulse pulse, String epoch, long head, long upTo, long floor, Map<Tag, Mark> changed) {
        return new Pulse(epoch, head, upTo, floor, 0, 0, pulse.timeMicros(), 0, changed);
    }

    private static Pulse doubted(Pulse pulse, long doubt, long kept, Map<Tag, Mark> changed) {
        long head = pulse.head() + 60;
        return new Pulse("another", head, head, 0, doubt, kept, pulse.timeMicros(), 0, changed);
    }

    private static Invalidation quiet(Invalidation taken, long quietMs) {
        return new Invalidation(
                taken.epoch(),
                taken.stamp(),
                taken.timeMicros(),
                taken.timeMicros() + 1_000 * quietMs,
                Map.of(),
                Set.of());
    }

    private static List<Change.Invalidated> invalidations(List<Change> changes) {
        return changes.stream()
                .filter(Change.Invalidated.class::isInstance)
                .map(Change.Invalidated.class::cast)
                .toList();
    }

    /** Lets go the beat that is held, and returns when the next one is. */
    private static void releaseOne(Replica replica) {
        int beats = replica.store.calls(Call.BEAT);
        replica.store.releaseOne(Call.BEAT);
        until(() -> replica.store.calls(Call.BEAT) > beats && replica.store.holding(Call.BEAT) == 1);
    }
}
