package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.store.Fleet;
import dev.freshet.store.Invalidation;
import dev.freshet.store.Mode;
import dev.freshet.store.Position;
import dev.freshet.store.Store;
import dev.freshet.store.StoreContract;
import dev.freshet.tag.Tag;
import io.vertx.core.Vertx;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contract on a Redis of the test's own, with a store for each test. */
abstract class OnRedis extends StoreContract {
    static Vertx vertx;
    RedisStore store;

    @BeforeAll
    static void startVertx() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void stopVertx() {
        now(vertx.close());
    }

    /** Where the store's Redis is. */
    abstract RedisConfig config();

    @BeforeEach
    void open() {
        store = new RedisStore(vertx, config(), RULES);
    }

    @AfterEach
    void close() {
        now(store.close());
    }

    @Override
    protected Store store() {
        return store;
    }

    private void join(String replica) {
        now(store.beat(app, new Position(replica, "", 0, 1)));
    }

    @Test
    void fleet_ofAnAppThatNobodyAskedFor_isEmpty() {
        Fleet fleet = now(store.fleet(app));

        assertThat(fleet.members()).isEmpty();
        assertThat(fleet.epoch()).isEmpty();
        assertThat(fleet.head()).isZero();
    }

    @Test
    void fleet_oneInStepOneBehindOneThatLeft_tellsTheFirstTwo() {
        List.of("r1", "r2", "r3").forEach(this::join);
        now(store.leave(app, "r3"));
        Invalidation taken = now(store.invalidate(app, List.of(new Tag("posts")), new Mode.Hard(), 0));
        now(store.beat(app, new Position("r1", taken.epoch(), taken.stamp(), 1)));

        Fleet fleet = now(store.fleet(app));
        assertThat(fleet.epoch()).isEqualTo(taken.epoch());
        assertThat(fleet.head()).isEqualTo(taken.stamp());
        assertThat(fleet.members()).extracting(Fleet.Member::replica).containsExactly("r1", "r2");
        assertThat(fleet.members().getFirst().applied()).isEqualTo(taken.stamp());
        assertThat(fleet.members().getFirst().lagMs()).isZero();
        assertThat(fleet.members().getLast().applied()).isLessThan(taken.stamp());
        assertThat(fleet.members().getLast().lagMs()).isPositive();
        assertThat(fleet.members())
                .allSatisfy(member -> assertThat(member.windowMs()).isBetween(WINDOW_MS / 2, 2 * WINDOW_MS));
    }

    @Test
    void fleet_ofMoreThanAreTold_tellsAsManyAsMayBe() {
        for (int i = 0; i < Fleet.MEMBERS_MAX + 5; i++) {
            join("r" + i);
        }

        assertThat(now(store.fleet(app)).members()).hasSizeBetween(Fleet.MEMBERS_MAX - 1, Fleet.MEMBERS_MAX);
    }
}
