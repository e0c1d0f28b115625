package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.entry.Body;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Freshness;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.gateway.HeldStore.Call;
import dev.freshet.gateway.HeldStore.Sent;
import dev.freshet.near.Copy;
import dev.freshet.store.Invalidation;
import dev.freshet.store.MemoryStore;
import dev.freshet.store.Mode;
import dev.freshet.store.Pulse;
import dev.freshet.store.StoreException;
import dev.freshet.testing.ManualClocks;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Invalidations that wait for the store: in what order and as what it gets them, and what they end meanwhile. */
class BacklogTest {
    private static final String APP = "shop";
    private static final Mode HARD = new Mode.Hard();
    private static final long SECOND = 1_000;

    private final ManualClocks clocks = new ManualClocks();
    private final HeldStore store = new HeldStore(new MemoryStore(1 << 20, Replica.CALM.rules()));
    private final Coherence app = new Coherence(APP, Replica.CALM.rules(), clocks);
    private final Backlog.Bound bound = new Backlog.Bound(4);
    private final Backlog backlog = new Backlog(store, app, clocks, bound);

    @BeforeEach
    void begin() {
        app.reset(new Pulse("100.e1", 100, 100, 0, 0, 0, 1_000_000, 0, Map.of()));
        app.tell(new Pulse("100.e1", 100, 100, 0, 0, 0, 1_000_000, 0, Map.of()), clocks.nanos());
        app.advance(100);
        app.open(clocks.nanos());
        store.invalidations = taken -> new Invalidation("100.e1", 200 + store.sent.size(), 0, 0, Map.of(), Set.of());
    }

    private boolean add(Mode mode, long holdOffMs, String... tags) {
        return backlog.add(new Wish(Replica.tags(tags), mode, holdOffMs, 0), clocks.nanos());
    }

    private static Sent sent(Mode mode, String... tags) {
        return new Sent(Replica.tags(tags), mode, 0);
    }

    private static Entry entry(String... tags) {
        return new Entry(
                Key.of(APP, "v1", "k"),
                1,
                100,
                0,
                Replica.tags(tags),
                Lifetime.UNLIMITED,
                "text/plain",
                "null",
                Body.of(Buffer.buffer("one")));
    }

    private Freshness judged(String... tags) {
        Freshness judged = app.judge(entry(tags), List.of(), clocks.nanos());
        assertThat(app.judgeInOutage(entry(tags), List.of(), clocks.nanos())).isEqualTo(judged);
        return judged;
    }

    @Test
    void replay_several_areTakenInTheirOrder() {
        add(HARD, 0, "a", "b");
        add(new Mode.Soft(Lifetime.NEVER), 0, "c");
        add(HARD, 0, "a");
        assertThat(bound.waiting()).isEqualTo(3);

        assertThat(backlog.replay().succeeded()).isTrue();
        assertThat(store.sent)
                .containsExactly(sent(HARD, "a", "b"), sent(new Mode.Soft(Lifetime.NEVER), "c"), sent(HARD, "a"));
        assertThat(bound.waiting()).isZero();
        assertThat(bound.replayed()).isEqualTo(3);
    }

    @Test
    void replay_storeFailsInBetween_goesOnWithThatOne() {
        List.of("a", "b", "c").forEach(tag -> add(HARD, 0, tag));
        store.hold(Call.INVALIDATE);
        Future<Void> replaying = backlog.replay();
        assertThat(backlog.replay()).as("one at a time").isSameAs(replaying);
        store.fail(Call.INVALIDATE);
        store.releaseOne(Call.INVALIDATE);

        assertThat(replaying.cause()).isInstanceOf(StoreException.class);
        assertThat(store.sent).containsExactly(sent(HARD, "a"));
        store.release(Call.INVALIDATE);
        add(HARD, 0, "d");
        assertThat(backlog.replay().succeeded()).isTrue();
        assertThat(store.sent).containsExactly(sent(HARD, "a"), sent(HARD, "b"), sent(HARD, "c"), sent(HARD, "d"));
    }

    /** One that comes while others are taken is taken after them, by the same replay. */
    @Test
    void add_duringAReplay_isTakenAtItsEnd() {
        add(HARD, 0, "a");
        store.hold(Call.INVALIDATE);
        Future<Void> replaying = backlog.replay();
        add(HARD, 0, "b");
        assertThat(replaying.isComplete()).isFalse();
        store.release(Call.INVALIDATE);

        assertThat(replaying.succeeded()).isTrue();
        assertThat(store.sent).containsExactly(sent(HARD, "a"), sent(HARD, "b"));
    }

    @ParameterizedTest
    @CsvSource({
        // expire and hold-off as they were asked for, and as they are after 20 s; 0 is a hard one
        "60000, 0, 40000, 0",
        "20000, 0, 0, 0",
        "5000, 0, 0, 0",
        "0, 30000, 0, 10000",
        "0, 20000, 0, 0",
        "60000, 5000, 40000, 0"
    })
    void replay_afterTwentySeconds_asksForWhatIsLeft(long expireMs, long holdOffMs, long leftMs, long holdOffLeftMs) {
        add(mode(expireMs), holdOffMs, "a");
        clocks.pass(Duration.ofSeconds(20));
        backlog.replay();

        assertThat(store.sent).containsExactly(new Sent(Replica.tags("a"), mode(leftMs), holdOffLeftMs));
    }

    private static Mode mode(long expireMs) {
        return expireMs == 0 ? HARD : new Mode.Soft(expireMs);
    }

    @Test
    void add_moreTagsThanMayWait_isRefusedUntilOthersAreTaken() {
        assertThat(add(HARD, 0, "a", "b", "c")).isTrue();
        assertThat(add(HARD, 0, "d", "e")).isFalse();
        assertThat(bound.refused()).isEqualTo(1);
        assertThat(judged("d")).as("it is not there").isEqualTo(Freshness.FRESH);
        assertThat(add(HARD, 0, "f")).isTrue();

        backlog.replay();
        assertThat(add(HARD, 0, "d")).as("they are kept until they are applied").isFalse();
        app.advance(202);
        backlog.applied();
        assertThat(add(HARD, 0, "d", "e", "f", "g")).isTrue();
    }

    /** As the one who has it waiting was told: from before it is answered until the mark itself counts. */
    @Test
    void judge_whatWaits_isEndedUntilItsMarkIsApplied() {
        add(HARD, 0, "a");
        assertThat(judged("a")).isEqualTo(Freshness.GONE);
        assertThat(judged("b")).isEqualTo(Freshness.FRESH);
        assertThat(app.of(Replica.tags("a").getFirst()).hard())
                .as("what is told of it")
                .isZero();

        backlog.replay();
        assertThat(judged("a")).as("taken, and not applied").isEqualTo(Freshness.GONE);
        app.advance(200);
        backlog.applied();
        assertThat(judged("a")).isEqualTo(Freshness.GONE);
        app.advance(201);
        backlog.applied();
        assertThat(judged("a")).isEqualTo(Freshness.FRESH);
        assertThat(app.isExpecting()).isFalse();
    }

    @Test
    void judge_softOneWaits_isStaleAndThenGone() {
        add(new Mode.Soft(5 * SECOND), 0, "a");

        assertThat(judged("a")).isEqualTo(Freshness.STALE_BY_TAG);
        clocks.pass(Duration.ofSeconds(5));
        assertThat(judged("a")).isEqualTo(Freshness.GONE);
    }

    @Test
    void judge_copyThatWasFresh_isJudgedAnew() {
        Copy copy = new Copy(entry("a"), clocks.nanos(), 0);
        assertThat(app.judge(copy, List.of(), clocks.nanos())).isEqualTo(Freshness.FRESH);

        add(HARD, 0, "a");
        assertThat(app.judge(copy, List.of(), clocks.nanos())).isEqualTo(Freshness.GONE);
    }

    @Test
    void judge_twoWaitForOneTag_isEndedUntilBothAreApplied() {
        add(HARD, 0, "a");
        add(HARD, 0, "a");
        backlog.replay();
        app.advance(201);
        backlog.applied();
        assertThat(judged("a")).isEqualTo(Freshness.GONE);

        app.advance(202);
        backlog.applied();
        assertThat(judged("a")).isEqualTo(Freshness.FRESH);
    }

    /** The stamp of one history says nothing of what is applied in another. */
    @Test
    void applied_takenByAHistoryThatIsNotKnownYet_isNotOver() {
        store.invalidations = taken -> new Invalidation("300.e2", 301, 0, 0, Map.of(), Set.of());
        add(HARD, 0, "a");
        backlog.replay();
        app.advance(500);
        backlog.applied();
        assertThat(app.isExpecting()).isTrue();

        app.carryOn(new Pulse("300.e2", 301, 301, 0, 0, 0, 1_000_000, 0, Map.of()));
        backlog.applied();
        assertThat(app.isExpecting()).isTrue();
        app.advance(301);
        backlog.applied();
        assertThat(app.isExpecting()).isFalse();
    }

    /** What a history took before another began is known in that, or all that is older is in doubt. */
    @Test
    void applied_takenByAHistoryThatIsOver_isOver() {
        add(HARD, 0, "a");
        backlog.replay();
        app.reset(new Pulse("300.e2", 300, 300, 0, 300, 0, 1_000_000, 0, Map.of()));
        backlog.applied();

        assertThat(app.isExpecting()).isFalse();
    }

    @Test
    void end_storeIsStillAway_doesNotFail() {
        add(HARD, 0, "a");
        store.fail(Call.INVALIDATE);

        assertThat(backlog.end().succeeded()).isTrue();
        assertThat(bound.waiting()).isEqualTo(1);
    }
}
