package dev.freshet.redis;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.lease.Bid;
import dev.freshet.lease.Claim;
import dev.freshet.store.Change;
import dev.freshet.store.Invalidation;
import dev.freshet.store.Mode;
import dev.freshet.store.Position;
import dev.freshet.store.Pulse;
import dev.freshet.store.Restored;
import dev.freshet.store.Room;
import dev.freshet.store.Rules;
import dev.freshet.store.StoreException;
import dev.freshet.store.Written;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import dev.freshet.testing.RedisServer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract, and what only Redis can do, on a real server. */
class RedisStoreIT extends OnRedis {
    private static final Duration TIMEOUT = Duration.ofMillis(500);
    private static final List<Tag> TAGS = List.of(new Tag("posts"));
    private static final String LARGE = "l".repeat(300_000);

    private static RedisServer redis;

    @BeforeAll
    static void start() {
        redis = RedisServer.start();
    }

    @AfterAll
    static void stop() {
        redis.close();
    }

    @Override
    RedisConfig config() {
        return new RedisConfig(redis.uri(), TIMEOUT, 4_096);
    }

    private static void command(Command command, String... arguments) {
        Redis client = Redis.createClient(vertx, redis.uri());
        Request request = Request.cmd(command);
        List.of(arguments).forEach(request::arg);
        now(client.send(request));
        client.close();
    }

    @Test
    void run_scriptsForgotten_tellsThemAgain() {
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        command(Command.SCRIPT, "FLUSH");

        now(store.write(key, draft("two"), new Ticket(1, 0)));

        assertThat(now(store.read(key, Optional.empty())).orElseThrow().body().bytes())
                .hasToString("two");
    }

    @Test
    void read_manyAtOnceAndOneRefused_tellsTheOthers() {
        Key wrong = Key.of(app, "v1", "wrong");
        command(Command.SET, Names.entry(wrong), "not a hash");
        now(store.write(key, draft("one"), new Ticket(1, 0)));

        List<Future<?>> reads = new ArrayList<>();
        now(Future.<Void>future(done -> vertx.getOrCreateContext().runOnContext(run -> {
            for (int i = 0; i < 20; i++) {
                reads.add(store.read(key, Optional.empty()));
            }
            reads.add(store.read(wrong, Optional.empty()));
            Future.join(reads).onComplete(all -> done.complete());
        })));

        assertThat(reads.subList(0, 20)).allMatch(Future::succeeded);
        assertThat(reads.getLast().result()).as("it is removed").isEqualTo(Optional.empty());
    }

    /** R27: whoever mixed it up, another's entry is served to nobody. */
    @Test
    void read_anotherKeysEntry_isAFault() {
        Key other = Key.of(app, "v1", "other");
        now(store.write(other, draft("secret"), new Ticket(1, 0)));
        command(Command.RENAME, Names.entry(other), Names.entry(key));

        assertThatThrownBy(() -> now(store.read(key, Optional.empty()))).isInstanceOf(StoreException.class);
    }

    /** R27: nor is another's body under the right header. */
    @Test
    void read_anotherEntrysBody_isAFault() {
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        command(Command.HSET, Names.entry(key), "b", "two");

        assertThatThrownBy(() -> now(store.read(key, Optional.empty()))).isInstanceOf(StoreException.class);
    }

    /** Room for one large body, in which something else happens first. */
    private static final class OneLarge implements Room {
        final Runnable first;
        long taken;

        OneLarge(Runnable first) {
            this.first = first;
        }

        @Override
        public synchronized void take(long bytes) {
            first.run();
            if (taken > 0) {
                throw new IllegalStateException("no room");
            }
            taken += bytes;
        }

        @Override
        public synchronized void giveBack(long bytes) {
            taken -= bytes;
        }
    }

    /* The event loop that reads waits until it is done. */
    private static void elsewhere(Runnable work) {
        CompletableFuture.runAsync(work).join();
    }

    private RedisStore within(Room room) {
        return new RedisStore(vertx, config(), RULES, room);
    }

    /** However many are asked for at once: what has not been asked of Redis does not arrive. */
    @Test
    void read_largeBodies_takesRoomUntilTheyAreHere() {
        Key small = Key.of(app, "v1", "small");
        now(store.write(key, draft(LARGE), new Ticket(1, 0)));
        now(store.write(small, draft("small"), new Ticket(1, 0)));
        OneLarge room = new OneLarge(() -> {});
        RedisStore bounded = within(room);
        now(bounded.reach());
        List<Future<Optional<Entry>>> reads = new ArrayList<>();
        now(Future.<Void>future(done -> vertx.getOrCreateContext().runOnContext(run -> {
            for (Key each : List.of(key, key, small)) {
                reads.add(bounded.read(each, Optional.empty()));
            }
            Future.join(reads).onComplete(all -> done.complete());
        })));

        assertThat(reads).extracting(Future::succeeded).containsExactly(true, false, true);
        assertThat(reads.get(1).cause()).hasMessage("no room");
        assertThat(room.taken).isZero();
        assertThat(now(bounded.read(key, Optional.empty()))).isPresent();
        now(bounded.close());
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 300_001})
    void read_largeBodyThatIsReplacedBeforeItIsAskedFor_isTheNewOne(int bytes) {
        now(store.write(key, draft(LARGE), new Ticket(1, 0)));
        Vertx others = Vertx.vertx();
        RedisStore other = new RedisStore(others, config(), RULES);
        String replacing = "n".repeat(bytes);
        AtomicBoolean replaced = new AtomicBoolean();
        RedisStore late = within(new OneLarge(() -> {
            if (replaced.compareAndSet(false, true)) {
                elsewhere(() -> now(other.write(key, draft(replacing), new Ticket(2, 0))));
            }
        }));

        assertThat(now(late.read(key, Optional.empty())).orElseThrow().body().bytes())
                .hasToString(replacing);
        assertThat(replaced).isTrue();
        now(late.close());
        now(other.close());
        now(others.close());
    }

    /** It is not looked for without end. */
    @Test
    void read_largeBodyThatIsInNeitherPlace_isEmpty() {
        now(store.write(key, draft(LARGE), new Ticket(1, 0)));
        command(Command.HDEL, Names.entry(key), "B");

        assertThat(now(store.read(key, Optional.empty()))).isEmpty();
    }

    @Test
    void read_largeBodyThatIsRemovedBeforeItIsAskedFor_isEmpty() {
        now(store.write(key, draft(LARGE), new Ticket(1, 0)));
        Vertx others = Vertx.vertx();
        RedisStore other = new RedisStore(others, config(), RULES);
        RedisStore late = within(new OneLarge(() -> elsewhere(() -> now(other.remove(key)))));

        assertThat(now(late.read(key, Optional.empty()))).isEmpty();
        now(late.close());
        now(other.close());
        now(others.close());
    }

    @Test
    void entry_kept_untilItExpiresAndAMinute() {
        now(store.write(key, draft("one"), new Ticket(1, 0)));

        Redis client = Redis.createClient(vertx, redis.uri());
        long ttl = now(client.send(Request.cmd(Command.PTTL).arg(Names.entry(key))))
                .toLong();
        client.close();
        assertThat(ttl).isBetween(650_000L, 660_000L);
    }

    /** G1 names its exception: who may serve past its window until it is known that it does not. */
    @Test
    void invalidate_windowOfWhoMayServeInAnOutageHasEnded_namesIt() {
        Rules rules = new Rules(RULES.windowMs(), RULES.marginMs(), RULES.marksMax(), RULES.acks(), 60_000);
        RedisStore serving = new RedisStore(vertx, new RedisConfig(redis.uri(), TIMEOUT, 4_096), rules);
        now(serving.beat(app, new Position("away", "", 0, 1)));
        now(serving.beat(app, new Position("gone", "", 0, 1)));
        now(store.beat(app, new Position("r1", "", 0, 1)));
        assertThat(away()).as("its window is open").isEmpty();
        command(Command.ZADD, Names.live(app), "1", "away");
        command(Command.ZADD, Names.live(app), "1", "gone");
        now(serving.leave(app, "gone"));

        assertThat(away()).containsExactly("away");
        command(Command.ZADD, Names.away(app), "1", "away");
        assertThat(away()).as("it may no longer").isEmpty();
        now(serving.close());
    }

    private Set<String> away() {
        return now(store.invalidate(app, TAGS, new Mode.Hard(), 0)).away();
    }

    /** R13: everything is lost, and nothing that is older is believed. */
    @Test
    void beat_redisRestarted_beginsAnEpochInDoubt() {
        Pulse before = now(store.beat(app, new Position("r1", "", 0, 1)));
        Invalidation last = now(store.invalidate(app, TAGS, new Mode.Hard(), 0));
        redis.restart();

        Pulse after = again(() -> store.beat(app, new Position("r1", before.epoch(), last.stamp(), 1)));

        assertThat(after.epoch()).isNotEqualTo(before.epoch());
        assertThat(after.head()).isGreaterThan(last.stamp());
        assertThat(after.doubt()).isGreaterThan(last.stamp());
        assertThat(after.kept()).isZero();
    }

    /** R13: whichever of them is evicted, it is noticed. */
    @Test
    void beat_aControlKeyEvicted_beginsAnEpochInDoubt() {
        Pulse before = now(store.beat(app, new Position("r1", "", 0, 1)));
        for (String key :
                List.of(Names.clock(app), Names.marks(app), Names.tags(app), Names.live(app), Names.acks(app))) {
            Invalidation last = now(store.invalidate(app, TAGS, new Mode.Hard(), 0));
            command(Command.DEL, key);

            Pulse after = now(store.beat(app, new Position("r1", before.epoch(), last.stamp(), 1)));
            assertThat(after.epoch()).as(key).isNotEqualTo(before.epoch());
            assertThat(after.doubt()).as(key).isGreaterThan(last.stamp());
            before = after;
        }
    }

    /** R13: whoever asks first; the acknowledgements, of which an invalidation makes no use, are left to the next beat. */
    @Test
    void invalidate_aControlKeyEvicted_beginsAnEpochWithoutWindows() {
        String epoch = now(store.beat(app, new Position("r1", "", 0, 1))).epoch();
        for (String key : List.of(Names.clock(app), Names.marks(app), Names.tags(app), Names.live(app))) {
            now(store.beat(app, new Position("r1", "", 0, 1)));
            command(Command.DEL, key);

            Invalidation after = now(store.invalidate(app, TAGS, new Mode.Hard(), 0));
            assertThat(after.epoch()).as(key).isNotEqualTo(epoch);
            assertThat(after.windows()).as(key).isEmpty();
            epoch = after.epoch();
        }
        command(Command.DEL, Names.acks(app));

        Invalidation last = now(store.invalidate(app, TAGS, new Mode.Hard(), 0));
        assertThat(last.epoch()).isEqualTo(epoch);
        Pulse beat = now(store.beat(app, new Position("r1", epoch, last.stamp(), 1)));
        assertThat(beat.epoch()).isNotEqualTo(epoch);
        assertThat(beat.kept()).isEqualTo(last.stamp());
    }

    /** G5: a limit that was lowered is reached, though no new tag is named. */
    @Test
    void invalidate_moreTagsThanMayBeRemembered_forgetsUntilTheyAreNot() {
        List<Tag> many =
                IntStream.range(0, 20).mapToObj(i -> new Tag("tag-" + i)).toList();
        Pulse begun = now(store.beat(app, new Position("r1", "", 0, 1)));
        long stamp = now(store.invalidate(app, many, new Mode.Hard(), 0)).stamp();
        Rules fewer = new Rules(RULES.windowMs(), RULES.marginMs(), 3, RULES.acks(), 0);
        RedisStore lower = new RedisStore(vertx, new RedisConfig(redis.uri(), TIMEOUT, 4_096), fewer);

        now(lower.invalidate(app, many.subList(0, 1), new Mode.Hard(), 0));

        Pulse after = now(store.beat(app, new Position("r1", begun.epoch(), begun.head(), 1)));
        assertThat(after.changed()).hasSize(3).containsKey(many.getFirst());
        assertThat(after.floor()).isEqualTo(stamp);
        now(lower.invalidate(app, List.of(new Tag("new")), new Mode.Hard(), 0));
        assertThat(now(store.beat(app, new Position("r1", begun.epoch(), begun.head(), 1)))
                        .changed())
                .hasSize(3)
                .containsKey(new Tag("new"));
        now(lower.close());
    }

    /** G5: what is in force does not depend on room. */
    @Test
    void full_andNothingMayBeEvicted_refusesEntriesAlone() {
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        command(Command.CONFIG, "SET", "maxmemory", "1");
        try {
            assertThat(now(store.write(key, draft("two"), new Ticket(2, 0)))).isEqualTo(new Written.Full());
            assertThat(now(store.read(key, Optional.empty()))
                            .orElseThrow()
                            .body()
                            .bytes())
                    .hasToString("one");
            Claim claim = now(store.claim(key, new Bid("t"), 10_000));
            assertThat(claim).isInstanceOf(Claim.Lead.class);
            assertThat(now(store.release(key, "t"))).isTrue();

            Pulse pulse = now(store.beat(app, new Position("r1", "", 0, 1)));
            long stamp = now(store.invalidate(app, TAGS, new Mode.Hard(), 0)).stamp();
            now(store.beat(app, new Position("r1", pulse.epoch(), stamp, 1)));
            assertThat(now(store.behind(app, stamp, Set.of("r1")))).isEmpty();
        } finally {
            command(Command.CONFIG, "SET", "maxmemory", "0");
        }
        assertThat(now(store.write(key, draft("two"), new Ticket(2, 0)))).isInstanceOf(Written.Stored.class);
    }

    /** G5: as many reads as may wait are no reason to refuse an invalidation. */
    @Test
    void invalidate_asManyReadsWaitAsMay_isNotRefused() {
        now(store.beat(app, new Position("r1", "", 0, 1)));
        RedisStore crowded = new RedisStore(vertx, new RedisConfig(redis.uri(), Duration.ofSeconds(5), 16), RULES);
        now(crowded.read(key, Optional.empty()));
        List<Future<?>> reads = new ArrayList<>();
        List<Future<?>> others = new ArrayList<>();

        now(Future.<Void>future(done -> vertx.getOrCreateContext().runOnContext(run -> {
            for (int i = 0; i < 17; i++) {
                reads.add(crowded.read(key, Optional.empty()));
            }
            others.add(crowded.invalidate(app, TAGS, new Mode.Hard(), 0));
            others.add(crowded.claim(key, new Bid("t"), 1_000));
            Future.join(Future.join(reads), Future.join(others)).onComplete(all -> done.complete());
        })));

        assertThat(reads.getLast().cause()).hasMessageContaining("redis.waiting-max");
        assertThat(others.getFirst().succeeded()).isTrue();
        assertThat(others.getLast().cause()).hasMessageContaining("redis.waiting-max");
        now(crowded.close());
    }

    /** Who does not wait is not woken. */
    @Test
    void beat_ofTheLastReplicaThatHasApplied_isToldToTheOneThatWaits() {
        List<Change> waiting = listen();
        RedisStore other = new RedisStore(vertx, new RedisConfig(redis.uri(), TIMEOUT, 4_096), RULES);
        List<Change> idle = new CopyOnWriteArrayList<>();
        other.listen(app, "r2", idle::add);
        await().until(() -> idle.contains(new Change.Live()));
        Pulse one = now(store.beat(app, new Position("r1", "", 0, 1)));
        Pulse two = now(other.beat(app, new Position("r2", "", 0, 1)));

        long first = now(store.invalidate(app, TAGS, new Mode.Hard(), 0, "r1")).stamp();
        now(store.beat(app, new Position("r1", one.epoch(), first, 1)));
        now(other.beat(app, new Position("r2", two.epoch(), first, 1)));
        await().until(() -> waiting.contains(new Change.Acknowledged(one.epoch(), first)));
        now(store.write(key, draft("then"), new Ticket(1, 0)));
        await().until(() -> idle.stream().anyMatch(Change.Written.class::isInstance));
        assertThat(idle).noneMatch(Change.Acknowledged.class::isInstance);

        now(store.invalidate(app, TAGS, new Mode.Hard(), 0, "r1"));
        long second = now(other.invalidate(app, TAGS, new Mode.Hard(), 0, "r2")).stamp();
        now(store.beat(app, new Position("r1", one.epoch(), second, 1)));
        now(other.beat(app, new Position("r2", two.epoch(), second, 1)));
        Change both = new Change.Acknowledged(one.epoch(), second);
        await().until(() -> waiting.contains(both) && idle.contains(both));
        now(other.close());
    }

    /** R11: an epoch's stamps are never given twice, though the clock is lost and who asks was away for an epoch. */
    @Test
    void beat_clockEvictedAndALaggardAsks_beginsBeyondWhatWasGiven() {
        Pulse one = now(store.beat(app, new Position("r1", "", 0, 1)));
        command(Command.DEL, Names.live(app));
        now(store.beat(app, new Position("r2", "", 0, 1)));
        Invalidation newest = now(store.invalidate(app, TAGS, new Mode.Hard(), 0));
        command(Command.DEL, Names.clock(app));

        Pulse after = now(store.beat(app, new Position("r1", one.epoch(), one.head(), 1)));
        assertThat(after.head()).isGreaterThan(newest.stamp());
    }

    /** R11: as little is left of an epoch that was lost whole, and who asks first has never heard of it. */
    @Test
    void beat_twoHistoriesLostWithinAMinute_beginsBeyondBoth() {
        Pulse one = now(store.beat(app, new Position("r1", "", 0, 1)));
        command(Command.DEL, Names.live(app));
        now(store.beat(app, new Position("r2", one.epoch(), one.head(), 2)));
        Invalidation newest = now(store.invalidate(app, TAGS, new Mode.Hard(), 0));
        for (String key : List.of(Names.clock(app), Names.tags(app), Names.marks(app), Names.live(app))) {
            command(Command.DEL, key);
        }

        Pulse after = now(store.beat(app, new Position("r1", one.epoch(), one.head(), 1)));
        assertThat(after.head()).isGreaterThan(newest.stamp());
    }

    @Test
    void beat_onlyTheWindowsEvicted_keepsTheMarks() {
        Pulse before = now(store.beat(app, new Position("r1", "", 0, 1)));
        Invalidation last = now(store.invalidate(app, TAGS, new Mode.Hard(), 0));
        command(Command.DEL, Names.live(app));

        Pulse after = now(store.beat(app, new Position("r1", before.epoch(), last.stamp(), 1)));
        assertThat(after.kept()).isEqualTo(last.stamp());
        assertThat(after.changed()).containsOnlyKeys(TAGS);
    }

    @Test
    void beat_replicaAheadOfTheHead_beginsAnEpochBeyondIt() {
        Pulse before = now(store.beat(app, new Position("r1", "", 0, 1)));
        long ahead = before.head() + 3_600_000_000L;

        Pulse after = now(store.beat(app, new Position("r1", before.epoch(), ahead, 1)));

        assertThat(after.epoch()).isNotEqualTo(before.epoch());
        assertThat(after.head()).isGreaterThanOrEqualTo(ahead);
    }

    /** R11: marks that are given back end the doubt, are in force for everybody, and are told like any other change. */
    @Test
    void restore_inDoubt_givesBackTheHistory() {
        Tag first = TAGS.getFirst();
        Tag other = new Tag("other");
        Pulse before = now(store.beat(app, new Position("r1", "", 0, 1)));
        Invalidation last = now(store.invalidate(app, TAGS, new Mode.Hard(), 0));
        command(Command.DEL, Names.marks(app));
        Pulse doubted = now(store.beat(app, new Position("r1", before.epoch(), last.stamp(), 1)));
        Invalidation meanwhile = now(store.invalidate(app, List.of(other), new Mode.Soft(1_000), 0));
        Mark hard = Mark.hard(last.stamp());

        assertThat(now(store.restore(app, new Restored(doubted.epoch(), 7, Map.of(first, hard), false))))
                .isFalse();
        assertThat(now(store.beat(app, new Position("r2", "", 0, 1))).doubt()).isEqualTo(doubted.doubt());
        assertThat(now(store.restore(app, new Restored(doubted.epoch(), 7, Map.of(other, hard), true))))
                .isTrue();

        Pulse after = now(store.beat(app, new Position("r1", doubted.epoch(), meanwhile.stamp(), 1)));
        assertThat(after.epoch()).isEqualTo(doubted.epoch());
        assertThat(after.doubt()).isZero();
        assertThat(after.floor()).as("what was in doubt before stays so").isEqualTo(before.doubt());
        assertThat(after.changed().get(first)).isEqualTo(hard);
        assertThat(after.changed().get(other).hard()).isEqualTo(last.stamp());
        assertThat(after.changed().get(other).newestSoft()).isEqualTo(meanwhile.stamp());
    }

    @Test
    void restore_ofAnotherEpoch_changesNothing() {
        Pulse begun = now(store.beat(app, new Position("r1", "", 0, 1)));
        Map<Tag, Mark> marks = Map.of(TAGS.getFirst(), Mark.hard(9));

        assertThat(now(store.restore(app, new Restored("another", 7, marks, true))))
                .isTrue();
        Pulse after = now(store.beat(app, new Position("r1", "", 0, 1)));
        assertThat(after.changed()).isEmpty();
        assertThat(after.doubt()).isEqualTo(begun.doubt()).isPositive();
    }

    /** Merging in Redis and here comes to the same. */
    @Test
    void restore_ofAnyMarks_mergesAsMarksDo() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Tag tag = TAGS.getFirst();
        Pulse begun = now(store.beat(app, new Position("r1", "", 0, 1)));
        Mark expected = Mark.NONE;
        for (int i = 0; i < 60; i++) {
            List<Mark.Soft> softs = new ArrayList<>();
            for (int pair = random.nextInt(6); pair > 0; pair--) {
                long deadlineMs = random.nextInt(5) == 0 ? Mark.NEVER : random.nextInt(1_000);
                softs.add(new Mark.Soft(1 + random.nextInt(40), deadlineMs));
            }
            Mark mark = new Mark(random.nextInt(40), softs);
            expected = expected.merge(mark);
            now(store.restore(app, new Restored(begun.epoch(), 0, Map.of(tag, mark), false)));
            assertThat(now(store.beat(app, new Position("r1", "", 0, 1))).changed())
                    .as("seed %d, step %d", seed, i)
                    .containsEntry(tag, expected);
        }
    }

    /** A soft invalidation adds to a mark as merging does, be the mark full, or newer than it by what was given back. */
    @Test
    void invalidate_softManyTimes_mergesAsMarksDo() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Tag tag = TAGS.getFirst();
        Pulse begun = now(store.beat(app, new Position("r1", "", 0, 1)));
        Mark expected = Mark.NONE;
        for (int i = 0; i < 60; i++) {
            if (i % 20 == 15) {
                Mark ahead = Mark.soft(begun.head() + 3_600_000_000L + i, random.nextInt(1_000));
                expected = expected.merge(ahead);
                now(store.restore(app, new Restored(begun.epoch(), 0, Map.of(tag, ahead), false)));
            }
            boolean never = random.nextInt(3) == 0;
            long expireMs = random.nextInt(1_000_000);
            Invalidation made = now(store.invalidate(app, TAGS, new Mode.Soft(never ? Lifetime.NEVER : expireMs), 0));
            expected =
                    expected.merge(Mark.soft(made.stamp(), never ? Mark.NEVER : made.timeMicros() / 1_000 + expireMs));
            assertThat(now(store.beat(app, new Position("r1", "", 0, 1))).changed())
                    .as("seed %d, step %d", seed, i)
                    .containsEntry(tag, expected);
        }
    }

    @Test
    void invalidate_newEpoch_isQuietForAWindow() {
        Invalidation first = now(store.invalidate(app, TAGS, new Mode.Hard(), 0));

        assertThat(first.quietUntilMicros() - first.timeMicros()).isGreaterThanOrEqualTo(1_000 * WINDOW_MS);
    }

    @Test
    void read_redisFrozen_failsInTimeAndRecovers() {
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        redis.freeze();
        try {
            long begun = System.nanoTime();
            assertThatThrownBy(() -> now(store.read(key, Optional.empty()))).isInstanceOf(StoreException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(TIMEOUT.multipliedBy(3));
        } finally {
            redis.thaw();
        }
        assertThat(again(() -> store.read(key, Optional.empty()))).isPresent();
    }

    @Test
    void read_notAnsweredInTime_failsOnTheCallersLoop() {
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        redis.freeze();
        try {
            Thread[] threads = new Thread[2];
            now(Future.<Void>future(done -> vertx.getOrCreateContext().runOnContext(run -> {
                threads[0] = Thread.currentThread();
                store.read(key, Optional.empty()).onComplete(told -> {
                    threads[1] = Thread.currentThread();
                    done.complete();
                });
            })));
            assertThat(threads[1]).isSameAs(threads[0]);
        } finally {
            redis.thaw();
        }
    }

    @Test
    void listen_connectionKilled_tellsLostAndLive() {
        List<Change> heard = listen();

        command(Command.CLIENT, "KILL", "TYPE", "pubsub");

        await().until(() -> heard.stream().filter(new Change.Live()::equals).count() == 2);
        assertThat(heard).containsExactly(new Change.Live(), new Change.Lost(), new Change.Live());
        now(store.remove(key));
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        await().until(() -> heard.getLast() instanceof Change.Written);
    }

    /* Until the store has found Redis again. */
    private static <T> T again(java.util.function.Supplier<Future<T>> command) {
        java.util.concurrent.atomic.AtomicReference<Future<T>> last =
                new java.util.concurrent.atomic.AtomicReference<>();
        await().atMost(10, SECONDS).until(() -> {
            last.set(command.get());
            await().until(last.get()::isComplete);
            return last.get().succeeded();
        });
        return last.get().result();
    }
}
