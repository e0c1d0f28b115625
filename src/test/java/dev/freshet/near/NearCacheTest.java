package dev.freshet.near;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.failure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class NearCacheTest {
    private static final Key KEY = Key.of("shop", "v1", "k");
    private static final Key OTHER = Key.of("blog", "v1", "k");

    private final AtomicLong nanos = new AtomicLong();
    private final NearCache near = new NearCache(NearConfig.DEFAULT, nanos::get);

    /** The reads that are under way, oldest first. */
    private final Deque<Promise<Optional<Entry>>> reads = new ArrayDeque<>();

    @Test
    void fetch_found_keepsACopy() {
        Future<Optional<Entry>> fetched = fetch(KEY);
        assertThat(near.get(KEY)).isNull();
        answer(entry(KEY, 1));

        assertThat(await(fetched)).contains(entry(KEY, 1));
        assertThat(near.get(KEY)).isEqualTo(entry(KEY, 1));
    }

    @Test
    void fetch_notFound_forgetsTheCopy() {
        keep(entry(KEY, 1));
        Future<Optional<Entry>> fetched = fetch(KEY);
        reads.remove().complete(Optional.empty());

        assertThat(await(fetched)).isEmpty();
        assertThat(near.get(KEY)).isNull();
    }

    @Test
    void fetch_readUnderWay_joinsIt() {
        Future<Optional<Entry>> first = fetch(KEY);
        Future<Optional<Entry>> second = fetch(KEY);
        Future<Optional<Entry>> another = fetch(OTHER);
        assertThat(reads).hasSize(2);
        answer(entry(KEY, 1));

        assertThat(await(first)).containsSame(await(second).orElseThrow());
        assertThat(another.isComplete()).isFalse();
    }

    @Test
    void fetch_readEnded_readsAnew() {
        fetch(KEY);
        answer(entry(KEY, 1));
        Future<Optional<Entry>> again = fetch(KEY);
        answer(entry(KEY, 2));

        assertThat(await(again)).contains(entry(KEY, 2));
        assertThat(near.get(KEY)).isEqualTo(entry(KEY, 2));
    }

    /** A fill must lose to a change that lands during it. */
    @Test
    void drop_whileRead_isNotKept() {
        Future<Optional<Entry>> fetched = fetch(KEY);
        near.drop(KEY);
        answer(entry(KEY, 1));

        assertThat(await(fetched))
                .as("whoever came before the drop may have it")
                .contains(entry(KEY, 1));
        assertThat(near.get(KEY)).isNull();
    }

    @Test
    void dropUnless_otherRevisionWhileRead_isNotKept() {
        fetch(KEY);
        near.dropUnless(KEY, 2);
        answer(entry(KEY, 1));

        assertThat(near.get(KEY)).isNull();
    }

    @Test
    void dropApp_whileRead_isNotKept() {
        fetch(KEY);
        fetch(OTHER);
        near.dropApp("shop");
        answer(entry(KEY, 1));
        answer(entry(OTHER, 1));

        assertThat(near.get(KEY)).isNull();
        assertThat(near.get(OTHER)).isEqualTo(entry(OTHER, 1));
    }

    @Test
    void fetch_afterADrop_startsItsOwnFlight() {
        Future<Optional<Entry>> before = fetch(KEY);
        near.drop(KEY);
        Future<Optional<Entry>> after = fetch(KEY);
        Future<Optional<Entry>> joined = fetch(KEY);
        assertThat(reads).hasSize(2);

        answer(entry(KEY, 1));
        assertThat(await(before)).contains(entry(KEY, 1));
        assertThat(after.isComplete()).isFalse();
        assertThat(joined.isComplete()).isFalse();

        answer(entry(KEY, 2));
        assertThat(await(after)).contains(entry(KEY, 2));
        assertThat(await(joined)).contains(entry(KEY, 2));
        assertThat(near.get(KEY)).isEqualTo(entry(KEY, 2));
    }

    @Test
    void fetch_overtakenFlightLandsLast_doesNotReplaceTheNewer() {
        fetch(KEY);
        near.drop(KEY);
        fetch(KEY);
        Promise<Optional<Entry>> overtaken = reads.remove();
        answer(entry(KEY, 2));
        overtaken.complete(Optional.of(entry(KEY, 1)));

        assertThat(near.get(KEY)).isEqualTo(entry(KEY, 2));
    }

    @Test
    void fetch_overtakenFlightEnded_leavesTheLaterOneToBeJoined() {
        fetch(KEY);
        near.drop(KEY);
        fetch(KEY);
        answer(entry(KEY, 1));
        fetch(KEY);

        assertThat(reads).as("the flight under way, which was joined").hasSize(1);
    }

    @Test
    void fetch_olderRevision_neverReplacesTheNewer() {
        keep(entry(KEY, 2));
        fetch(KEY);
        answer(entry(KEY, 1));

        assertThat(near.get(KEY)).isEqualTo(entry(KEY, 2));
    }

    @Test
    void fetch_readFails_tellsAllAndLeavesNothing() {
        Future<Optional<Entry>> first = fetch(KEY);
        Future<Optional<Entry>> second = fetch(KEY);
        reads.remove().fail("no");

        assertThat(failure(first)).isSameAs(failure(second)).hasMessage("no");
        assertThat(near.get(KEY)).isNull();
        fetch(KEY);
        assertThat(reads).as("a read of its own").hasSize(1);
    }

    @Test
    void fetch_readFails_keepsTheCopy() {
        keep(entry(KEY, 1));
        fetch(KEY);
        reads.remove().fail("no");

        assertThat(near.get(KEY)).isEqualTo(entry(KEY, 1));
    }

    /** G6: a fault in the read must not leave those who join it waiting for ever. */
    @Test
    void fetch_readThrows_failsAndLeavesNothing() {
        assertThat(failure(near.fetch(KEY, () -> {
                    throw new IllegalStateException("no");
                })))
                .hasMessage("no");
        fetch(KEY);

        assertThat(reads).as("a read of its own").hasSize(1);
    }

    @Test
    void drop_aCopy_isGone() {
        keep(entry(KEY, 1));
        keep(entry(OTHER, 1));
        near.drop(KEY);

        assertThat(near.get(KEY)).isNull();
        assertThat(near.get(OTHER)).isNotNull();
    }

    @Test
    void dropUnless_sameRevision_stays() {
        keep(entry(KEY, 2));
        near.dropUnless(KEY, 2);
        assertThat(near.get(KEY)).isNotNull();

        near.dropUnless(KEY, 3);
        assertThat(near.get(KEY)).isNull();
    }

    @Test
    void dropUnless_removed_isGone() {
        keep(entry(KEY, 2));
        near.dropUnless(KEY, 0);

        assertThat(near.get(KEY)).isNull();
    }

    @Test
    void dropApp_copies_areGone() {
        keep(entry(KEY, 1));
        keep(entry(Key.of("shop", "v2", "k"), 1));
        keep(entry(OTHER, 1));
        near.dropApp("shop");

        assertThat(near.get(KEY)).isNull();
        assertThat(near.get(OTHER)).isNotNull();
        assertThat(near.size()).isEqualTo(1);
    }

    /** G5. */
    @Test
    void bytes_manyEntries_stayInTheBound() {
        NearCache small = new NearCache(new NearConfig(100_000, Duration.ofMinutes(1)));
        for (int i = 0; i < 1_000; i++) {
            Key key = Key.of("shop", "v1", "k" + i);
            Entry entry = entry(key, 1, 1_000);
            small.fetch(key, () -> Future.succeededFuture(Optional.of(entry)));
            assertThat(small.bytes()).isLessThanOrEqualTo(100_000);
        }

        assertThat(small.size()).isBetween(20L, 100L);
    }

    @Test
    void bytes_zero_keepsNothing() {
        NearCache none = new NearCache(new NearConfig(0, Duration.ofMinutes(1)));
        Future<Optional<Entry>> fetched = none.fetch(KEY, () -> Future.succeededFuture(Optional.of(entry(KEY, 1))));

        assertThat(await(fetched)).contains(entry(KEY, 1));
        assertThat(none.get(KEY)).isNull();
    }

    @Test
    void maxAge_passed_isReadAgain() {
        keep(entry(KEY, 1));
        nanos.addAndGet(NearConfig.DEFAULT.maxAge().toNanos() - 1);
        assertThat(near.get(KEY)).isNotNull();

        nanos.addAndGet(1);
        assertThat(near.get(KEY)).isNull();
    }

    @Test
    void maxAge_readOften_isNotProlonged() {
        keep(entry(KEY, 1));
        for (int i = 0; i < 60; i++) {
            near.get(KEY);
            nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        }

        assertThat(near.get(KEY)).isNull();
    }

    @Test
    void newConfig_outOfRange_saysTheKeyAndTheRange() {
        assertThatThrownBy(() -> new NearConfig(-1, Duration.ofMinutes(1)))
                .hasMessage("near.bytes is 0 to 1TiB, was -1");
        assertThatThrownBy(() -> new NearConfig((1L << 40) + 1, Duration.ofMinutes(1)))
                .hasMessageStartingWith("near.bytes");
        assertThatThrownBy(() -> new NearConfig(0, Duration.ofMillis(999))).hasMessageStartingWith("near.max-age");
        assertThatThrownBy(() -> new NearConfig(0, Duration.ofMillis(3_600_001)))
                .hasMessageStartingWith("near.max-age");
    }

    private Future<Optional<Entry>> fetch(Key key) {
        return near.fetch(key, () -> {
            Promise<Optional<Entry>> read = Promise.promise();
            reads.add(read);
            return read.future();
        });
    }

    private void answer(Entry entry) {
        reads.remove().complete(Optional.of(entry));
    }

    private void keep(Entry entry) {
        near.fetch(entry.key(), () -> Future.succeededFuture(Optional.of(entry)));
    }

    private static Entry entry(Key key, long revision) {
        return entry(key, revision, 10);
    }

    private static Entry entry(Key key, long revision, int bytes) {
        Body body = Body.of(Buffer.buffer(new byte[bytes]));
        return new Entry(key, revision, 0, 0, List.of(), Lifetime.UNLIMITED, Draft.OCTETS, "", body);
    }
}
