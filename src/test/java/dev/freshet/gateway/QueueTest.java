package dev.freshet.gateway;

import static dev.freshet.gateway.Replica.APP;
import static dev.freshet.gateway.Replica.CALM;
import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.failure;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.entry.Key;
import dev.freshet.gateway.HeldStore.Call;
import dev.freshet.gateway.HeldStore.Sent;
import dev.freshet.store.MemoryStore;
import dev.freshet.store.Mode;
import dev.freshet.store.Rules;
import dev.freshet.store.StoreException;
import dev.freshet.testing.OnVertx;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Invalidations that a replica takes while its store does not, for who asked for that. */
class QueueTest extends OnVertx {
    private static final Key POSTS = Key.of(APP, "v1", "posts");
    private static final Key USERS = Key.of(APP, "v1", "users");
    private static final Mode HARD = new Mode.Hard();

    private final MemoryStore shared = new MemoryStore(16 << 20, CALM.rules());
    private final Replica cut = new Replica(vertx, shared, "c", Replica.serving(Duration.ofMinutes(1)));
    private final Replica other = new Replica(vertx, shared, "o", CALM);

    @AfterEach
    void stop() {
        cut.stop();
        other.stop();
    }

    private void cutOff() {
        for (Call call : Call.values()) {
            cut.store.fail(call);
        }
        until(() -> cut.app.isCutOff());
    }

    private void recover() {
        for (Call call : Call.values()) {
            cut.store.release(call);
        }
    }

    private Settled queue(String tag) {
        return await(cut.gateway.invalidateOrQueue(APP, new Wish(Replica.tags(tag), HARD, 0, 0)));
    }

    private static double counted(Replica replica, String outcome) {
        return replica.registry
                .get("freshet.invalidations.queued")
                .tag("outcome", outcome)
                .functionCounter()
                .count();
    }

    private static double waiting(Replica replica) {
        return replica.registry.get("freshet.invalidations.waiting").gauge().value();
    }

    @Test
    void invalidateOrQueue_storeIsAway_endsNearCopiesHereAndAllWhenItIsBack() {
        for (Key key : List.of(POSTS, USERS)) {
            cut.put(key, "one", key.equals(POSTS) ? "posts" : "users");
            cut.warm(key);
            other.warm(key);
        }
        cutOff();

        assertThat(queue("posts").isQueued()).isTrue();
        assertThat(waiting(cut)).isEqualTo(1);
        assertThat(failure(cut.gateway.get(POSTS, Ask.PLAIN))).isInstanceOf(StoreException.class);
        assertThat(cut.text(USERS)).as("what nobody ended").isEqualTo("one");
        assertThat(other.text(POSTS)).as("nobody has told it").isEqualTo("one");

        recover();
        until(() -> other.text(POSTS).equals("none"));
        until(() -> !cut.app.isExpecting());
        assertThat(cut.text(POSTS)).isEqualTo("none");
        assertThat(other.text(USERS)).isEqualTo("one");
        assertThat(waiting(cut)).isZero();
        assertThat(counted(cut, "replayed")).isEqualTo(1);
        cut.put(POSTS, "two", "posts");
        assertThat(cut.text(POSTS)).isEqualTo("two");
    }

    /** Who would know when it is in force has to ask again. */
    @Test
    void invalidate_storeIsAway_isRefusedAndDoesNotWait() {
        cutOff();

        assertThat(failure(cut.settling(HARD, "posts"))).isInstanceOf(StoreException.class);
        assertThat(waiting(cut)).isZero();
    }

    @Test
    void invalidate_othersWait_isTakenAfterThem() {
        Replica calm = new Replica(vertx, shared, "calm", CALM);
        calm.store.fail(Call.INVALIDATE);
        for (String tag : List.of("one", "two")) {
            assertThat(await(calm.gateway.invalidateOrQueue(APP, new Wish(Replica.tags(tag), HARD, 0, 0)))
                            .isQueued())
                    .isTrue();
        }
        assertThat(failure(calm.settling(HARD, "refused"))).isInstanceOf(StoreException.class);
        calm.store.release(Call.INVALIDATE);

        calm.invalidate(HARD, "three");
        assertThat(calm.store.sent)
                .extracting(Sent::tags)
                .containsExactly(Replica.tags("one"), Replica.tags("two"), Replica.tags("three"));
        calm.stop();
    }

    @Test
    void invalidateOrQueue_tooManyTagsWait_isRefused() {
        CoherenceConfig little = new CoherenceConfig(
                CALM.window(), CALM.beat(), CALM.margin(), Rules.Acks.EAGER, Duration.ZERO, 1, 1_000, 3, 1);
        Replica full = new Replica(vertx, shared, "f", little);
        full.store.fail(Call.INVALIDATE);
        Wish wish = new Wish(Replica.tags("one"), HARD, 0, 0);
        assertThat(await(full.gateway.invalidateOrQueue(APP, wish)).isQueued()).isTrue();

        assertThat(failure(full.gateway.invalidateOrQueue(APP, wish)))
                .isInstanceOf(StoreException.class)
                .hasMessage("no answer to INVALIDATE");
        assertThat(counted(full, "refused")).isEqualTo(1);
        full.stop();
    }

    /** Before it leaves the fleet, when the store is back and no beat has told of it. */
    @Test
    void stop_oneWaits_isTriedOnceMore() {
        Replica calm = new Replica(vertx, shared, "calm", CALM);
        other.put(POSTS, "one", "posts");
        calm.store.fail(Call.INVALIDATE);
        await(calm.gateway.invalidateOrQueue(APP, new Wish(Replica.tags("posts"), HARD, 0, 0)));
        calm.store.release(Call.INVALIDATE);

        calm.stop();
        until(() -> other.text(POSTS).equals("none"));
    }
}
