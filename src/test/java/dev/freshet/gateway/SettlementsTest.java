package dev.freshet.gateway;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.gateway.Settlements.Ending;
import dev.freshet.gateway.Settlements.Outcome;
import dev.freshet.store.Invalidation;
import dev.freshet.testing.OnVertx;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What ends the waiting for an invalidation. The store's time is made up. */
class SettlementsTest extends OnVertx {
    private static final long STAMP = 10;
    private static final long QUIET_MS = 400;
    private static final long NEVER_MS = 60_000;

    private final Context loop = vertx.getOrCreateContext();
    private final AtomicInteger asked = new AtomicInteger();
    private final Promise<Void> first = Promise.promise();
    private final Settlements settlements = new Settlements(() -> {
        asked.incrementAndGet();
        first.tryComplete();
    });

    private Future<Ending> settle(Invalidation taken, boolean byTime) {
        return Future.future(told -> loop.runOnContext(
                run -> settlements.settle(vertx, taken, byTime, NEVER_MS).onComplete(told)));
    }

    private void on(Consumer<Settlements> what) {
        await(Future.future(done -> loop.runOnContext(run -> {
            what.accept(settlements);
            done.complete();
        })));
    }

    private static Invalidation taken(long quietMs, Map<String, Long> windowMs) {
        Map<String, Long> micros = new HashMap<>();
        windowMs.forEach((replica, ms) -> micros.put(replica, 1_000 * ms));
        return new Invalidation("epoch", STAMP, 0, 1_000 * quietMs, micros, Set.of());
    }

    @Test
    void applied_byAllWhoseWindowsWereOpen_settles() {
        Future<Ending> waiting = settle(taken(0, Map.of("a", NEVER_MS, "b", NEVER_MS)), false);
        on(all -> all.applied("a", STAMP));
        on(all -> all.applied("b", STAMP - 1));
        on(all -> all.applied("c", STAMP));
        assertThat(waiting.isComplete()).isFalse();
        on(all -> all.applied("b", STAMP + 5));

        assertThat(await(waiting)).isEqualTo(new Ending(Outcome.BY_ALL, Set.of()));
    }

    /** Others may be faster than the store's answer to the one who waits. */
    @Test
    void applied_beforeItIsWaitedFor_counts() {
        on(all -> all.applied("a", STAMP));
        on(all -> all.applied("b", STAMP + 1));

        assertThat(await(settle(taken(0, Map.of("a", NEVER_MS, "b", NEVER_MS)), false))
                        .outcome())
                .isEqualTo(Outcome.BY_ALL);
    }

    @Test
    void applied_thoughOnlyTimeCounts_settlesNothing() {
        Future<Ending> waiting = settle(taken(0, Map.of("a", NEVER_MS)), true);
        on(all -> all.applied("a", STAMP));
        assertThat(waiting.isComplete()).isFalse();
        on(all -> all.passed(1_000 * NEVER_MS));

        assertThat(await(waiting)).isEqualTo(new Ending(Outcome.BY_TIME, Set.of("a")));
    }

    @Test
    void abandon_whatWasApplied_isForgotten() {
        on(all -> all.applied("a", STAMP));
        on(all -> all.abandon("another history"));
        Future<Ending> waiting = settle(taken(0, Map.of("a", NEVER_MS)), false);
        on(all -> {});

        assertThat(waiting.isComplete()).isFalse();
    }

    /** What is heard while the store is asked for its time says nothing of how long is left. */
    @Test
    void applied_whileTheStoreIsAsked_doesNotPutOffTheEnd() {
        Future<Ending> waiting = settle(taken(QUIET_MS, Map.of("b", QUIET_MS + 50)), true);
        await(first.future());
        long begun = System.nanoTime();
        on(all -> all.applied("a", STAMP));
        on(all -> all.passed(1_000 * QUIET_MS));
        until(() -> asked.get() == 2);

        assertThat(System.nanoTime() - begun).isLessThan(1_000_000 * QUIET_MS);
        on(all -> all.passed(1_000 * (QUIET_MS + 50)));
        assertThat(await(waiting).outcome()).isEqualTo(Outcome.BY_TIME);
    }
}
