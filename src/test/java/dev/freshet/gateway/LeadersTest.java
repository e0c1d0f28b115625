package dev.freshet.gateway;

import static dev.freshet.gateway.Replica.APP;
import static dev.freshet.gateway.Replica.draft;
import static dev.freshet.gateway.Replica.text;
import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.entry.Draft;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.lease.Turn;
import dev.freshet.store.Change;
import dev.freshet.store.Mode;
import dev.freshet.store.Written;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** G3: what happens to a fleet's one refresh while it is under way. */
class LeadersTest extends TwoReplicas {
    private static final Key KEY = Key.of(APP, "v1", "k");
    private static final Mode HARD = new Mode.Hard();
    private static final Mode SOFT = new Mode.Soft(Lifetime.NEVER);
    private static final Ask LEASE = new Ask(List.of(), true, 0, false);
    private static final Ask EARLY = new Ask(List.of(), true, 0, false, true);
    private static final Ask WAIT = new Ask(List.of(), true, 20_000, false);
    private static final Ask WAIT_STALE = new Ask(List.of(), true, 20_000, true);

    /** G1, G3: what the leader read may be what was ended, so nobody is served what it writes, and one computes anew. */
    @Test
    void put_invalidatedWhileItsLeaderComputed_isNotServedAndOneOfTheWaitersLeads() {
        Lookup.Miss leader = (Lookup.Miss) await(a.gateway.get(KEY, LEASE));
        List<Future<Lookup>> waiting =
                List.of(a.gateway.get(KEY, WAIT), b.gateway.get(KEY, WAIT), b.gateway.get(KEY, WAIT));
        until(() -> a.leases.waiters() == 1 && b.leases.waiters() == 2);
        b.invalidate(HARD, "t");
        assertThat(write(a, "of before", leader)).isInstanceOf(Written.Stored.class);

        Future<Lookup> next = first(waiting);
        Lookup.Miss heir = (Lookup.Miss) await(next);
        assertThat(heir.turn().orElseThrow()).isInstanceOf(Turn.Lead.class);
        assertThat(a.text(KEY)).isEqualTo("none");
        assertThat(b.text(KEY)).isEqualTo("none");
        until(() -> a.leases.waiters() + b.leases.waiters() == 2);

        assertThat(write(next.equals(waiting.getFirst()) ? a : b, "of after", heir))
                .isInstanceOf(Written.Stored.class);
        for (Future<Lookup> waited : waiting) {
            if (!waited.equals(next)) {
                assertThat(text(await(waited))).isEqualTo("of after");
            }
        }
        assertThat(a.store.calls(HeldStore.Call.WRITE) + b.store.calls(HeldStore.Call.WRITE))
                .isEqualTo(2);
    }

    /** G1, G3: who asks after the end need not wait for a value that the end has ended before it is written. */
    @Test
    void get_endedAgainWhileItsLeaderComputes_leadsInItsPlace() {
        a.put(KEY, "one", "t");
        a.invalidate(HARD, "t");
        Lookup.Miss doomed = (Lookup.Miss) await(a.gateway.get(KEY, LEASE));
        b.invalidate(HARD, "t");
        Lookup.Miss heir = (Lookup.Miss) await(b.gateway.get(KEY, WAIT));
        assertThat(heir.turn().orElseThrow()).isInstanceOf(Turn.Lead.class);

        a.invalidate(HARD, "t");
        assertThat(follows(await(a.gateway.get(KEY, LEASE)))).as("a third").isTrue();
        assertThat(write(a, "of before", doomed)).isEqualTo(new Written.LeaseLost());
        assertThat(write(b, "as of the second", heir)).isInstanceOf(Written.Stored.class);
        Lookup.Miss last = (Lookup.Miss) await(a.gateway.get(KEY, WAIT));
        assertThat(write(a, "as of the third", last)).isInstanceOf(Written.Stored.class);
        until(() -> b.text(KEY).equals("as of the third"));
        assertThat(b.leases.superseded()).isEqualTo(1);
    }

    /** G1, G3: nor need who waits for it already, though nobody else asks. The bus tells, or a beat. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void invalidate_whatIsComputedAndWaitedFor_hasOneOfThoseWhoWaitLead(boolean busTells) {
        a.put(KEY, "one", "t");
        a.invalidate(HARD, "t");
        Lookup.Miss doomed = (Lookup.Miss) await(a.gateway.get(KEY, LEASE));
        List<Future<Lookup>> waiting = new ArrayList<>(List.of(b.gateway.get(KEY, WAIT), b.gateway.get(KEY, WAIT)));
        until(() -> b.leases.waiters() == 2);
        if (!busTells) {
            b.store.silence();
        }
        a.begin(HARD, "t");
        if (!busTells) {
            b.store.unsilence();
            b.store.tell(new Change.NewEpoch(b.app.epoch()));
        }
        Future<Lookup> next = first(waiting);
        waiting.remove(next);
        Lookup.Miss heir = (Lookup.Miss) await(next);

        assertThat(heir.turn().orElseThrow()).isInstanceOf(Turn.Lead.class);
        assertThat(waiting.getFirst().isComplete()).isFalse();
        assertThat(write(a, "of before", doomed)).isEqualTo(new Written.LeaseLost());
        assertThat(write(b, "of after", heir)).isInstanceOf(Written.Stored.class);
        assertThat(text(await(waiting.getFirst()))).isEqualTo("of after");
        assertThat(b.leases.superseded()).isEqualTo(1);
    }

    /** What a soft mark ends at its deadline is ended as by a hard one; other tags end nothing. */
    @Test
    void get_anotherTagEndedWhileItsLeaderComputes_follows() {
        a.put(KEY, "one", "t");
        a.invalidate(HARD, "t");
        await(a.gateway.get(KEY, LEASE));
        b.invalidate(HARD, "u");
        b.invalidate(SOFT, "t");
        assertThat(follows(await(b.gateway.get(KEY, LEASE)))).isTrue();

        b.invalidate(new Mode.Soft(0), "t");
        assertThat(((Lookup.Miss) await(b.gateway.get(KEY, LEASE))).turn().orElseThrow())
                .isInstanceOf(Turn.Lead.class);
    }

    /** A tag of the request counts as one of the entry's does. */
    @Test
    void get_softTagEndedWhileItsLeaderComputes_leadsInItsPlace() {
        Ask ask = new Ask(Replica.tags("path"), true, 0, false);
        a.put(KEY, "one", "t");
        a.invalidate(HARD, "t");
        await(a.gateway.get(KEY, ask));
        b.invalidate(HARD, "path");

        assertThat(((Lookup.Miss) await(b.gateway.get(KEY, ask))).turn().orElseThrow())
                .isInstanceOf(Turn.Lead.class);
    }

    /** One round trip: the claim tells whether what is known to have ended is still what the store has. */
    @Test
    void get_nearCopyEnded_claimsWithoutAReadBefore() {
        endInB();
        int reads = b.store.calls(HeldStore.Call.READ);

        assertThat(((Lookup.Miss) await(b.gateway.get(KEY, LEASE))).turn().orElseThrow())
                .isInstanceOf(Turn.Lead.class);
        assertThat(follows(await(b.gateway.get(KEY, LEASE)))).isTrue();
        assertThat(b.store.calls(HeldStore.Call.READ)).isEqualTo(reads);
    }

    @Test
    void get_nearCopyEndedAndWrittenSince_isWhatWasWritten() {
        endInB();
        b.store.silence();
        a.put(KEY, "two", "t");

        assertThat(text(await(b.gateway.get(KEY, LEASE)))).isEqualTo("two");
        assertThat(await(shared.holder(KEY))).as("the lease was given back").isEmpty();
    }

    /** The store forgets what has expired: a lease that is claimed for it would have to be given back. */
    @Test
    void get_nearCopyExpired_readsTheStoreAndClaimsOnce() {
        await(a.gateway.put(KEY, aged(60_000, 1_000)));
        b.turn();
        assertThat(b.text(KEY)).isEqualTo("none");
        b.store.silence();
        await(shared.remove(KEY));

        b.lead(KEY);
        assertThat(b.store.calls(HeldStore.Call.CLAIM)).isEqualTo(1);
    }

    @Test
    void get_nearCopyEndedAndNoLeaseWanted_readsTheStore() {
        endInB();
        b.store.silence();
        a.put(KEY, "two", "t");

        assertThat(b.text(KEY)).isEqualTo("two");
    }

    /** A soft mark ends nothing: what was computed meanwhile is served as stale, and one refreshes it. */
    @Test
    void put_softlyInvalidatedWhileItsLeaderComputed_isStaleAndOneOfTheWaitersLeads() {
        Lookup.Miss leader = (Lookup.Miss) await(a.gateway.get(KEY, LEASE));
        List<Future<Lookup>> waiting = List.of(a.gateway.get(KEY, WAIT), b.gateway.get(KEY, WAIT));
        until(() -> a.leases.waiters() == 1 && b.leases.waiters() == 1);
        b.invalidate(SOFT, "t");
        write(a, "of before", leader);

        List<Lookup> found = waiting.stream().map(waited -> await(waited)).toList();
        assertThat(found).allSatisfy(each -> assertThat(text(each)).isEqualTo("of before"));
        assertThat(found)
                .filteredOn(each -> ((Lookup.Stale) each).turn().orElseThrow() instanceof Turn.Lead)
                .hasSize(1);
    }

    /** G3, R18: a page that must keep what it is given waits for the new value, across a leader that failed. */
    @Test
    void get_waitsForAStaleEntryWhoseLeaderFails_leadsInItsPlace() {
        a.put(KEY, "one", "t");
        b.turn();
        a.invalidate(SOFT, "t");
        Turn.Lead lead = a.lead(KEY);
        Future<Lookup> there = b.gateway.get(KEY, WAIT_STALE);
        until(() -> b.leases.waiters() == 1);
        await(a.gateway.release(KEY, lead.token()));

        assertThat(await(there))
                .isInstanceOfSatisfying(
                        Lookup.Stale.class,
                        stale -> assertThat(stale.turn().orElseThrow()).isInstanceOf(Turn.Lead.class));
    }

    /** R18: what no leader may keep is computed by one after the other, and holds nobody up for longer than it would wait. */
    @Test
    void release_byOneLeaderAfterTheOther_eachLeadsInTurnAndNobodyOutwaitsItsDeadline() {
        Turn.Lead lead = a.lead(KEY);
        Future<Lookup> brief = b.gateway.get(KEY, new Ask(List.of(), true, 20, false));
        List<Future<Lookup>> waiting =
                new ArrayList<>(List.of(a.gateway.get(KEY, WAIT), b.gateway.get(KEY, WAIT), b.gateway.get(KEY, WAIT)));
        assertThat(follows(await(b.gateway.get(KEY, LEASE))))
                .as("who would not wait")
                .isTrue();
        assertThat(follows(await(brief))).as("whose wait is over").isTrue();

        while (!waiting.isEmpty()) {
            until(() -> a.leases.waiters() + b.leases.waiters() == waiting.size());
            await(b.gateway.release(KEY, lead.token()));
            Future<Lookup> next = first(waiting);
            lead = (Turn.Lead) ((Lookup.Miss) await(next)).turn().orElseThrow();
            waiting.remove(next);
        }
    }

    /* B has a near copy, and knows that it was ended. */
    private void endInB() {
        a.put(KEY, "one", "t");
        b.warm(KEY);
        b.invalidate(HARD, "t");
    }

    /* The one that is answered first. */
    private static Future<Lookup> first(List<Future<Lookup>> waiting) {
        until(() -> waiting.stream().anyMatch(Future::isComplete));
        return waiting.stream().filter(Future::isComplete).findFirst().orElseThrow();
    }

    private static boolean follows(Lookup found) {
        return ((Lookup.Miss) found).turn().orElseThrow() instanceof Turn.Follow;
    }

    /** G6: a wake-up that the bus lost is made up for when the bus is back, long before the lease ends. */
    @Test
    void get_writtenWhileTheBusWasLost_isReadWhenItIsBack() {
        Lookup.Miss leader = (Lookup.Miss) await(a.gateway.get(KEY, LEASE));
        Future<Lookup> there = b.gateway.get(KEY, WAIT);
        until(() -> b.leases.waiters() == 1);
        b.store.silence();
        b.store.tell(new Change.Lost());
        write(a, "one", leader);
        b.turn();
        assertThat(there.isComplete()).isFalse();
        b.store.unsilence();
        b.store.tell(new Change.Live());

        assertThat(text(await(there))).isEqualTo("one");
    }

    /* Of ten hours 100 s are left: each reader is elected with 97 of 100, and it is not stale before the test is over. */

    @Test
    void get_freshAndNearItsEnd_electsOneReaderOfThoseWhoWould() {
        await(a.gateway.put(KEY, aged(35_900_000)));
        b.turn();
        Lookup.Early elected = elected(a);

        assertThat(text(elected)).isEqualTo("one");
        for (Replica replica : List.of(a, b, a, b)) {
            assertThat(await(replica.gateway.get(KEY, EARLY))).isInstanceOf(Lookup.Fresh.class);
        }
        Draft next = draft("two", elected.ticket());
        assertThat(await(a.gateway.put(KEY, leased(next, elected.turn())))).isInstanceOf(Written.Stored.class);
        until(() -> b.text(KEY).equals("two"));
    }

    @Test
    void get_freshAndYoungOrNotAskedEarly_electsNobody() {
        await(a.gateway.put(KEY, aged(35_900_000)));
        for (int i = 0; i < 20; i++) {
            assertThat(await(a.gateway.get(KEY, LEASE))).isInstanceOf(Lookup.Fresh.class);
        }
        await(a.gateway.put(KEY, aged(0)));
        for (int i = 0; i < 100; i++) {
            assertThat(await(a.gateway.get(KEY, EARLY))).isInstanceOf(Lookup.Fresh.class);
        }

        assertThat(a.store.calls(HeldStore.Call.CLAIM)).isZero();
    }

    /** A refresh that nobody needs yet must not cost anybody the fresh entry. */
    @Test
    void get_freshAndElectedButTheStoreFails_isServed() {
        await(a.gateway.put(KEY, aged(35_900_000)));
        a.store.fail(HeldStore.Call.CLAIM);

        until(() -> {
            assertThat(await(a.gateway.get(KEY, EARLY))).isInstanceOf(Lookup.Fresh.class);
            return a.store.calls(HeldStore.Call.CLAIM) > 0;
        });
    }

    private static Lookup.Early elected(Replica by) {
        for (int i = 0; i < 20; i++) {
            if (await(by.gateway.get(KEY, EARLY)) instanceof Lookup.Early early) {
                return early;
            }
        }
        throw new AssertionError("nobody was elected");
    }

    private static Draft aged(long ageMs) {
        return aged(ageMs, Lifetime.NEVER);
    }

    private static Draft aged(long ageMs, long expireMs) {
        Draft draft = draft("one");
        return new Draft(
                draft.tags(),
                new Lifetime(Math.min(36_000_000, expireMs), expireMs),
                ageMs,
                draft.ticket(),
                draft.lease(),
                draft.type(),
                draft.attributes(),
                draft.body());
    }

    private static Written write(Replica by, String text, Lookup.Miss leader) {
        Turn.Lead lead = (Turn.Lead) leader.turn().orElseThrow();
        return await(by.gateway.put(KEY, leased(draft(text, leader.ticket(), "t"), lead)));
    }

    private static Draft leased(Draft draft, Turn.Lead lead) {
        return new Draft(
                draft.tags(),
                draft.lifetime(),
                0,
                draft.ticket(),
                Optional.of(lead.token()),
                draft.type(),
                draft.attributes(),
                draft.body());
    }
}
