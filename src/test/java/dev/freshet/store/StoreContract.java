package dev.freshet.store;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.lease.Bid;
import dev.freshet.lease.Claim;
import dev.freshet.lease.Holder;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every store must do. Each store's own test extends this. */
public abstract class StoreContract {
    /** The most marks of the stores under test. */
    protected static final int MARKS_MAX = 5_000;

    protected static final long WINDOW_MS = 60_000;

    protected static final Rules RULES = new Rules(WINDOW_MS, 50, MARKS_MAX, Rules.Acks.EAGER, 0);

    private static final Tag POSTS = new Tag("posts");
    private static final Tag USERS = new Tag("users, größer / \"quoted\"");

    /** An app that no other test uses. */
    protected final String app = "t" + UUID.randomUUID().toString().substring(0, 8);

    protected final Key key = Key.of(app, "v1", "greeting");

    /** The store under test, the same for every call in one test. */
    protected abstract Store store();

    /** The result of a future, or its failure. */
    protected static <T> T now(Future<T> future) {
        try {
            return future.await(10, SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("no answer within 10 s", e);
        }
    }

    protected static Draft draft(String body) {
        return Draft.of(Body.of(Buffer.buffer(body)), new Lifetime(60_000, 600_000), List.of(POSTS));
    }

    private Draft under(String token) {
        Draft plain = draft("by " + token);
        return new Draft(
                plain.tags(),
                plain.lifetime(),
                0,
                Optional.empty(),
                Optional.of(token),
                plain.type(),
                "",
                plain.body());
    }

    private String bodyOf(Key which) {
        return now(store().read(which, Optional.empty()))
                .map(entry -> entry.body().bytes().toString())
                .orElse("nothing");
    }

    private Position at(String replica, Pulse pulse) {
        return new Position(replica, pulse.epoch(), pulse.upTo(), 1);
    }

    private Pulse join(String replica) {
        return now(store().beat(app, new Position(replica, "", 0, 1)));
    }

    @Test
    void read_neverWritten_isEmpty() {
        assertThat(now(store().read(key, Optional.empty()))).isEmpty();
    }

    @Test
    void write_anything_isReadAsItWas() {
        byte[] bytes = new byte[1_024];
        IntStream.range(0, bytes.length).forEach(i -> bytes[i] = (byte) i);
        Draft draft = new Draft(
                List.of(POSTS, USERS),
                new Lifetime(1_500, Lifetime.NEVER),
                40_000,
                Optional.empty(),
                Optional.empty(),
                "text/html; charset=utf-8",
                "{\"kind\":\"APP_PAGE\",\"ü\":[1,null]}",
                Body.of(Buffer.buffer(bytes)));

        Written.Stored written = (Written.Stored) now(store().write(key, draft, new Ticket(42, 7)));

        Entry entry = now(store().read(key, Optional.empty())).orElseThrow();
        assertThat(written.created()).isTrue();
        assertThat(entry.revision()).isEqualTo(written.revision());
        assertThat(entry.key()).isEqualTo(key);
        assertThat(entry.asOf()).isEqualTo(42);
        assertThat(entry.tags()).containsExactly(POSTS, USERS);
        assertThat(entry.lifetime()).isEqualTo(draft.lifetime());
        assertThat(entry.type()).isEqualTo(draft.type());
        assertThat(entry.attributes()).isEqualTo(draft.attributes());
        assertThat(entry.body().bytes().getBytes()).isEqualTo(bytes);
        assertThat(entry.body().crc()).isEqualTo(draft.body().crc());
        Pulse pulse = join("r1");
        assertThat(entry.ageMs(pulse.timeMicros() / 1_000)).isBetween(40_000L, 50_000L);
    }

    @Test
    void write_emptyBody_isAnEntry() {
        now(store().write(key, draft(""), new Ticket(1, 0)));

        assertThat(bodyOf(key)).isEmpty();
    }

    @Test
    void write_again_replacesWithAGreaterRevision() {
        Written.Stored one = (Written.Stored) now(store().write(key, draft("one"), new Ticket(1, 1)));
        Written.Stored two = (Written.Stored) now(store().write(key, draft("two"), new Ticket(1, 1)));

        assertThat(two.created()).isFalse();
        assertThat(two.revision()).isGreaterThan(one.revision());
        assertThat(bodyOf(key)).isEqualTo("two");
    }

    @Test
    void write_largeSmallAndLarge_isReadAsTheLast() {
        for (String body : List.of("l".repeat(300_000), "small", "L".repeat(400_000))) {
            now(store().write(key, draft(body), new Ticket(1, 1)));

            assertThat(bodyOf(key)).isEqualTo(body);
        }
    }

    @Test
    void write_olderTicket_changesNothing() {
        now(store().write(key, draft("newer"), new Ticket(10, 5)));

        assertThat(now(store().write(key, draft("older"), new Ticket(9, 9)))).isEqualTo(new Written.Older());
        assertThat(now(store().write(key, draft("granted before"), new Ticket(10, 4))))
                .isEqualTo(new Written.Older());
        assertThat(bodyOf(key)).isEqualTo("newer");
    }

    @Test
    void write_byTheLeader_freesTheLease() {
        now(store().claim(key, new Bid("a"), 10_000));

        assertThat(now(store().write(key, under("a"), new Ticket(1, 0)))).isInstanceOf(Written.Stored.class);
        assertThat(now(store().claim(key, new Bid("b"), 10_000))).isInstanceOf(Claim.Lead.class);
    }

    @Test
    void write_byWhoLostTheLease_changesNothing() {
        now(store().claim(key, new Bid("a"), 10_000));

        assertThat(now(store().write(key, under("b"), new Ticket(1, 0)))).isEqualTo(new Written.LeaseLost());
        assertThat(bodyOf(key)).isEqualTo("nothing");
        assertThat(now(store().claim(key, new Bid("c"), 10_000))).isInstanceOf(Claim.Follow.class);
    }

    @Test
    void write_byALeaderWithAnOlderTicket_changesNothing() {
        now(store().write(key, draft("newer"), new Ticket(10, 0)));
        now(store().claim(key, new Bid("a"), 10_000));

        assertThat(now(store().write(key, under("a"), new Ticket(9, 0)))).isEqualTo(new Written.Older());
        assertThat(bodyOf(key)).isEqualTo("newer");
    }

    @Test
    void write_withoutALease_leavesTheLeader() {
        now(store().claim(key, new Bid("a"), 10_000));
        now(store().write(key, draft("by hand"), new Ticket(1, 0)));

        assertThat(now(store().claim(key, new Bid("b"), 10_000))).isInstanceOf(Claim.Follow.class);
        assertThat(now(store().write(key, under("a"), new Ticket(1, 0)))).isInstanceOf(Written.Stored.class);
    }

    @Test
    void claim_held_followsForWhatIsLeft() {
        Claim lead = now(store().claim(key, new Bid("a"), 10_000));
        Claim follow = now(store().claim(key, new Bid("b"), 10_000));

        assertThat(lead).isEqualTo(new Claim.Lead("a", 10_000, 0, false));
        assertThat(follow).isInstanceOf(Claim.Follow.class);
        assertThat(follow.ttlMs()).isBetween(1L, 10_000L);
    }

    @Test
    void claim_ofAnEntry_tellsItsRevision() {
        Written.Stored written = (Written.Stored) now(store().write(key, draft("one"), new Ticket(1, 0)));

        assertThat(now(store().claim(key, new Bid("a"), 10_000)).revision()).isEqualTo(written.revision());
        assertThat(now(store().claim(key, new Bid("b"), 10_000)).revision()).isEqualTo(written.revision());
    }

    @Test
    void holder_isTheReplicaOfTheToken_forAsLongAsItLasts() {
        assertThat(now(store().holder(key))).isEmpty();
        now(store().claim(key, new Bid("r.1.abc"), 10_000));
        Holder holder = now(store().holder(key)).orElseThrow();

        assertThat(holder.replica()).isEqualTo("r.1");
        assertThat(holder.ttlMs()).isBetween(1L, 10_000L);
        now(store().release(key, "r.1.abc"));
        assertThat(now(store().holder(key))).isEmpty();
    }

    /** G3: who computes in vain is replaced, and cannot write any more. */
    @Test
    void claim_endedSinceTheHolderBegan_takesItsPlace() {
        assertThat(now(store().claim(key, new Bid("r.1.a", 100, 90), 10_000)))
                .isEqualTo(new Claim.Lead("r.1.a.100", 10_000, 0, false));
        Claim taken = now(store().claim(key, new Bid("r.2.b", 200, 101), 10_000));

        assertThat(taken).isEqualTo(new Claim.Lead("r.2.b", 10_000, 0, true));
        assertThat(now(store().holder(key)).orElseThrow().replica()).isEqualTo("r.2");
        assertThat(now(store().write(key, under("r.1.a.100"), new Ticket(100, 0))))
                .isEqualTo(new Written.LeaseLost());
        assertThat(now(store().release(key, "r.1.a.100"))).isFalse();
        assertThat(now(store().write(key, under("r.2.b"), new Ticket(200, 0)))).isInstanceOf(Written.Stored.class);
    }

    @Test
    void claim_endedBeforeTheHolderBegan_follows() {
        now(store().claim(key, new Bid("r.a", 100, 90), 10_000));

        assertThat(now(store().claim(key, new Bid("r.b", 200, 100), 10_000))).isInstanceOf(Claim.Follow.class);
        assertThat(now(store().holder(key)).orElseThrow().replica()).isEqualTo("r");
        assertThat(now(store().write(key, under("r.a.100"), new Ticket(100, 0))))
                .isInstanceOf(Written.Stored.class);
    }

    /** G3: a tag that is invalidated again and again has two compute at a time, and no more. */
    @Test
    void claim_heldByASuccessor_followsWhateverHasEnded() {
        now(store().claim(key, new Bid("r.a", 100, 90), 10_000));
        now(store().claim(key, new Bid("r.b", 200, 150), 10_000));

        assertThat(now(store().claim(key, new Bid("r.c", 300, 250), 10_000))).isInstanceOf(Claim.Follow.class);
        now(store().release(key, "r.b"));
        assertThat(now(store().claim(key, new Bid("r.d", 300, 250), 10_000)))
                .isEqualTo(new Claim.Lead("r.d.300", 10_000, 0, false));
    }

    @Test
    void claim_leaseEnded_leads() {
        now(store().claim(key, new Bid("a"), 50));

        await().until(() -> now(store().claim(key, new Bid("b"), 10_000)) instanceof Claim.Lead);
        assertThat(now(store().write(key, under("a"), new Ticket(1, 0)))).isEqualTo(new Written.LeaseLost());
    }

    @Test
    void release_byTheHolder_freesAndTells() {
        List<Change> heard = listen();
        now(store().claim(key, new Bid("a"), 10_000));

        assertThat(now(store().release(key, "b"))).isFalse();
        assertThat(now(store().release(key, "a"))).isTrue();
        assertThat(now(store().release(key, "a"))).isFalse();

        assertThat(now(store().claim(key, new Bid("b"), 10_000))).isInstanceOf(Claim.Lead.class);
        await().until(() -> heard.contains(new Change.Released(key)));
    }

    @Test
    void remove_anEntry_endsItAndTells() {
        List<Change> heard = listen();
        now(store().write(key, draft("one"), new Ticket(1, 0)));

        assertThat(now(store().remove(key))).isTrue();
        assertThat(now(store().remove(key))).isFalse();

        assertThat(bodyOf(key)).isEqualTo("nothing");
        await().until(() -> heard.contains(new Change.Written(key, 0)));
    }

    @Test
    void keys_ofOtherAppsAndDeployments_areOthers() {
        now(store().write(key, draft("mine"), new Ticket(1, 0)));

        assertThat(bodyOf(Key.of(app, "v2", "greeting"))).isEqualTo("nothing");
        assertThat(bodyOf(Key.of(app + "x", "v1", "greeting"))).isEqualTo("nothing");
    }

    /** R21: what an old build still computes is written to its own entry, under its own lease. */
    @Test
    void write_byAnOldBuild_changesNothingOfTheNew() {
        Key next = Key.of(app, "v2", "greeting");
        List<Change> heard = listen();
        now(store().claim(key, new Bid("a"), 10_000));
        assertThat(now(store().claim(next, new Bid("b"), 10_000))).isEqualTo(new Claim.Lead("b", 10_000, 0, false));
        Written.Stored early = (Written.Stored) now(store().write(next, under("b"), new Ticket(1, 0)));
        assertThat(now(store().claim(key, new Bid("c"), 10_000))).isInstanceOf(Claim.Follow.class);
        Written.Stored late = (Written.Stored) now(store().write(key, under("a"), new Ticket(9, 9)));
        assertThat(late.created()).isTrue();
        assertThat(bodyOf(next)).isEqualTo("by b");
        await().until(() -> heard.contains(new Change.Written(key, late.revision())));
        assertThat(now(store().remove(key))).isTrue();

        assertThat(bodyOf(next)).isEqualTo("by b");
        await().until(() -> heard.contains(new Change.Written(key, 0)));
        assertThat(heard.stream()
                        .filter(change -> change instanceof Change.Written told
                                && told.key().equals(next)))
                .containsExactly(new Change.Written(next, early.revision()));
    }

    @Test
    void write_told_namesItsRevision() {
        List<Change> heard = listen();

        Written.Stored written = (Written.Stored) now(store().write(key, draft("one"), new Ticket(1, 0)));

        await().until(() -> heard.contains(new Change.Written(key, written.revision())));
    }

    @Test
    void invalidate_manyAtOnce_givesStampsThatIncreaseAndAreToldInOrder() {
        List<Change> heard = listen();
        Pulse begun = join("r1");

        List<Future<Invalidation>> all = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            all.add(store().invalidate(app, List.of(new Tag("t" + i % 7)), new Mode.Hard(), 0));
        }
        List<Long> stamps = all.stream()
                .map(future -> now(future).stamp())
                .sorted()
                .distinct()
                .toList();

        assertThat(stamps).hasSize(200).allMatch(stamp -> stamp > begun.head());
        await().until(() -> invalidations(heard).size() == 200);
        long previous = begun.head();
        for (Change.Invalidated change : invalidations(heard)) {
            assertThat(change.previous()).isEqualTo(previous);
            assertThat(change.stamp()).isGreaterThan(previous);
            previous = change.stamp();
        }
    }

    @Test
    void invalidate_softAfterHard_keepsBoth() {
        Invalidation hard = now(store().invalidate(app, List.of(POSTS, USERS), new Mode.Hard(), 0));
        Invalidation soft = now(store().invalidate(app, List.of(POSTS), new Mode.Soft(5_000), 0));
        Invalidation forever = now(store().invalidate(app, List.of(USERS), new Mode.Soft(Lifetime.NEVER), 0));

        Map<Tag, Mark> marks = join("r1").changed();
        assertThat(marks.get(POSTS).hard()).isEqualTo(hard.stamp());
        assertThat(marks.get(POSTS).softs())
                .containsExactly(new Mark.Soft(soft.stamp(), soft.timeMicros() / 1_000 + 5_000));
        assertThat(marks.get(USERS).softs()).containsExactly(new Mark.Soft(forever.stamp(), Mark.NEVER));
    }

    @Test
    void invalidate_softly_keepsTheNewestAndFoldsTheEarliestDeadline() {
        List<Invalidation> taken = new ArrayList<>();
        for (int i = 0; i < Mark.SOFTS_MAX + 3; i++) {
            taken.add(now(store().invalidate(app, List.of(POSTS), new Mode.Soft(i == 0 ? 1_000 : 100_000), 0)));
        }

        Mark mark = join("r1").changed().get(POSTS);
        assertThat(mark.softs()).hasSize(Mark.SOFTS_MAX);
        assertThat(mark.softs().getFirst())
                .isEqualTo(new Mark.Soft(taken.get(3).stamp(), taken.getFirst().timeMicros() / 1_000 + 1_000));
        assertThat(mark.newestSoft()).isEqualTo(taken.getLast().stamp());
    }

    @Test
    void beat_first_tellsEveryTagAndThenOnlyWhatChanged() {
        now(store().invalidate(app, List.of(POSTS), new Mode.Hard(), 0));
        Pulse first = join("r1");
        Pulse nothing = now(store().beat(app, at("r1", first)));
        Invalidation next = now(store().invalidate(app, List.of(USERS), new Mode.Hard(), 0));
        Pulse second = now(store().beat(app, at("r1", nothing)));

        assertThat(first.changed()).containsOnlyKeys(POSTS);
        assertThat(nothing.changed()).isEmpty();
        assertThat(second.changed()).containsExactly(Map.entry(USERS, Mark.hard(next.stamp())));
        assertThat(second.head()).isEqualTo(next.stamp());
        assertThat(second.upTo()).isEqualTo(next.stamp());
        assertThat(second.epoch()).isEqualTo(first.epoch()).isNotEmpty();
    }

    @Test
    void beat_ofAnotherEpoch_tellsEverything() {
        now(store().invalidate(app, List.of(POSTS), new Mode.Hard(), 0));
        Pulse first = join("r1");

        Pulse again = now(store().beat(app, new Position("r1", "another", first.head(), 1)));

        assertThat(again.changed()).containsOnlyKeys(POSTS);
    }

    @Test
    void beat_moreThanAPage_tellsAllInPages() {
        List<Tag> all =
                IntStream.range(0, 3_000).mapToObj(i -> new Tag("t" + i)).toList();
        for (int from = 0; from < all.size(); from += 250) {
            now(store().invalidate(app, all.subList(from, from + 250), new Mode.Hard(), 0));
        }

        Map<Tag, Mark> told = new HashMap<>();
        Pulse pulse = join("r1");
        told.putAll(pulse.changed());
        while (pulse.upTo() < pulse.head()) {
            Pulse next = now(store().beat(app, at("r1", pulse)));
            assertThat(next.upTo()).isGreaterThan(pulse.upTo());
            told.putAll(next.changed());
            pulse = next;
        }
        assertThat(told).containsOnlyKeys(all);
    }

    @Test
    void invalidate_moreTagsThanAreRemembered_raisesTheFloor() {
        Invalidation first = now(store().invalidate(app, List.of(POSTS), new Mode.Hard(), 0));
        for (int from = 0; from < MARKS_MAX + 250; from += 250) {
            int base = from;
            now(store().invalidate(
                            app,
                            IntStream.range(0, 250)
                                    .mapToObj(i -> new Tag("t" + (base + i)))
                                    .toList(),
                            new Mode.Hard(),
                            0));
        }

        assertThat(join("r1").floor()).isGreaterThanOrEqualTo(first.stamp());
    }

    @Test
    void windows_ofReplicasThatBeat_areTold() {
        Pulse one = join("r1");
        join("r2");
        Invalidation both = now(store().invalidate(app, List.of(POSTS), new Mode.Hard(), 0));
        now(store().leave(app, "r2"));
        Invalidation rest = now(store().invalidate(app, List.of(POSTS), new Mode.Hard(), 0));

        assertThat(both.windows()).containsOnlyKeys("r1", "r2");
        assertThat(both.windows().get("r1")).isGreaterThanOrEqualTo(one.timeMicros() + 1_000 * WINDOW_MS);
        assertThat(rest.windows()).containsOnlyKeys("r1");
    }

    /** Who waits is named to all, and told by each; nobody else is. */
    @Test
    void acknowledge_toWhoWaits_isToldToThatOneAlone() {
        List<Change> heard = listen();
        List<Change> idle = listen("r2");
        Pulse one = join("r1");
        join("r2");
        long stamp = now(store().invalidate(app, List.of(POSTS), new Mode.Hard(), 0, "r1"))
                .stamp();
        await().until(() -> !invalidations(idle).isEmpty());
        assertThat(invalidations(idle).getFirst().waiter()).isEqualTo("r1");

        now(store().acknowledge(app, new Position("r2", one.epoch(), stamp, 1), Set.of("r1", "r3")));
        await().until(() -> heard.contains(new Change.Applied("r2", one.epoch(), stamp)));
        now(store().write(key, draft("then"), new Ticket(1, 0)));
        await().until(() -> idle.stream().anyMatch(Change.Written.class::isInstance));
        assertThat(idle).noneMatch(Change.Applied.class::isInstance);
    }

    @Test
    void beat_ofTheLastReplicaThatHasApplied_isTold() {
        List<Change> heard = listen();
        Pulse one = join("r1");
        join("r2");
        long stamp = now(store().invalidate(app, List.of(POSTS), new Mode.Hard(), 0, "r1"))
                .stamp();

        Pulse between = now(store().beat(app, new Position("r1", one.epoch(), stamp, 2)));
        now(store().beat(app, new Position("r2", one.epoch(), stamp, 2)));

        assertThat(between.acknowledged()).isLessThan(stamp);
        await().until(() -> heard.contains(new Change.Acknowledged(one.epoch(), stamp)));
    }

    @Test
    void beat_ofAnotherEpoch_countsNothing() {
        List<Change> heard = listen();
        join("r1");
        long stamp = now(store().invalidate(app, List.of(POSTS), new Mode.Hard(), 0, "r1"))
                .stamp();

        assertThat(now(store().beat(app, new Position("r1", "another", stamp, 1)))
                        .acknowledged())
                .isLessThan(stamp);
        assertThat(heard).noneMatch(change -> change instanceof Change.Acknowledged all && all.stamp() >= stamp);
    }

    /** G2: a ticket from the future must not refuse whoever writes after it. */
    @Test
    void write_grantedInTheFuture_countsAsGrantedNow() {
        now(store().write(key, draft("one"), new Ticket(1, 4_000_000_000_000_000L)));

        assertThat(now(store().write(key, draft("two"), new Ticket(1, 4_000_000_000_000_000L))))
                .isInstanceOf(Written.Stored.class);
        assertThat(now(store().write(key, draft("three"), new Ticket(1, 1)))).isInstanceOf(Written.Older.class);
    }

    /** Whatever its stamps: those of the one that began higher are newer. */
    @Test
    void write_ofALaterHistory_replacesOneOfAnOlder() {
        now(store().write(key, draft("one"), new Ticket("100.ab", 407, 9)));

        assertThat(now(store().write(key, draft("two"), new Ticket("400.cd", 105, 1))))
                .isInstanceOf(Written.Stored.class);
        Entry stored = now(store().read(key, Optional.empty())).orElseThrow();
        assertThat(stored.epoch()).isEqualTo("400.cd");
        assertThat(stored.asOf()).isEqualTo(105);
    }

    @Test
    void write_ofAnOlderHistory_isRefused() {
        now(store().write(key, draft("one"), new Ticket("400.cd", 105, 1)));

        assertThat(now(store().write(key, draft("two"), new Ticket("100.ab", 407, 9))))
                .isEqualTo(new Written.Older());
    }

    /** Two of an older history, written in a later one, keep their order. */
    @Test
    void write_ofTwoOfAnOlderHistory_keepsTheirOrder() {
        now(store().write(key, draft("one"), new Ticket("100.ab", 107, 1)));

        assertThat(now(store().write(key, draft("two"), new Ticket("100.ab", 106, 9))))
                .isEqualTo(new Written.Older());
    }

    @Test
    void behind_afterABeat_namesTheOthers() {
        Pulse one = join("r1");
        join("r2");
        long stamp =
                now(store().invalidate(app, List.of(POSTS), new Mode.Hard(), 0)).stamp();
        now(store().beat(app, new Position("r1", one.epoch(), stamp, 1)));

        assertThat(now(store().behind(app, stamp, Set.of("r1", "r2", "r3")))).containsExactlyInAnyOrder("r2", "r3");
        assertThat(now(store().behind(app, stamp, Set.of()))).isEmpty();
    }

    /** Who hears its own echo has heard whatever was told before. */
    @Test
    void beat_echo_comesAfterWhatWasToldBefore() {
        List<Change> heard = listen();
        now(store().write(key, draft("one"), new Ticket(1, 0)));
        now(store().beat(app, new Position("r2", "", 0, 41)));
        now(store().beat(app, new Position("r1", "", 0, 42)));
        await().until(() -> heard.contains(new Change.Echo(42)));

        List<Change> before = heard.subList(0, heard.indexOf(new Change.Echo(42)));
        assertThat(before).anyMatch(change -> change instanceof Change.Written);
        assertThat(heard).doesNotContain(new Change.Echo(41));
    }

    @Test
    void read_copyThatIsStillStored_isNotSentAgain() {
        now(store().write(key, draft("one"), new Ticket(1, 0)));
        Optional<Entry> copy = now(store().read(key, Optional.empty()));
        Entry known = copy.orElseThrow();

        assertThat(now(store().read(key, copy))).containsSame(known);
        now(store().write(key, draft("two"), new Ticket(1, 0)));
        assertThat(now(store().read(key, copy)).orElseThrow().body().bytes()).hasToString("two");
        now(store().remove(key));
        assertThat(now(store().read(key, copy))).isEmpty();
    }

    /** R22: an origin that answers from a copy which lags behind is asked again after a while. */
    @Test
    void invalidate_withAHoldOff_isDoneAgainByTheFirstBeatAfterIt() {
        List<Change> heard = listen();
        long begun = join("r1").head();
        long first = now(store().invalidate(app, List.of(POSTS), new Mode.Soft(5_000), 30))
                .stamp();
        await().until(() -> join("r1").head() > first);

        Pulse after = join("r1");
        assertThat(after.changed().get(POSTS).softs()).hasSize(2);
        await().until(() -> invalidations(heard).size() == 2);
        assertThat(join("r2").head()).as("and not once more").isEqualTo(after.head());
        assertThat(begun).isLessThan(first);
    }

    @Test
    void evidence_ofSomeTags_isWhatIsRemembered() {
        Pulse one = join("r1");
        long stamp =
                now(store().invalidate(app, List.of(POSTS), new Mode.Hard(), 0)).stamp();
        now(store().beat(app, new Position("r1", one.epoch(), stamp, 1)));
        Evidence evidence = now(store().evidence(app, List.of(USERS, POSTS)));

        assertThat(evidence.epoch()).isEqualTo(one.epoch());
        assertThat(evidence.acknowledged()).isEqualTo(stamp);
        assertThat(evidence.marks().get(POSTS)).isEqualTo(Mark.hard(stamp));
        assertThat(evidence.marks().getOrDefault(USERS, Mark.NONE)).isEqualTo(Mark.NONE);
    }

    /** What is told of the app from now on; returns once it is live. */
    protected List<Change> listen() {
        return listen("r1");
    }

    private List<Change> listen(String replica) {
        List<Change> heard = new CopyOnWriteArrayList<>();
        store().listen(app, replica, heard::add);
        await().until(() -> heard.contains(new Change.Live()));
        return heard;
    }

    private static List<Change.Invalidated> invalidations(List<Change> heard) {
        return heard.stream()
                .filter(Change.Invalidated.class::isInstance)
                .map(Change.Invalidated.class::cast)
                .toList();
    }
}
