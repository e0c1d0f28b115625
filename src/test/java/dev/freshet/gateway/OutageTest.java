package dev.freshet.gateway;

import static dev.freshet.gateway.Replica.APP;
import static dev.freshet.gateway.Replica.CALM;
import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.failure;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.entry.Key;
import dev.freshet.gateway.HeldStore.Call;
import dev.freshet.gateway.Lookup.Source;
import dev.freshet.lease.Turn;
import dev.freshet.store.Change;
import dev.freshet.store.Invalidation;
import dev.freshet.store.MemoryStore;
import dev.freshet.store.Mode;
import dev.freshet.store.StoreException;
import dev.freshet.testing.OnVertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** G6: a store that does not answer. */
class OutageTest extends OnVertx {
    private static final Key KEY = Key.of(APP, "v1", "k");
    private static final Ask LEASE = new Ask(List.of(), true, 0, false);

    private final MemoryStore shared = new MemoryStore(16 << 20, CALM.rules());
    private final Replica serving = new Replica(vertx, shared, "s", Replica.serving(Duration.ofMinutes(1)));
    private final Replica refusing = new Replica(vertx, shared, "r", Replica.serving(Duration.ZERO));

    @AfterEach
    void stop() {
        serving.stop();
        refusing.stop();
    }

    private static void cutOff(Replica replica) {
        for (Call call : Call.values()) {
            replica.store.fail(call);
        }
        until(() -> !replica.app.isCoherent());
    }

    private static void recover(Replica replica) {
        for (Call call : Call.values()) {
            replica.store.release(call);
        }
        until(replica.app::isCoherent);
    }

    @Test
    void get_nearCopy_isServedAndSaysSo() {
        serving.put(KEY, "one", "posts");
        serving.warm(KEY);
        cutOff(serving);

        assertThat(serving.get(KEY)).isInstanceOfSatisfying(Lookup.Fresh.class, kept -> {
            assertThat(Replica.text(kept)).isEqualTo("one");
            assertThat(kept.source()).isEqualTo(Source.OUTAGE);
        });
        assertThat(serving.registry
                        .get("freshet.reads")
                        .tag("result", "outage")
                        .counter()
                        .count())
                .isPositive();
        assertThat(serving.registry.get("freshet.outage").gauge().value()).isEqualTo(1);
        assertThat(failure(serving.gateway.get(Key.of(APP, "v1", "other"), Ask.PLAIN)))
                .isInstanceOf(StoreException.class);

        recover(serving);
        assertThat(((Lookup.Fresh) serving.get(KEY)).source()).isNotEqualTo(Source.OUTAGE);
        assertThat(serving.registry.get("freshet.outage").gauge().value()).isZero();
    }

    @Test
    void get_outageMaxIsZero_isRefused() {
        refusing.put(KEY, "one", "posts");
        refusing.warm(KEY);
        cutOff(refusing);

        assertThat(failure(refusing.gateway.get(KEY, Ask.PLAIN))).isInstanceOf(StoreException.class);
    }

    @Test
    void get_outageMaxIsOver_isRefused() {
        Replica brief = new Replica(vertx, shared, "b", Replica.serving(Duration.ofMillis(100)));
        brief.put(KEY, "one", "posts");
        brief.warm(KEY);
        cutOff(brief);
        until(() -> !brief.app.isOutage());

        assertThat(failure(brief.gateway.get(KEY, Ask.PLAIN))).isInstanceOf(StoreException.class);
        brief.stop();
    }

    /** What is known to be ended is ended. */
    @Test
    void get_markedBefore_isNotServed() {
        serving.put(KEY, "one", "posts");
        serving.warm(KEY);
        serving.invalidate(new Mode.Hard(), "posts");
        cutOff(serving);

        assertThat(failure(serving.gateway.get(KEY, Ask.PLAIN))).isInstanceOf(StoreException.class);
    }

    /** A window that another history closed is not one that the store let end by its silence. */
    @Test
    void get_windowClosedByAnotherHistory_isRefused() {
        serving.put(KEY, "one", "posts");
        serving.warm(KEY);
        serving.app.close();
        cutOff(serving);

        assertThat(failure(serving.gateway.get(KEY, Ask.PLAIN))).isInstanceOf(StoreException.class);
    }

    /** Nobody leads, for nothing could be written. */
    @Test
    void get_staleCopyAndALeaseIsWanted_isServedToAFollower() {
        await(serving.gateway.put(KEY, Replica.staleDraft("one")));
        serving.turn();
        serving.get(KEY);
        cutOff(serving);

        assertThat(await(serving.gateway.get(KEY, LEASE))).isInstanceOfSatisfying(Lookup.Stale.class, kept -> {
            assertThat(kept.source()).isEqualTo(Source.OUTAGE);
            assertThat(kept.turn()).contains(new Turn.Follow(1_000));
        });
        assertThat(await(serving.gateway.get(KEY, Ask.PLAIN)))
                .isInstanceOfSatisfying(
                        Lookup.Stale.class, kept -> assertThat(kept.turn()).isEmpty());
    }

    /** The same while the window is open. */
    @Test
    void get_staleCopyAndTheClaimFails_isServedToAFollower() {
        await(serving.gateway.put(KEY, Replica.staleDraft("one")));
        serving.store.fail(Call.CLAIM);

        assertThat(await(serving.gateway.get(KEY, LEASE)))
                .isInstanceOfSatisfying(
                        Lookup.Stale.class, stale -> assertThat(stale.turn()).contains(new Turn.Follow(1_000)));
    }

    /** The bus is lost together with the store: what may have been overwritten unheard is served in an outage, and only then. */
    @Test
    void get_busIsLostToo_isServedFromACopyOfAnotherTerm() {
        serving.put(KEY, "one", "posts");
        serving.warm(KEY);
        serving.store.tell(new Change.Lost());
        cutOff(serving);

        assertThat(serving.text(KEY)).isEqualTo("one");
    }

    /** The same while the window is open, and before a beat has failed. */
    @Test
    void get_busIsLostAndTheReadFails_isServedFromACopyOfAnotherTerm() {
        serving.put(KEY, "one", "posts");
        serving.warm(KEY);
        serving.store.hold(Call.BEAT);
        serving.store.fail(Call.READ);
        serving.store.tell(new Change.Lost());
        until(() -> !serving.app.mayUseNear());

        assertThat(serving.app.isCoherent()).isTrue();
        assertThat(serving.get(KEY))
                .isInstanceOfSatisfying(
                        Lookup.Fresh.class, kept -> assertThat(kept.source()).isEqualTo(Source.OUTAGE));
        serving.store.release(Call.BEAT);
    }

    /** G1 names its exception: a replica that may serve what was ended is told of, though its window has ended before. */
    @Test
    void invalidate_anotherMayServeInAnOutage_isNamed() {
        serving.store.invalidations = taken ->
                new Invalidation(taken.epoch(), taken.stamp(), taken.timeMicros(), 0, Map.of(), Set.of("away"));

        Settled settled = serving.invalidate(new Mode.Hard(), "posts");

        assertThat(settled.everywhere()).isTrue();
        assertThat(settled.behind()).containsExactly("away");
    }

    /** All whose windows are open have applied it, but one whose window was open when it was taken has not. */
    @Test
    void invalidate_windowOfAnotherMayHaveEndedMeanwhile_isNamed() {
        serving.store.invalidations = taken -> new Invalidation(
                taken.epoch(),
                taken.stamp(),
                taken.timeMicros(),
                0,
                Map.of("s", taken.timeMicros() + 60_000_000, "gone", taken.timeMicros() + 1),
                Set.of());

        Settled settled = serving.invalidate(new Mode.Hard(), "posts");

        assertThat(settled.everywhere()).isTrue();
        assertThat(settled.behind()).containsExactly("gone");
    }
}
