package dev.freshet.lease;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.failure;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.entry.Key;
import dev.freshet.lease.HeldClaims.Asked;
import dev.freshet.lease.LeaseVerticle.Limit;
import dev.freshet.loop.Clocks;
import dev.freshet.tag.Tag;
import dev.freshet.testing.ManualClocks;
import dev.freshet.testing.OnVertx;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.internal.VertxInternal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** G3: one refresh, and nobody who waits for it is forgotten. */
class LeaseVerticleTest extends OnVertx {
    private static final Key KEY = Key.of("shop", "v1", "k");
    private static final Key OTHER = Key.of("shop", "v1", "other");
    private static final Tag TAG = new Tag("t");
    private static final long LONG_MS = 60_000;
    private static final int WAITERS_MAX = 6;
    private static final int PER_KEY_MAX = 4;
    private static final int KEYS_MAX = 3;

    /** What was found, with the tags of whoever asks. */
    private record Saw(long revision, long asOf, long endedAt, List<Tag> tags) implements Seen {
        Saw(long revision, long asOf, long endedAt) {
            this(revision, asOf, endedAt, List.of());
        }
    }

    /** What is invalidated later. All in line have found it. */
    private static final class Endable implements Seen {
        volatile long endedAt = 10;

        @Override
        public long revision() {
            return 7;
        }

        @Override
        public long asOf() {
            return 20;
        }

        @Override
        public long endedAt() {
            return endedAt;
        }

        @Override
        public List<Tag> tags() {
            return List.of(TAG, new Tag("other"), TAG);
        }
    }

    private final HeldClaims claims = new HeldClaims();
    private final LeaseVerticle leases = new LeaseVerticle(
            claims, new LeaseConfig(10_000, WAITERS_MAX, PER_KEY_MAX, KEYS_MAX), "replica-1", Clocks.SYSTEM);
    private final Context caller = ((VertxInternal) vertx).createEventLoopContext();
    private String deployment;

    @BeforeEach
    void deploy() {
        deployment = await(vertx.deployVerticle(leases));
    }

    @AfterEach
    void leavesNothing() {
        leases.changedUnheard("shop");
        until(() -> leases.lines() == 0);
        assertThat(leases.waiters()).isZero();
        assertThat(leases.watches()).isZero();
        assertThat(claims.waiting()).isZero();
        if (vertx.deploymentIDs().contains(deployment)) {
            await(vertx.undeploy(deployment));
        }
    }

    @Test
    void ask_free_leads() {
        Future<Turn> turn = ask(KEY, 7, 0);
        Asked asked = claims.next();
        asked.lead(9_000, 7);

        assertThat(await(turn)).isEqualTo(new Turn.Lead(asked.token(), 9_000));
        assertThat(asked.key()).isEqualTo(KEY);
        assertThat(asked.ttlMs()).isEqualTo(10_000);
        assertThat(asked.token()).matches("replica-1\\.[A-Za-z0-9_-]{16}");
    }

    @Test
    void ask_eachTime_hasAnotherToken() {
        Set<String> tokens = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            Future<Turn> turn = ask(KEY, 7, 0);
            Asked asked = claims.next();
            tokens.add(asked.token());
            asked.fail("no");
            failure(turn);
        }

        assertThat(tokens).hasSize(20);
    }

    @Test
    void ask_heldElsewhere_follows() {
        Future<Turn> turn = ask(KEY, 7, 0);
        claims.next().follow(5_000, 7);

        assertThat(await(turn))
                .isInstanceOfSatisfying(
                        Turn.Follow.class, follow -> assertThat(follow.ttlMs()).isBetween(1L, 5_000L));
    }

    /** At most one claim of a key is under way; whoever comes meanwhile awaits it, and follows without asking. */
    @Test
    void ask_claimUnderWay_awaitsIt() {
        Future<Turn> first = ask(KEY, 7, 0);
        Asked asked = claims.next();
        Future<Turn> second = ask(KEY, 7, 0);
        Future<Turn> third = ask(KEY, 7, 0);
        Future<Turn> another = ask(OTHER, 7, 0);
        Asked other = claims.next();
        assertThat(claims.waiting()).isZero();
        assertThat(other.key()).isEqualTo(OTHER);

        asked.lead(5_000, 7);
        assertThat(await(first)).isInstanceOf(Turn.Lead.class);
        assertThat(await(second)).isInstanceOf(Turn.Follow.class);
        assertThat(await(third)).isInstanceOf(Turn.Follow.class);
        assertThat(another.isComplete()).isFalse();
        other.lead(5_000, 7);
        assertThat(await(another)).isInstanceOf(Turn.Lead.class);
    }

    @Test
    void ask_leaseHeldHere_followsWithoutAsking() {
        lead(KEY, 5_000);
        Turn turn = await(ask(KEY, 7, 0));

        assertThat(turn)
                .isInstanceOfSatisfying(
                        Turn.Follow.class, follow -> assertThat(follow.ttlMs()).isBetween(1L, 5_000L));
        assertThat(claims.waiting()).isZero();
    }

    @Test
    void ask_leaseKnownToBeHeldElsewhere_followsWithoutAsking() {
        Future<Turn> turn = ask(KEY, 7, 0);
        claims.next().follow(5_000, 7);
        await(turn);

        assertThat(await(ask(KEY, 7, 0))).isInstanceOf(Turn.Follow.class);
        assertThat(claims.waiting()).isZero();
    }

    @Test
    void ask_knowsUpToAStamp_bidsWithIt() {
        Future<Turn> turn = ask(KEY, new Saw(7, 20, 10), 0);
        Asked asked = claims.next();
        asked.lead(9_000, 7);

        assertThat(await(turn)).isEqualTo(new Turn.Lead(asked.bid().name() + ".20", 9_000));
        assertThat(asked.bid().asOf()).isEqualTo(20);
        assertThat(asked.bid().endedAt()).isEqualTo(10);
        assertThat(leases.superseded()).isZero();
    }

    /** Whoever computes from data of before the end computes in vain. */
    @Test
    void ask_endedSinceTheHolderBegan_takesItsPlace() {
        Future<Turn> earlier = inLineOfALeaderAsOf20();
        Future<Turn> first = ask(KEY, new Saw(7, 30, 21), LONG_MS);
        Asked asked = claims.next();
        asked.supersede(LONG_MS, 7);
        Future<Turn> second = ask(KEY, new Saw(7, 30, 30), LONG_MS);

        assertThat(await(first)).isEqualTo(new Turn.Lead(asked.bid().name(), LONG_MS));
        assertThat(leases.superseded()).isEqualTo(1);
        until(() -> leases.waiters() == 2);
        assertThat(claims.waiting()).isZero();
        leases.changed(KEY);
        assertThat(List.of(await(earlier), await(second))).containsOnly(new Turn.LookAgain());
    }

    @Test
    void ask_endedButRefused_followsAndAsksAgainOnlyForALaterEnd() {
        lead(KEY, new Saw(7, 20, 10));
        for (long end : List.of(21L, 22L)) {
            Future<Turn> refused = ask(KEY, new Saw(7, 30, end), 0);
            claims.next().follow(9_000, 7);
            assertThat(follows(await(refused))).isTrue();
            assertThat(follows(await(ask(KEY, new Saw(7, 30, end), 0)))).isTrue();
        }
        assertThat(claims.waiting()).isZero();
    }

    @Test
    void ask_joinsAClaimThatBeganBeforeAnEnd_looksAgain() {
        Future<Turn> first = ask(KEY, new Saw(7, 20, 10), 0);
        Asked asked = claims.next();
        Future<Turn> sameEnd = ask(KEY, new Saw(7, 20, 20), 0);
        Future<Turn> laterEnd = ask(KEY, new Saw(7, 30, 21), 0);
        until(() -> leases.waiters() == 2);
        asked.lead(9_000, 7);

        assertThat(await(first)).isInstanceOf(Turn.Lead.class);
        assertThat(follows(await(sameEnd))).isTrue();
        assertThat(await(laterEnd)).isEqualTo(new Turn.LookAgain());
    }

    /** The place was taken, but somebody has written: it is given back, and nobody is left in line. */
    @Test
    void ask_takesAPlaceTooLate_wakesWhoIsInLine() {
        Future<Turn> inLine = inLineOfALeaderAsOf20();
        Future<Turn> late = ask(KEY, new Saw(7, 30, 21), LONG_MS);
        claims.next().supersede(LONG_MS, 8);

        assertThat(List.of(await(inLine), await(late))).containsOnly(new Turn.LookAgain());
        assertThat(claims.released).singleElement().asString().matches("replica-1\\.[A-Za-z0-9_-]{16}");
    }

    @Test
    void ask_claimToTakeAPlaceFails_leavesTheLineAsItWas() {
        Future<Turn> inLine = inLineOfALeaderAsOf20();
        Future<Turn> failing = ask(KEY, new Saw(7, 30, 21), LONG_MS);
        claims.next().fail("no");

        failure(failing);
        assertThat(leases.waiters()).isEqualTo(1);
        assertThat(inLine.isComplete()).isFalse();
        leases.changed(KEY);
        assertThat(await(inLine)).isEqualTo(new Turn.LookAgain());
    }

    /** Who waits for what will be ended need not wait for somebody to come and take the place of who computes it. */
    @Test
    void invalidated_whatIsWaitedFor_sendsTheFirstInLineToTakeThePlace() {
        Endable found = new Endable();
        lead(OTHER, LONG_MS);
        lead(KEY, found);
        Future<Turn> first = ask(KEY, found, LONG_MS);
        Future<Turn> second = ask(KEY, found, LONG_MS);
        until(() -> leases.waiters() == 2);
        end(found, 21);

        assertThat(await(first)).isEqualTo(new Turn.LookAgain());
        assertThat(leases.waiters()).isEqualTo(1);
        Future<Turn> again = ask(KEY, found, LONG_MS);
        claims.next().supersede(LONG_MS, 7);
        assertThat(await(again)).isInstanceOf(Turn.Lead.class);
        end(found, 30);
        assertThat(second.isComplete()).as("a successor has no successor").isFalse();
        leases.changed(KEY);
        assertThat(await(second)).isEqualTo(new Turn.LookAgain());
    }

    @Test
    void invalidated_whatEndsNothingThatIsWaitedFor_tellsNobody() {
        Endable found = new Endable();
        lead(OTHER, LONG_MS);
        lead(KEY, found);
        Future<Turn> waiting = ask(KEY, found, LONG_MS);
        until(() -> leases.waiters() == 1);
        end(found, 20);
        assertThat(waiting.isComplete()).as("the leader knows of it").isFalse();
        found.endedAt = 21;
        leases.invalidated("blog", List.of(TAG));
        leases.invalidated("shop", List.of(new Tag("another")));
        turn();
        assertThat(waiting.isComplete()).as("another tag").isFalse();

        end(found, 21);
        assertThat(await(waiting)).isEqualTo(new Turn.LookAgain());
    }

    /** It is told when it is known; who gets into line then knows it. */
    @Test
    void invalidated_beforeWhoWasRefusedIsInLine_looksAgainOnce() {
        Endable found = new Endable();
        lead(OTHER, LONG_MS);
        Future<Turn> refused = ask(KEY, found, LONG_MS);
        Asked asked = claims.next();
        Future<Turn> joined = ask(KEY, found, LONG_MS);
        until(() -> leases.waiters() == 1);
        end(found, 21);
        asked.follow(LONG_MS, 7);

        assertThat(await(refused)).isEqualTo(new Turn.LookAgain());
        turn();
        assertThat(leases.waiters()).isEqualTo(1);
        assertThat(leases.watches()).isZero();
        assertThat(joined.isComplete()).isFalse();
        leases.changed(KEY);
        await(joined);
    }

    @Test
    void invalidated_firstInLineHasLeft_tellsTheNext() {
        Endable found = new Endable();
        lead(OTHER, LONG_MS);
        lead(KEY, found);
        Future<Turn> brief = ask(KEY, found, 20);
        Future<Turn> next = ask(KEY, found, LONG_MS);
        await(brief);
        end(found, 21);

        assertThat(await(next)).isEqualTo(new Turn.LookAgain());
    }

    @Test
    void ask_nobodyWaitsAnyMore_listensForNoTag() {
        Endable found = new Endable();
        lead(KEY, found);
        lead(OTHER, found);
        Future<Turn> brief = ask(KEY, found, 20);
        Future<Turn> other = ask(OTHER, found, LONG_MS);
        until(() -> leases.watches() == 2);
        await(brief);
        assertThat(leases.watches()).isEqualTo(2);
        leases.changed(OTHER);
        await(other);

        assertThat(leases.watches()).isZero();
    }

    @Test
    void ask_leaseEnded_claimsAgain() {
        lead(KEY, 100);
        Future<Turn> waiting = ask(KEY, 7, LONG_MS);

        assertThat(await(waiting)).as("woken by the end of the lease").isEqualTo(new Turn.LookAgain());
        Future<Turn> again = ask(KEY, 7, 0);
        claims.next().lead(5_000, 7);
        assertThat(await(again)).isInstanceOf(Turn.Lead.class);
    }

    @Test
    void changed_waiting_wakesAll() {
        lead(KEY, LONG_MS);
        Future<Turn> one = ask(KEY, 7, LONG_MS);
        Future<Turn> two = ask(KEY, 7, LONG_MS);
        until(() -> leases.waiters() == 2);
        leases.changed(OTHER);
        leases.changed(KEY);

        assertThat(await(one)).isEqualTo(new Turn.LookAgain());
        assertThat(await(two)).isEqualTo(new Turn.LookAgain());
        assertThat(leases.waiters()).isZero();
    }

    @Test
    void changed_anotherKey_wakesNobody() {
        lead(KEY, LONG_MS);
        Future<Turn> waiting = ask(KEY, 7, LONG_MS);
        until(() -> leases.waiters() == 1);
        leases.changed(OTHER);
        await(ask(KEY, 7, 0));

        assertThat(waiting.isComplete()).isFalse();
    }

    @Test
    void changed_leaseHeldHere_isForgotten() {
        lead(KEY, LONG_MS);
        leases.changed(KEY);
        Future<Turn> turn = ask(KEY, 8, 0);
        claims.next().lead(5_000, 8);

        assertThat(await(turn)).isInstanceOf(Turn.Lead.class);
    }

    @Test
    void ask_ownDeadlineFirst_follows() {
        lead(KEY, LONG_MS);
        long begun = System.nanoTime();
        Turn turn = await(ask(KEY, 7, 20));

        assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(19));
        assertThat(turn)
                .isInstanceOfSatisfying(
                        Turn.Follow.class, follow -> assertThat(follow.ttlMs()).isBetween(1L, LONG_MS));
        assertThat(leases.waiters()).isZero();
    }

    /** No wake-up is lost: the value may have been written between the refusal in the store and its arrival here. */
    @Test
    void changed_whileAClaimIsUnderWay_voidsItsRefusal() {
        Future<Turn> turn = ask(KEY, 7, LONG_MS);
        Future<Turn> joined = ask(KEY, 7, LONG_MS);
        Asked asked = claims.next();
        until(() -> leases.waiters() == 1);
        leases.changed(KEY);
        asked.follow(LONG_MS, 7);

        assertThat(await(turn)).isEqualTo(new Turn.LookAgain());
        assertThat(await(joined)).isEqualTo(new Turn.LookAgain());
        assertThat(claims.waiting()).as("who looks again claims again").isZero();
    }

    /** The refusal and the change arrive in one turn of the loop: whoever was refused is in line by then. */
    @Test
    void changed_rightAfterTheRefusal_wakesWhoItPutInLine() {
        Future<Turn> turn = ask(KEY, 7, LONG_MS);
        Future<Turn> joined = ask(KEY, 7, LONG_MS);
        Asked asked = claims.next();
        until(() -> leases.waiters() == 1);
        asked.caller().runOnContext(run -> {
            asked.answer().complete(new Claim.Follow(LONG_MS, 7));
            leases.changed(KEY);
        });

        assertThat(await(turn)).isEqualTo(new Turn.LookAgain());
        assertThat(await(joined)).isEqualTo(new Turn.LookAgain());
    }

    /** Somebody writes without a lease while another wins it: who looked before is not told of it again. */
    @Test
    void written_whileAClaimIsUnderWay_sendsBackWhoLookedBefore() {
        Future<Turn> turn = ask(KEY, 7, LONG_MS);
        Future<Turn> joined = ask(KEY, 7, LONG_MS);
        Asked asked = claims.next();
        until(() -> leases.waiters() == 1);
        leases.written(KEY, 8);
        asked.lead(LONG_MS, 7);
        assertThat(await(turn)).isInstanceOf(Turn.Lead.class);
        assertThat(await(joined)).isEqualTo(new Turn.LookAgain());
        Future<Turn> late = ask(KEY, 7, LONG_MS);
        Future<Turn> seen = ask(KEY, 8, LONG_MS);

        assertThat(await(late)).isEqualTo(new Turn.LookAgain());
        until(() -> leases.waiters() == 1);
        leases.changed(KEY);
        assertThat(await(seen)).isEqualTo(new Turn.LookAgain());
    }

    /** Its own release is told of on the bus, too: that must not send anybody in circles. */
    @Test
    void changed_whileALeaseIsWon_sendsBackWhoJoinedOnce() {
        Future<Turn> turn = ask(KEY, 7, LONG_MS);
        Future<Turn> joined = ask(KEY, 7, LONG_MS);
        Asked asked = claims.next();
        until(() -> leases.waiters() == 1);
        leases.changed(KEY);
        asked.lead(LONG_MS, 7);
        assertThat(await(turn)).isInstanceOf(Turn.Lead.class);
        assertThat(await(joined)).isEqualTo(new Turn.LookAgain());
        Future<Turn> again = ask(KEY, 7, LONG_MS);

        until(() -> leases.waiters() == 1);
        leases.changed(KEY);
        assertThat(await(again)).isEqualTo(new Turn.LookAgain());
    }

    /** It looked before the change, and asks after it was told: nobody will tell it again. */
    @Test
    void ask_afterTheChangeWasTold_asksTheStore() {
        lead(KEY, LONG_MS);
        leases.changed(KEY);
        Future<Turn> late = ask(KEY, 7, LONG_MS);
        claims.next().follow(LONG_MS, 8);

        assertThat(await(late)).isEqualTo(new Turn.LookAgain());
    }

    /** Another's lease begins and ends between the caller's look and its claim: the revision tells. */
    @Test
    void ask_joinsAClaimThatIsWonTooLate_looksAgain() {
        Future<Turn> turn = ask(KEY, 7, LONG_MS);
        Future<Turn> joined = ask(KEY, 7, LONG_MS);
        Asked asked = claims.next();
        until(() -> leases.waiters() == 1);
        asked.lead(LONG_MS, 8);

        assertThat(await(turn)).isEqualTo(new Turn.LookAgain());
        assertThat(await(joined)).isEqualTo(new Turn.LookAgain());
        assertThat(claims.released).containsExactly(asked.token());
    }

    /** Who claims while a lease is being given back is refused by a lease of this very replica, and must not sit it out. */
    @Test
    void ask_refusedByALeaseThatIsBeingGivenBack_isWoken() {
        Promise<Boolean> givingBack = Promise.promise();
        claims.releasing = givingBack.future();
        Future<Turn> turn = ask(KEY, 7, LONG_MS);
        claims.next().lead(LONG_MS, 8);
        Future<Turn> next = ask(KEY, 8, LONG_MS);
        claims.next().follow(LONG_MS, 8);
        until(() -> leases.waiters() == 1);
        givingBack.complete(true);

        assertThat(await(turn)).isEqualTo(new Turn.LookAgain());
        assertThat(await(next)).isEqualTo(new Turn.LookAgain());
    }

    /** Of the next leader too, all who wait are told: they were woken, and one of them leads. */
    @Test
    void changed_manyWaiting_oneLeadsAndTheOthersWaitOn() {
        lead(KEY, LONG_MS);
        List<Future<Turn>> waiting = List.of(ask(KEY, 7, LONG_MS), ask(KEY, 7, LONG_MS), ask(KEY, 7, LONG_MS));
        until(() -> leases.waiters() == 3);
        leases.changed(KEY);
        waiting.forEach(turn -> assertThat(await(turn)).isEqualTo(new Turn.LookAgain()));
        List<Future<Turn>> again = List.of(ask(KEY, 7, LONG_MS), ask(KEY, 7, LONG_MS), ask(KEY, 7, LONG_MS));
        claims.next().lead(LONG_MS, 7);

        assertThat(await(again.getFirst())).isInstanceOf(Turn.Lead.class);
        until(() -> leases.waiters() == 2);
        assertThat(claims.waiting()).isZero();
        leases.changed(KEY);
        assertThat(await(again.get(1))).isEqualTo(new Turn.LookAgain());
        assertThat(await(again.get(2))).isEqualTo(new Turn.LookAgain());
    }

    /** The bus is back: what was missed may be what they wait for. */
    @Test
    void changedUnheard_ofAnApp_wakesWhoWaitsForAnyOfItsKeys() {
        Key elsewhere = Key.of("blog", "v1", "k");
        lead(KEY, LONG_MS);
        lead(OTHER, LONG_MS);
        lead(elsewhere, LONG_MS);
        List<Future<Turn>> waiting = List.of(ask(KEY, 7, LONG_MS), ask(OTHER, 7, LONG_MS));
        Future<Turn> another = ask(elsewhere, 7, LONG_MS);
        until(() -> leases.waiters() == 3);
        leases.changedUnheard("shop");

        waiting.forEach(turn -> assertThat(await(turn)).isEqualTo(new Turn.LookAgain()));
        assertThat(another.isComplete()).isFalse();
        leases.changed(elsewhere);
        assertThat(await(another)).isEqualTo(new Turn.LookAgain());
    }

    @Test
    void changedUnheard_whileAClaimIsUnderWay_voidsItsRefusal() {
        Future<Turn> turn = ask(KEY, 7, LONG_MS);
        Asked asked = claims.next();
        leases.changedUnheard("shop");
        asked.follow(LONG_MS, 7);

        assertThat(await(turn)).isEqualTo(new Turn.LookAgain());
    }

    @Test
    void changed_whileAClaimIsUnderWay_doesNotTakeTheLeaseAway() {
        Future<Turn> turn = ask(KEY, 7, LONG_MS);
        Asked asked = claims.next();
        leases.changed(KEY);
        asked.lead(5_000, 7);

        assertThat(await(turn)).isEqualTo(new Turn.Lead(asked.token(), 5_000));
        assertThat(claims.released).isEmpty();
    }

    @Test
    void ask_refusedAndWrittenSince_looksAgain() {
        Future<Turn> turn = ask(KEY, 7, LONG_MS);
        claims.next().follow(5_000, 8);

        assertThat(await(turn)).isEqualTo(new Turn.LookAgain());
        until(() -> leases.lines() == 0);
    }

    /** G3: a lease that ends while the answer is on its way must not keep anybody asleep for another lease's time. */
    @Test
    void ask_refusedByASlowAnswer_followsForWhatIsLeftOfTheLease() {
        ManualClocks clocks = new ManualClocks();
        LeaseConfig config = new LeaseConfig(10_000, WAITERS_MAX, PER_KEY_MAX, KEYS_MAX);
        LeaseVerticle slow = new LeaseVerticle(claims, config, "replica-2", clocks);
        await(vertx.deployVerticle(slow));
        Future<Turn> turn = slow.ask(vertx, KEY, new Saw(7, 0, 0), 0);
        Asked asked = claims.next();
        clocks.pass(Duration.ofSeconds(4));
        asked.follow(5_000, 7);

        assertThat(await(turn)).isEqualTo(new Turn.Follow(1_000));
    }

    /** There is nothing left to refresh: the lease must not keep others from what comes next. */
    @Test
    void ask_wonAndWrittenSince_givesTheLeaseBackAndLooksAgain() {
        Future<Turn> turn = ask(KEY, 7, LONG_MS);
        Asked asked = claims.next();
        asked.lead(5_000, 8);

        assertThat(await(turn)).isEqualTo(new Turn.LookAgain());
        assertThat(claims.released).containsExactly(asked.token());
        until(() -> leases.lines() == 0);
    }

    @Test
    void ask_claimFails_failsAllAndLeavesNothing() {
        Future<Turn> first = ask(KEY, 7, LONG_MS);
        Asked asked = claims.next();
        Future<Turn> second = ask(KEY, 7, LONG_MS);
        await(ask(OTHER, claims));
        asked.fail("no");

        assertThat(failure(first)).hasMessage("no");
        assertThat(failure(second)).hasMessage("no");
        leases.changed(OTHER);
        until(() -> leases.lines() == 0);

        Future<Turn> again = ask(KEY, 7, 0);
        claims.next().lead(5_000, 7);
        assertThat(await(again)).isInstanceOf(Turn.Lead.class);
    }

    /** G5. */
    @Test
    void ask_tooManyWaitForAKey_isAnsweredAtOnceAndCounted() {
        lead(KEY, LONG_MS);
        lead(OTHER, LONG_MS);
        List<Future<Turn>> waiting = fill(KEY, PER_KEY_MAX);

        assertThat(await(ask(KEY, 7, LONG_MS)))
                .isInstanceOfSatisfying(
                        Turn.Follow.class, follow -> assertThat(follow.ttlMs()).isPositive());
        assertThat(leases.exceeded(Limit.WAITERS_PER_KEY)).isEqualTo(1);
        Future<Turn> other = ask(OTHER, 7, LONG_MS);
        until(() -> leases.waiters() == PER_KEY_MAX + 1);
        assertThat(other.isComplete()).isFalse();

        leases.changed(KEY);
        waiting.forEach(turn -> assertThat(await(turn)).isEqualTo(new Turn.LookAgain()));
        lead(KEY, LONG_MS);
        Future<Turn> free = ask(KEY, 7, LONG_MS);
        until(() -> leases.waiters() == 2);
        assertThat(free.isComplete()).isFalse();
    }

    /** G5. */
    @Test
    void ask_tooManyWaitInAll_isAnsweredAtOnceAndCounted() {
        lead(KEY, LONG_MS);
        lead(OTHER, LONG_MS);
        fill(KEY, PER_KEY_MAX);
        fill(OTHER, WAITERS_MAX - PER_KEY_MAX);

        assertThat(await(ask(OTHER, 7, LONG_MS))).isInstanceOf(Turn.Follow.class);
        assertThat(leases.exceeded(Limit.WAITERS)).isEqualTo(1);
        assertThat(leases.exceeded(Limit.WAITERS_PER_KEY)).isZero();
    }

    /** G5: who awaits another's claim waits too. */
    @Test
    void ask_tooManyJoinAClaim_isAnsweredAtOnceAndCounted() {
        Future<Turn> first = ask(KEY, 7, 0);
        List<Future<Turn>> joined = fill(KEY, PER_KEY_MAX);

        assertThat(await(ask(KEY, 7, LONG_MS))).isEqualTo(new Turn.Follow(0));
        assertThat(leases.exceeded(Limit.WAITERS_PER_KEY)).isEqualTo(1);
        claims.next().lead(LONG_MS, 7);
        assertThat(await(first)).isInstanceOf(Turn.Lead.class);
        leases.changed(KEY);
        joined.forEach(turn -> assertThat(await(turn)).isEqualTo(new Turn.LookAgain()));
    }

    /** G5: of a key more than it keeps a line for, it still says truly who leads. */
    @Test
    void ask_tooManyKeys_asksTheStoreForEachCallerAndWaitsForNone() {
        for (int i = 0; i < KEYS_MAX; i++) {
            lead(Key.of("shop", "v1", "key " + i), LONG_MS);
        }
        Future<Turn> first = ask(KEY, 7, LONG_MS);
        Asked won = claims.next();
        won.lead(LONG_MS, 7);
        Future<Turn> second = ask(KEY, 7, LONG_MS);
        claims.next().follow(4_000, 7);
        Future<Turn> late = ask(KEY, 7, LONG_MS);
        claims.next().follow(4_000, 8);
        Future<Turn> tooLate = ask(KEY, 7, LONG_MS);
        Asked vain = claims.next();
        vain.lead(LONG_MS, 8);

        assertThat(await(first)).isEqualTo(new Turn.Lead(won.token(), LONG_MS));
        assertThat(await(second)).isEqualTo(new Turn.Follow(4_000));
        assertThat(await(late)).isEqualTo(new Turn.LookAgain());
        assertThat(await(tooLate)).isEqualTo(new Turn.LookAgain());
        assertThat(claims.released).containsExactly(vain.token());
        assertThat(leases.exceeded(Limit.KEYS)).isEqualTo(4);
        assertThat(leases.lines()).isEqualTo(KEYS_MAX);
    }

    @Test
    void ask_leaseEndsBeforeItsTimer_keepsWhoWaitsInLine() {
        lead(KEY, 100);
        Future<Turn> waiting = ask(KEY, 7, LONG_MS);
        assertThat(await(waiting)).isEqualTo(new Turn.LookAgain());
        until(() -> leases.lines() == 0);
    }

    @Test
    void release_aToken_isGivenBackToTheStore() {
        assertThat(await(leases.release(KEY, "t"))).isTrue();
        assertThat(claims.released).containsExactly("t");
    }

    @Test
    void stop_waiting_wakesAll() {
        lead(KEY, LONG_MS);
        Future<Turn> waiting = ask(KEY, 7, LONG_MS);
        until(() -> leases.waiters() == 1);
        await(vertx.undeploy(deployment));

        assertThat(await(waiting)).isEqualTo(new Turn.LookAgain());
        assertThat(leases.lines()).isZero();
    }

    @Test
    void ask_anyInterleaving_everybodyIsToldAndNothingStays() {
        lead(KEY, 100);
        List<Future<Turn>> turns = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            turns.add(ask(KEY, 7, 1 + i % 40));
            if (i % 50 == 0) {
                leases.changed(KEY);
            }
        }
        until(() -> {
            while (claims.waiting() > 0) {
                claims.next().follow(100, 7);
            }
            return turns.stream().allMatch(Future::isComplete);
        });

        assertThat(turns).allMatch(Future::succeeded);
    }

    @Test
    void newConfig_outOfRange_saysTheKeyAndTheRange() {
        assertThatThrownBy(() -> new LeaseConfig(99, 0, 0, 1)).hasMessage("lease.ttl is 100ms to 10m, was 99ms");
        assertThatThrownBy(() -> new LeaseConfig(600_001, 0, 0, 1)).hasMessageStartingWith("lease.ttl");
        assertThatThrownBy(() -> new LeaseConfig(100, -1, 0, 1)).hasMessageStartingWith("lease.waiters-max");
        assertThatThrownBy(() -> new LeaseConfig(100, 1_000_001, 0, 1)).hasMessageStartingWith("lease.waiters-max");
        assertThatThrownBy(() -> new LeaseConfig(100, 0, -1, 1)).hasMessageStartingWith("lease.waiters-per-key-max");
        assertThatThrownBy(() -> new LeaseConfig(100, 0, 1_000_001, 1))
                .hasMessageStartingWith("lease.waiters-per-key-max");
        assertThatThrownBy(() -> new LeaseConfig(100, 0, 0, 0)).hasMessageStartingWith("lease.keys-max");
        assertThatThrownBy(() -> new LeaseConfig(100, 0, 0, 10_000_001)).hasMessageStartingWith("lease.keys-max");
    }

    private List<Future<Turn>> fill(Key key, int waiters) {
        int before = leases.waiters();
        List<Future<Turn>> waiting = new ArrayList<>();
        for (int i = 0; i < waiters; i++) {
            waiting.add(ask(key, 7, LONG_MS));
        }
        until(() -> leases.waiters() == before + waiters);
        return waiting;
    }

    private void end(Endable found, long stamp) {
        found.endedAt = stamp;
        leases.invalidated("shop", List.of(TAG));
        turn();
    }

    /* Returns when all that was told so far has been heard. */
    private void turn() {
        assertThat(follows(await(ask(OTHER, 7, 0)))).isTrue();
    }

    private Future<Turn> inLineOfALeaderAsOf20() {
        lead(KEY, new Saw(7, 20, 10));
        return ask(KEY, new Saw(7, 20, 20), LONG_MS);
    }

    private void lead(Key key, Seen seen) {
        Future<Turn> turn = ask(key, seen, 0);
        claims.next().lead(LONG_MS, seen.revision());
        assertThat(await(turn)).isInstanceOf(Turn.Lead.class);
    }

    private static boolean follows(Turn turn) {
        return turn instanceof Turn.Follow;
    }

    private void lead(Key key, long ttlMs) {
        Future<Turn> turn = ask(key, 7, 0);
        claims.next().lead(ttlMs, 7);
        assertThat(await(turn)).isInstanceOf(Turn.Lead.class);
    }

    /** Asked from one loop, in the order of the calls. */
    private Future<Turn> ask(Key key, long seenRevision, long waitMs) {
        return ask(key, new Saw(seenRevision, 0, 0), waitMs);
    }

    private Future<Turn> ask(Key key, Seen seen, long waitMs) {
        return Future.future(told ->
                caller.runOnContext(run -> leases.ask(vertx, key, seen, waitMs).onComplete(told)));
    }

    /** Answered once all that was asked before has been heard. */
    private Future<Turn> ask(Key key, HeldClaims held) {
        Future<Turn> turn = ask(key, 7, 0);
        held.next().lead(LONG_MS, 7);
        return turn;
    }
}
