package dev.freshet.lease;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.failure;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.entry.Key;
import dev.freshet.lease.HeldClaims.Asked;
import dev.freshet.loop.Clocks;
import dev.freshet.testing.OnVertx;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.internal.VertxInternal;
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
    private static final long LONG_MS = 60_000;
    private static final int WAITERS_MAX = 4;

    private final HeldClaims claims = new HeldClaims();
    private final LeaseVerticle leases =
            new LeaseVerticle(claims, new LeaseConfig(10_000, WAITERS_MAX), "replica-1", Clocks.SYSTEM);
    private final Context caller = ((VertxInternal) vertx).createEventLoopContext();
    private String deployment;

    @BeforeEach
    void deploy() {
        deployment = await(vertx.deployVerticle(leases));
    }

    @AfterEach
    void leavesNothing() {
        leases.changed(KEY);
        leases.changed(OTHER);
        until(() -> leases.lines() == 0);
        assertThat(leases.waiters()).isZero();
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

        assertThat(await(turn)).isEqualTo(new Turn.Follow(5_000));
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
        leases.changed(KEY);
        asked.follow(LONG_MS, 7);

        assertThat(await(turn)).isEqualTo(new Turn.LookAgain());
        claims.next().follow(LONG_MS, 8);
        assertThat(await(joined)).isEqualTo(new Turn.LookAgain());
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
    void ask_tooManyWait_isAnsweredAtOnce() {
        lead(KEY, LONG_MS);
        List<Future<Turn>> waiting = new ArrayList<>();
        for (int i = 0; i < WAITERS_MAX; i++) {
            waiting.add(ask(KEY, 7, LONG_MS));
        }
        until(() -> leases.waiters() == WAITERS_MAX);

        assertThat(await(ask(KEY, 7, LONG_MS))).isInstanceOf(Turn.Follow.class);
        leases.changed(KEY);
        waiting.forEach(turn -> assertThat(await(turn)).isEqualTo(new Turn.LookAgain()));

        lead(KEY, LONG_MS);
        Future<Turn> free = ask(KEY, 7, LONG_MS);
        until(() -> leases.waiters() == 1);
        assertThat(free.isComplete()).isFalse();
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
        assertThatThrownBy(() -> new LeaseConfig(99, 0)).hasMessage("lease.ttl is 100ms to 10m, was 99ms");
        assertThatThrownBy(() -> new LeaseConfig(600_001, 0)).hasMessageStartingWith("lease.ttl");
        assertThatThrownBy(() -> new LeaseConfig(100, -1)).hasMessageStartingWith("lease.waiters-max");
        assertThatThrownBy(() -> new LeaseConfig(100, 1_000_001)).hasMessageStartingWith("lease.waiters-max");
    }

    private void lead(Key key, long ttlMs) {
        Future<Turn> turn = ask(key, 7, 0);
        claims.next().lead(ttlMs, 7);
        assertThat(await(turn)).isInstanceOf(Turn.Lead.class);
    }

    /** Asked from one loop, in the order of the calls. */
    private Future<Turn> ask(Key key, long seenRevision, long waitMs) {
        return Future.future(told -> caller.runOnContext(
                run -> leases.ask(vertx, key, seenRevision, waitMs).onComplete(told)));
    }

    /** Answered once all that was asked before has been heard. */
    private Future<Turn> ask(Key key, HeldClaims held) {
        Future<Turn> turn = ask(key, 7, 0);
        held.next().lead(LONG_MS, 7);
        return turn;
    }
}
