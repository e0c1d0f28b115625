package dev.freshet.gateway;

import static dev.freshet.gateway.Replica.APP;
import static dev.freshet.gateway.Replica.draft;
import static dev.freshet.gateway.Replica.staleDraft;
import static dev.freshet.gateway.Replica.tags;
import static dev.freshet.gateway.Replica.text;
import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.failure;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Freshness;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.gateway.HeldStore.Call;
import dev.freshet.gateway.Lookup.Source;
import dev.freshet.lease.Claim;
import dev.freshet.lease.Turn;
import dev.freshet.store.Change;
import dev.freshet.store.Evidence;
import dev.freshet.store.Mode;
import dev.freshet.store.StoreException;
import dev.freshet.store.Written;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import dev.freshet.testing.Futures;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Two replicas over one store, and what may go wrong between them. */
class GatewayTest extends TwoReplicas {
    private static final Key KEY = Key.of(APP, "v1", "k");
    private static final Mode HARD = new Mode.Hard();
    private static final Mode SOFT = new Mode.Soft(Lifetime.NEVER);
    private static final Ask LEASE = new Ask(List.of(), true, 0, false);
    private static final Ask WAIT = new Ask(List.of(), true, 20_000, false);
    private static final Ask WAIT_STALE = new Ask(List.of(), true, 20_000, true);

    @Test
    void get_missing_isAMissWithATicket() {
        Lookup.Miss miss = (Lookup.Miss) a.get(KEY);

        assertThat(miss.turn()).isEmpty();
        assertThat(miss.ticket().asOf()).isEqualTo(a.app.applied()).isPositive();
        assertThat(miss.collapsed()).isFalse();
    }

    @Test
    void get_written_isFoundInTheStoreAndThenNear() {
        assertThat(a.put(KEY, "one"))
                .isInstanceOfSatisfying(
                        Written.Stored.class,
                        stored -> assertThat(stored.created()).isTrue());

        assertThat(b.get(KEY))
                .isInstanceOfSatisfying(
                        Lookup.Fresh.class, fresh -> assertThat(fresh.source()).isEqualTo(Source.STORE));
        assertThat(b.get(KEY))
                .isInstanceOfSatisfying(
                        Lookup.Fresh.class, fresh -> assertThat(fresh.source()).isEqualTo(Source.NEAR));
        assertThat(b.store.calls(Call.READ)).isEqualTo(1);
    }

    @Test
    void get_fromAnEventLoop_isToldThere() {
        a.put(KEY, "one");
        a.app.close();
        Context loop = ((VertxInternal) vertx).createEventLoopContext();
        Future<Context> told = Future.future(done -> loop.runOnContext(run -> a.gateway
                .get(KEY, Ask.PLAIN)
                .map(found -> Vertx.currentContext())
                .onComplete(done)));

        assertThat(await(told)).isEqualTo(loop);
    }

    @Test
    void get_joinsAReadOfAnotherLoop_isToldOnItsOwn() {
        a.put(KEY, "one");
        b.turn();
        b.store.holdAnswer(Call.READ);
        List<Context> loops = List.of(
                ((VertxInternal) vertx).createEventLoopContext(), ((VertxInternal) vertx).createEventLoopContext());
        List<Future<Context>> told = loops.stream()
                .map(loop -> Future.<Context>future(done -> loop.runOnContext(run -> b.gateway
                        .get(KEY, Ask.PLAIN)
                        .map(found -> Vertx.currentContext())
                        .onComplete(done))))
                .toList();
        for (Context loop : loops) {
            await(Future.<Void>future(done -> loop.runOnContext(done::complete)));
        }
        b.store.release(Call.READ);

        assertThat(told.stream().map(Futures::await).toList()).isEqualTo(loops);
        assertThat(b.store.calls(Call.READ)).isEqualTo(1);
    }

    /** G1: outside the window a near copy waits for a beat. */
    @Test
    void get_nearCopyAndWindowClosed_awaitsABeat() {
        a.put(KEY, "one");
        b.warm(KEY);
        b.store.holdAnswer(Call.BEAT);
        b.app.close();
        Future<Lookup> reading = b.gateway.get(KEY, Ask.PLAIN);
        until(() -> b.store.holding(Call.BEAT) == 1);

        assertThat(reading.isComplete()).isFalse();
        b.store.release(Call.BEAT);
        assertThat(text(await(reading))).isEqualTo("one");
    }

    /** G1: partitioned from the bus, past its window, a replica learns of what it missed before it answers. */
    @Test
    void get_windowClosedAndInvalidationMissed_isNotServed() {
        a.put(KEY, "one", "posts");
        b.warm(KEY);
        b.store.silence();
        a.begin(HARD, "posts");
        assertThat(b.text(KEY)).as("within the window, not acknowledged").isEqualTo("one");
        b.app.close();

        assertThat(b.text(KEY)).isEqualTo("none");
    }

    /** G1: a pause while the store is read, longer than the window, does not smuggle a stale answer out. */
    @Test
    void get_windowEndsWhileTheStoreIsRead_isJudgedByWhatABeatBrings() {
        a.put(KEY, "one", "posts");
        b.turn();
        b.store.holdAnswer(Call.READ);
        Future<Lookup> reading = b.gateway.get(KEY, Ask.PLAIN);
        until(() -> b.store.holding(Call.READ) == 1);
        b.store.silence();
        a.begin(HARD, "posts");
        b.app.close();
        b.store.release(Call.READ);

        assertThat(text(await(reading))).isEqualTo("none");
    }

    @Test
    void get_invalidatedWhileTheStoreIsRead_isJudgedByTheMarksOfNow() {
        a.put(KEY, "one", "posts");
        b.turn();
        b.store.holdAnswer(Call.READ);
        Future<Lookup> reading = b.gateway.get(KEY, Ask.PLAIN);
        until(() -> b.store.holding(Call.READ) == 1);
        a.invalidate(HARD, "posts");
        b.store.release(Call.READ);

        assertThat(text(await(reading))).isEqualTo("none");
    }

    /** G1: whoever joins a read that began before an invalidation does not get what the invalidation ended. */
    @Test
    void get_joinsAReadFromBeforeAnInvalidation_isNotServed() {
        a.put(KEY, "one", "posts");
        b.turn();
        b.store.holdAnswer(Call.READ);
        Future<Lookup> before = b.gateway.get(KEY, Ask.PLAIN);
        until(() -> b.store.holding(Call.READ) == 1);
        a.invalidate(HARD, "posts");
        Future<Lookup> after = b.gateway.get(KEY, Ask.PLAIN);
        b.store.release(Call.READ);

        assertThat(text(await(after))).isEqualTo("none");
        await(before);
    }

    @Test
    void get_beatFails_fails() {
        a.put(KEY, "one");
        b.warm(KEY);
        b.store.fail(Call.BEAT);
        b.app.close();

        assertThat(failure(b.gateway.get(KEY, Ask.PLAIN))).isInstanceOf(StoreException.class);
        b.store.release(Call.BEAT);
        assertThat(b.text(KEY)).isEqualTo("one");
    }

    /** G6: inside the window a near copy needs no store. */
    @Test
    void get_storeFailsAndWindowOpen_isServedFromNear() {
        a.put(KEY, "one");
        b.warm(KEY);
        b.store.fail(Call.READ);
        b.store.fail(Call.BEAT);

        assertThat(b.text(KEY)).isEqualTo("one");
        assertThat(failure(b.gateway.get(Key.of(APP, "v1", "other"), Ask.PLAIN)))
                .isInstanceOf(StoreException.class);
    }

    /** A fill must lose to a write that another replica makes during it. */
    @Test
    void get_writtenDuringRead_isNotKept() {
        a.put(KEY, "one");
        b.turn();
        b.store.holdAnswer(Call.READ);
        Future<Lookup> reading = b.gateway.get(KEY, Ask.PLAIN);
        until(() -> b.store.holding(Call.READ) == 1);
        a.put(KEY, "two");
        b.turn();
        b.store.release(Call.READ);
        await(reading);

        assertThat(b.text(KEY)).isEqualTo("two");
    }

    @Test
    void get_writtenElsewhere_isReadAgain() {
        a.put(KEY, "one");
        b.warm(KEY);
        a.put(KEY, "two");
        b.turn();

        assertThat(b.text(KEY)).isEqualTo("two");
    }

    @Test
    void get_removedElsewhere_isMissing() {
        a.put(KEY, "one");
        b.warm(KEY);
        await(a.gateway.delete(KEY));
        b.turn();

        assertThat(b.text(KEY)).isEqualTo("none");
    }

    @Test
    void get_busLost_isReadFromTheStore() {
        a.put(KEY, "one");
        b.warm(KEY);
        b.store.silence();
        b.store.tell(new Change.Lost());
        b.turn();
        assertThat(b.text(KEY)).isEqualTo("one");
        a.put(KEY, "two");

        assertThat(b.text(KEY)).isEqualTo("two");
    }

    @Test
    void get_writtenWhileTheBusWasLost_isReadAgainWhenItIsBack() {
        a.put(KEY, "one");
        b.store.silence();
        b.store.tell(new Change.Lost());
        b.turn();
        assertThat(b.text(KEY)).as("and a copy is kept").isEqualTo("one");
        a.put(KEY, "two");
        b.store.unsilence();
        b.store.tell(new Change.Live());
        b.turn();

        assertThat(b.text(KEY)).isEqualTo("two");
        b.warm(KEY);
    }

    /** G1 holds where no future is made, too. */
    @Test
    void hit_nearCopy_isWhatGetAnswersWhileTheWindowIsOpenAndNoMarkEndsIt() {
        a.put(KEY, "one", "posts");
        assertThat(hit(Ask.PLAIN)).isNull();
        b.warm(KEY);
        assertThat(hit(Ask.PLAIN)).isSameAs(((Lookup.Fresh) b.get(KEY)).entry());
        assertThat(hit(new Ask(List.of(), true, 0, false, true)))
                .as("it may be elected")
                .isNull();

        a.invalidate(SOFT, "posts");
        assertThat(hit(Ask.PLAIN)).isNull();

        a.put(KEY, "two");
        b.warm(KEY);
        b.app.close();
        assertThat(hit(Ask.PLAIN)).isNull();
    }

    private @Nullable Entry hit(Ask ask) {
        return b.gateway.hit(KEY, ask, b.gateway.nanos());
    }

    @Test
    void get_softTagOfTheRequestMarked_isJudgedByItToo() {
        a.put(KEY, "one");
        b.warm(KEY);
        a.invalidate(HARD, "layout");

        assertThat(b.text(KEY)).isEqualTo("one");
        assertThat(text(await(b.gateway.get(KEY, new Ask(tags("layout"), false, 0, false)))))
                .isEqualTo("none");
    }

    @Test
    void get_staleByTimeOrTag_saysWhy() {
        await(a.gateway.put(KEY, staleDraft("one")));
        assertThat(b.get(KEY)).isInstanceOfSatisfying(Lookup.Stale.class, stale -> {
            assertThat(stale.why()).isEqualTo(Freshness.STALE_BY_TIME);
            assertThat(stale.turn()).isEmpty();
            assertThat(stale.ageMs()).isBetween(60_000L, 70_000L);
        });

        a.put(KEY, "two", "posts");
        a.invalidate(SOFT, "posts");
        assertThat(b.get(KEY))
                .isInstanceOfSatisfying(
                        Lookup.Stale.class, stale -> assertThat(stale.why()).isEqualTo(Freshness.STALE_BY_TAG));
    }

    /** G1 in calm: a thousand answers, and never one that an answered invalidation ended. */
    @Test
    void invalidate_answered_noReplicaServesWhatItEnded() {
        for (int round = 0; round < 300; round++) {
            Replica one = round % 2 == 0 ? a : b;
            Replica other = round % 2 == 0 ? b : a;
            one.put(KEY, "round " + round, "posts");
            other.turn();
            assertThat(other.text(KEY)).isEqualTo("round " + round);
            assertThat(one.text(KEY)).isEqualTo("round " + round);
            one.invalidate(HARD, "posts");

            assertThat(other.text(KEY)).isEqualTo("none");
            assertThat(one.text(KEY)).isEqualTo("none");
        }
    }

    @Test
    void invalidate_softWithADeadlineThatHasCome_endsIt() {
        a.put(KEY, "one", "posts");
        b.warm(KEY);
        a.invalidate(new Mode.Soft(0), "posts");

        assertThat(b.text(KEY)).isEqualTo("none");
    }

    @Test
    void invalidate_softAfterHard_doesNotBringItBack() {
        a.put(KEY, "one", "posts");
        b.warm(KEY);
        a.invalidate(HARD, "posts");
        a.invalidate(SOFT, "posts");

        assertThat(b.text(KEY)).isEqualTo("none");
        assertThat(a.text(KEY)).isEqualTo("none");
    }

    @Test
    void invalidate_softAgainAndAgain_isStaleEachTime() {
        for (int round = 0; round < 20; round++) {
            a.put(KEY, "one", "posts");
            b.turn();
            assertThat(b.get(KEY)).isInstanceOf(Lookup.Fresh.class);
            a.invalidate(SOFT, "posts");
            assertThat(b.get(KEY)).isInstanceOf(Lookup.Stale.class);
        }
    }

    /** G4, R21: what a build left has been ended when it is back. */
    @Test
    void invalidate_anApp_reachesItsDeploymentsAndNoOtherApp() {
        Key second = Key.of(APP, "v2", "k");
        Key foreign = Key.of("blog", "v1", "k");
        a.put(KEY, "one", "posts");
        assertThat(b.text(second)).as("of another deployment").isEqualTo("none");
        a.put(second, "two", "posts");
        a.put(foreign, "three", "posts");
        b.warm(KEY);
        b.warm(second);
        assertThat(b.text(foreign)).isEqualTo("three");
        a.invalidate(HARD, "posts");

        assertThat(b.text(KEY)).isEqualTo("none");
        assertThat(b.text(second)).isEqualTo("none");
        assertThat(b.text(foreign)).isEqualTo("three");
    }

    @Test
    void invalidate_storeFails_fails() {
        a.store.fail(Call.INVALIDATE);

        assertThat(failure(a.settling(HARD, "posts"))).isInstanceOf(StoreException.class);
    }

    @Test
    void mark_invalidated_isWhatIsRemembered() {
        long stamp = a.invalidate(HARD, "posts").stamp();

        assertThat(await(b.gateway.mark(APP, new Tag("posts")))).isEqualTo(Mark.hard(stamp));
        assertThat(await(b.gateway.mark(APP, new Tag("other")))).isEqualTo(Mark.NONE);
        assertThat(await(b.gateway.clock(APP)).applied()).isGreaterThanOrEqualTo(stamp);
    }

    /** G2: whenever the write arrives, and wherever. */
    @Test
    void put_computedFromBeforeAnInvalidation_neverBecomesFresh() {
        Ticket ticket = ((Lookup.Miss) b.get(KEY)).ticket();
        a.invalidate(HARD, "posts");
        assertThat(await(b.gateway.put(KEY, draft("old", ticket, "posts")))).isInstanceOf(Written.Stored.class);

        assertThat(a.text(KEY)).isEqualTo("none");
        assertThat(b.text(KEY)).isEqualTo("none");

        Ticket again = ((Lookup.Miss) b.get(KEY)).ticket();
        await(b.gateway.put(KEY, draft("new", again, "posts")));
        assertThat(a.text(KEY)).isEqualTo("new");
    }

    @Test
    void put_computedFromBeforeASoftInvalidation_isStale() {
        Ticket ticket = ((Lookup.Miss) b.get(KEY)).ticket();
        a.invalidate(SOFT, "posts");
        await(b.gateway.put(KEY, draft("old", ticket, "posts")));

        assertThat(a.get(KEY)).isInstanceOf(Lookup.Stale.class);
    }

    /** G2: a ticket from the future would outlive invalidations to come. */
    @Test
    void put_ticketFromTheFuture_isEndedByTheNextInvalidation() {
        Ticket future =
                new Ticket(a.app.applied() + 3_600_000_000L, a.app.ticket().grantMicros());
        await(a.gateway.put(KEY, draft("one", future, "posts")));
        assertThat(b.text(KEY)).isEqualTo("one");
        a.invalidate(HARD, "posts");

        assertThat(b.text(KEY)).isEqualTo("none");
        assertThat(a.text(KEY)).isEqualTo("none");
    }

    /** Whoever sends a ticket that was granted in the future must not lock everybody else out of the key. */
    @Test
    void put_ticketGrantedInTheFuture_doesNotRefuseLaterWrites() {
        await(a.gateway.put(KEY, draft("one", new Ticket(a.app.applied(), 9_999_999_999_999_999L))));

        assertThat(b.put(KEY, "two")).isInstanceOf(Written.Stored.class);
    }

    @Test
    void put_olderTicket_isRefusedAndChangesNothing() {
        Ticket older = ((Lookup.Miss) a.get(KEY)).ticket();
        a.invalidate(HARD, "posts");
        a.put(KEY, "new");
        assertThat(await(b.gateway.put(KEY, draft("old", older)))).isEqualTo(new Written.Older());

        assertThat(b.text(KEY)).isEqualTo("new");
    }

    @Test
    void put_sameAsOfGrantedEarlier_isRefused() {
        Ticket given = ((Lookup.Miss) a.get(KEY)).ticket();
        Ticket first = new Ticket(given.asOf(), given.grantMicros() - 1_000_000);
        Ticket second = new Ticket(given.asOf(), first.grantMicros() + 1);
        await(a.gateway.put(KEY, draft("second", second)));

        assertThat(await(a.gateway.put(KEY, draft("first", first)))).isEqualTo(new Written.Older());
        assertThat(a.text(KEY)).isEqualTo("second");
    }

    /** Read your own writes: whoever has its write answered reads it here, whatever the bus does. */
    @Test
    void put_busSilent_isReadHere() {
        a.put(KEY, "one");
        a.warm(KEY);
        a.store.silence();
        a.put(KEY, "two");

        assertThat(a.text(KEY)).isEqualTo("two");
    }

    @Test
    void delete_busSilent_isMissingHere() {
        a.put(KEY, "one");
        a.warm(KEY);
        a.store.silence();
        assertThat(await(a.gateway.delete(KEY))).isTrue();

        assertThat(a.text(KEY)).isEqualTo("none");
        assertThat(await(a.gateway.delete(KEY))).isFalse();
    }

    /** G3: in the whole fleet one leads, and the others follow. */
    @Test
    void get_missingAndManyWould_oneLeads() {
        Lookup first = await(a.gateway.get(KEY, LEASE));
        Lookup here = await(a.gateway.get(KEY, LEASE));
        Lookup there = await(b.gateway.get(KEY, LEASE));

        assertThat(turn(first)).isInstanceOf(Turn.Lead.class);
        assertThat(turn(here)).isInstanceOf(Turn.Follow.class);
        assertThat(turn(there)).isInstanceOf(Turn.Follow.class);
        assertThat(a.store.calls(Call.CLAIM)).as("followers here do not ask").isEqualTo(1);
    }

    /** G3: a follower is told of the leader's write, here by its own replica and there by the bus. */
    @Test
    void get_followersWait_getWhatTheLeaderWrote() {
        Turn.Lead lead = a.lead(KEY);
        Future<Lookup> here = a.gateway.get(KEY, WAIT);
        Future<Lookup> there = b.gateway.get(KEY, WAIT);
        until(() -> a.leases.waiters() == 1 && b.leases.waiters() == 1);
        assertThat(await(a.gateway.put(KEY, leased("one", lead)))).isInstanceOf(Written.Stored.class);

        for (Future<Lookup> follower : List.of(here, there)) {
            assertThat(await(follower)).isInstanceOfSatisfying(Lookup.Fresh.class, fresh -> {
                assertThat(text(fresh)).isEqualTo("one");
                assertThat(fresh.collapsed()).isTrue();
            });
        }
    }

    /** G6: a write here wakes who waits here, although the bus is silent. */
    @Test
    void put_busSilent_wakesWhoWaitsHere() {
        Turn.Lead lead = a.lead(KEY);
        Future<Lookup> here = a.gateway.get(KEY, WAIT);
        until(() -> a.leases.waiters() == 1);
        a.store.silence();
        await(a.gateway.put(KEY, leased("one", lead)));

        assertThat(text(await(here))).isEqualTo("one");
    }

    @Test
    void delete_busSilent_wakesWhoWaitsHere() {
        await(a.gateway.put(KEY, staleDraft("one")));
        a.turn();
        a.lead(KEY);
        a.gateway.get(KEY, WAIT_STALE);
        until(() -> a.leases.waiters() == 1);
        a.store.silence();
        int claims = a.store.calls(Call.CLAIM);
        await(a.gateway.delete(KEY));

        until(() -> a.store.calls(Call.CLAIM) > claims);
    }

    /** G3: a leader that reports failure delays its followers by a round trip. */
    @Test
    void release_byTheLeader_letsTheNextLead() {
        Turn.Lead lead = a.lead(KEY);
        Future<Lookup> there = b.gateway.get(KEY, WAIT);
        until(() -> b.leases.waiters() == 1);
        assertThat(await(a.gateway.release(KEY, lead.token()))).isTrue();

        assertThat(turn(await(there))).isInstanceOf(Turn.Lead.class);
        assertThat(await(a.gateway.release(KEY, lead.token()))).isFalse();
    }

    @Test
    void release_busSilent_letsTheNextHereLead() {
        Turn.Lead lead = a.lead(KEY);
        Future<Lookup> here = a.gateway.get(KEY, WAIT);
        until(() -> a.leases.waiters() == 1);
        a.store.silence();
        await(a.gateway.release(KEY, lead.token()));

        assertThat(turn(await(here))).isInstanceOf(Turn.Lead.class);
    }

    /** G3: a leader that outstayed its lease does not overwrite its successor. */
    @Test
    void put_leaseLost_isRefusedAndChangesNothing() {
        Turn.Lead first = a.lead(KEY);
        await(a.gateway.release(KEY, first.token()));
        Turn.Lead second = b.lead(KEY);
        assertThat(await(a.gateway.put(KEY, leased("first", first)))).isEqualTo(new Written.LeaseLost());
        assertThat(await(b.gateway.put(KEY, leased("second", second)))).isInstanceOf(Written.Stored.class);

        assertThat(a.text(KEY)).isEqualTo("second");
    }

    @Test
    void get_stale_oneLeadsAndTheOthersAreServedAtOnce() {
        await(a.gateway.put(KEY, staleDraft("one")));
        Lookup first = await(a.gateway.get(KEY, WAIT));
        Lookup here = await(a.gateway.get(KEY, WAIT));
        Lookup there = await(b.gateway.get(KEY, WAIT));

        assertThat(turn(first)).isInstanceOf(Turn.Lead.class);
        assertThat(turn(here)).isInstanceOf(Turn.Follow.class);
        assertThat(turn(there)).isInstanceOf(Turn.Follow.class);
        assertThat(List.of(text(first), text(here), text(there))).containsOnly("one");
    }

    @Test
    void get_staleAndWouldWait_getsTheNewValue() {
        await(a.gateway.put(KEY, staleDraft("one")));
        Turn.Lead lead = a.lead(KEY);
        Future<Lookup> there = b.gateway.get(KEY, WAIT_STALE);
        until(() -> b.leases.waiters() == 1);
        await(a.gateway.put(KEY, leased("two", lead)));

        assertThat(text(await(there))).isEqualTo("two");
    }

    @Test
    void get_waitEnds_follows() {
        a.lead(KEY);

        assertThat(turn(await(b.gateway.get(KEY, new Ask(List.of(), true, 20, false)))))
                .isInstanceOf(Turn.Follow.class);
        assertThat(b.leases.waiters()).isZero();
    }

    /** The claim shows that the near copy is not what the store has: the next look must not find it again. */
    @Test
    void get_claimShowsANewerRevision_readsIt() {
        await(a.gateway.put(KEY, staleDraft("one")));
        b.turn();
        b.get(KEY);
        b.store.silence();
        a.put(KEY, "two");

        Lookup found = await(b.gateway.get(KEY, LEASE));
        assertThat(text(found)).isEqualTo("two");
        assertThat(found.collapsed()).isTrue();
        assertThat(b.store.calls(Call.CLAIM)).isEqualTo(1);
    }

    /** G5: whoever is overtaken again and again is answered as a follower. */
    @Test
    void get_writtenBeforeEachClaim_followsAfterEightLooks() {
        AtomicLong revisions = new AtomicLong(1);
        a.store.claims = claim -> new Claim.Follow(1_000, revisions.incrementAndGet());

        assertThat(turn(await(a.gateway.get(KEY, WAIT)))).isEqualTo(new Turn.Follow(0));
        assertThat(a.store.calls(Call.CLAIM)).isEqualTo(8);
    }

    @Test
    void get_claimFails_fails() {
        a.store.fail(Call.CLAIM);

        assertThat(failure(a.gateway.get(KEY, WAIT))).isInstanceOf(StoreException.class);
        a.store.release(Call.CLAIM);
        assertThat(turn(await(a.gateway.get(KEY, WAIT)))).isInstanceOf(Turn.Lead.class);
    }

    @Test
    void get_manyReadAtOnce_askTheStoreOnce() {
        a.put(KEY, "one");
        b.turn();
        b.store.holdAnswer(Call.READ);
        List<Future<Lookup>> reading = IntStream.range(0, 50)
                .mapToObj(i -> b.gateway.get(KEY, Ask.PLAIN))
                .toList();
        until(() -> b.store.holding(Call.READ) == 1);
        b.store.release(Call.READ);

        reading.forEach(read -> assertThat(text(await(read))).isEqualTo("one"));
        assertThat(b.store.calls(Call.READ)).isEqualTo(1);
    }

    /** G5. */
    @Test
    void get_tooManyApps_isRefusedClearly() {
        a.get(Key.of("second", "v1", "k"));
        a.get(Key.of("third", "v1", "k"));

        assertThatThrownBy(() -> a.get(Key.of("fourth", "v1", "k")))
                .isInstanceOf(TooManyAppsException.class)
                .hasMessage("this replica serves 3 apps already (limits.apps)");
        assertThat(a.text(KEY)).isEqualTo("none");
    }

    @Test
    void newAsk_waitOutOfRange_isRefused() {
        assertThatThrownBy(() -> new Ask(List.of(), true, -1, false)).hasMessage("a wait is 0 to 30 seconds");
        assertThatThrownBy(() -> new Ask(List.of(), true, 30_001, false)).hasMessage("a wait is 0 to 30 seconds");
    }

    private static Turn turn(Lookup found) {
        return switch (found) {
            case Lookup.Fresh fresh -> throw new AssertionError("fresh: " + fresh);
            case Lookup.Early early -> early.turn();
            case Lookup.Stale stale -> stale.turn().orElseThrow();
            case Lookup.Miss miss -> miss.turn().orElseThrow();
        };
    }

    /** R6: what was overwritten unheard is not served from here; what was not costs no body. */
    @Test
    void get_afterTheBusWasLost_isConfirmedByTheStoreOnce() {
        a.put(KEY, "one");
        b.warm(KEY);
        b.store.silence();
        a.put(KEY, "two");
        a.turn();
        b.store.unsilence();
        b.store.tell(new Change.Lost());
        b.store.tell(new Change.Live());
        until(b.app::mayUseNear);
        b.turn();

        assertThat(b.text(KEY)).isEqualTo("two");
        assertThat(((Lookup.Fresh) b.get(KEY)).source()).isEqualTo(Lookup.Source.NEAR);
    }

    /** G2: a replica that lags behind the one that gave the ticket does not store the value as older than it is. */
    @Test
    void put_ticketOfAReplicaThatIsAhead_asksForWhatItLacksFirst() {
        b.store.silence();
        a.begin(HARD, "other");
        a.turn();
        Ticket newer = new Ticket(a.app.applied(), a.app.ticket().grantMicros());
        Ticket older = new Ticket(b.app.applied(), 1);
        await(b.gateway.put(KEY, Replica.draft("newer", newer)));
        b.store.unsilence();

        assertThat(await(a.gateway.put(KEY, Replica.draft("older", older)))).isInstanceOf(Written.Older.class);
        assertThat(await(shared.read(KEY, Optional.empty())).orElseThrow().asOf())
                .isEqualTo(newer.asOf());
    }

    /** A joiner of a read that began before it may be told of nothing, though something was written before it asked. */
    @Test
    void get_joinedAReadThatFoundNothing_readsAnew() {
        b.store.holdAnswer(Call.READ);
        Future<Lookup> first = b.gateway.get(KEY, Ask.PLAIN);
        until(() -> b.store.holding(Call.READ) == 1);
        b.store.silence();
        a.put(KEY, "one");
        Future<Lookup> second = b.gateway.get(KEY, Ask.PLAIN);
        b.turn();
        b.store.release(Call.READ);
        b.store.unsilence();

        assertThat(await(first)).isInstanceOf(Lookup.Miss.class);
        assertThat(Replica.text(await(second))).isEqualTo("one");
    }

    @Test
    void get_nearHitThatTheStoreDisproves_isCountedAsAViolation() {
        a.put(KEY, "one", "posts");
        b.warm(KEY);
        until(() -> counted("freshet.coherence.verified") > 0);
        assertThat(counted("freshet.coherence.violations")).isZero();

        long unknown = b.app.applied() + 10;
        b.store.evidence = told -> new Evidence(told.epoch(), unknown, Map.of(new Tag("posts"), Mark.hard(unknown)));
        b.get(KEY);
        until(() -> counted("freshet.coherence.violations") > 0);
    }

    /** What is on its way and not acknowledged yet proves nothing. */
    @Test
    void get_nearHitThatANewerMarkEnds_isNoViolation() {
        a.put(KEY, "one", "posts");
        b.warm(KEY);
        until(() -> counted("freshet.coherence.verified") > 0);
        double before = counted("freshet.coherence.verified");
        long unknown = b.app.applied() + 10;
        b.store.evidence =
                told -> new Evidence(told.epoch(), unknown - 1, Map.of(new Tag("posts"), Mark.hard(unknown)));
        b.get(KEY);
        until(() -> counted("freshet.coherence.verified") > before);

        assertThat(counted("freshet.coherence.violations")).isZero();
    }

    private double counted(String name) {
        return b.registry.get(name).counter().count();
    }

    private static Draft leased(String text, Turn.Lead lead) {
        Draft draft = draft(text);
        return new Draft(
                draft.tags(),
                draft.lifetime(),
                0,
                Optional.empty(),
                Optional.of(lead.token()),
                draft.type(),
                draft.attributes(),
                draft.body());
    }
}
