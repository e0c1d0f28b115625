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
import dev.freshet.testing.ManualClocks;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NearCacheTest {
    private static final Key KEY = Key.of("shop", "v1", "k");
    private static final Key OTHER = Key.of("blog", "v1", "k");

    private static final long TERM = 1;

    private final ManualClocks clocks = new ManualClocks();
    private final NearCache near = new NearCache(NearConfig.DEFAULT, clocks);

    /** The reads that are under way, oldest first. */
    private final Deque<Promise<Optional<Entry>>> reads = new ArrayDeque<>();

    /** The copies that each read was given, newest first. */
    private final Deque<Optional<Entry>> copies = new ArrayDeque<>();

    @Test
    void fetch_found_keepsACopy() {
        Future<Optional<Entry>> fetched = fetch(KEY);
        assertThat(kept(KEY, TERM)).isNull();
        answer(entry(KEY, 1));

        assertThat(await(fetched)).contains(entry(KEY, 1));
        assertThat(kept(KEY, TERM)).isEqualTo(entry(KEY, 1));
    }

    @Test
    void fetch_notFound_forgetsTheCopy() {
        keep(entry(KEY, 1));
        Future<Optional<Entry>> fetched = fetch(KEY);
        reads.remove().complete(Optional.empty());

        assertThat(await(fetched)).isEmpty();
        assertThat(kept(KEY, TERM)).isNull();
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
        assertThat(kept(KEY, TERM)).isEqualTo(entry(KEY, 2));
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
        assertThat(kept(KEY, TERM)).isNull();
    }

    @Test
    void dropUnless_otherRevisionWhileRead_isNotKept() {
        fetch(KEY);
        near.dropUnless(KEY, 2);
        answer(entry(KEY, 1));

        assertThat(kept(KEY, TERM)).isNull();
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
        assertThat(kept(KEY, TERM)).isEqualTo(entry(KEY, 2));
    }

    @Test
    void fetch_overtakenFlightLandsLast_doesNotReplaceTheNewer() {
        fetch(KEY);
        near.drop(KEY);
        fetch(KEY);
        Promise<Optional<Entry>> overtaken = reads.remove();
        answer(entry(KEY, 2));
        overtaken.complete(Optional.of(entry(KEY, 1)));

        assertThat(kept(KEY, TERM)).isEqualTo(entry(KEY, 2));
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

    /** What was begun later has seen what is stored later; revisions of two histories tell nothing of each other. */
    @Test
    void fetch_begunBefore_neverReplacesWhatWasBegunLater() {
        fetch(KEY, TERM);
        clocks.pass(Duration.ofMillis(1));
        fetch(KEY, TERM + 1);
        Promise<Optional<Entry>> before = reads.remove();
        answer(entry(KEY, 1));
        before.complete(Optional.of(entry(KEY, 2)));

        assertThat(kept(KEY, TERM + 1)).isEqualTo(entry(KEY, 1));
    }

    /** A write of a term that is over may have gone unheard. */
    @Test
    void get_copyOfAnotherTerm_isNotServedButConfirmed() {
        keep(entry(KEY, 1));
        assertThat(kept(KEY, TERM + 1)).isNull();

        fetch(KEY, TERM + 1);
        assertThat(copies.getFirst()).contains(entry(KEY, 1));
        reads.remove().complete(copies.getFirst());
        assertThat(kept(KEY, TERM + 1)).isEqualTo(entry(KEY, 1));
    }

    @Test
    void fetch_readOfAnotherTermUnderWay_isNotJoined() {
        fetch(KEY, TERM);
        fetch(KEY, TERM + 1);

        assertThat(reads).hasSize(2);
    }

    @Test
    void fetch_joined_saysSo() {
        Future<Landing> first = near.fetch(KEY, TERM, copy -> {
            Promise<Optional<Entry>> read = Promise.promise();
            reads.add(read);
            return read.future();
        });
        Future<Landing> second = near.fetch(KEY, TERM, copy -> Future.failedFuture("not asked"));
        answer(entry(KEY, 1));

        assertThat(await(first).joined()).isFalse();
        assertThat(await(second).joined()).isTrue();
    }

    @Test
    void fetch_readFails_tellsAllAndLeavesNothing() {
        Future<Optional<Entry>> first = fetch(KEY);
        Future<Optional<Entry>> second = fetch(KEY);
        reads.remove().fail("no");

        assertThat(failure(first)).isSameAs(failure(second)).hasMessage("no");
        assertThat(kept(KEY, TERM)).isNull();
        fetch(KEY);
        assertThat(reads).as("a read of its own").hasSize(1);
    }

    @Test
    void fetch_readFails_keepsTheCopy() {
        keep(entry(KEY, 1));
        fetch(KEY);
        reads.remove().fail("no");

        assertThat(kept(KEY, TERM)).isEqualTo(entry(KEY, 1));
    }

    /** G6: a fault in the read must not leave those who join it waiting for ever. */
    @Test
    void fetch_readThrows_failsAndLeavesNothing() {
        assertThat(failure(near.fetch(KEY, TERM, copy -> {
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

        assertThat(kept(KEY, TERM)).isNull();
        assertThat(kept(OTHER, TERM)).isNotNull();
    }

    @Test
    void dropUnless_sameRevision_stays() {
        keep(entry(KEY, 2));
        near.dropUnless(KEY, 2);
        assertThat(kept(KEY, TERM)).isNotNull();

        near.dropUnless(KEY, 3);
        assertThat(kept(KEY, TERM)).isNull();
    }

    @Test
    void dropUnless_removed_isGone() {
        keep(entry(KEY, 2));
        near.dropUnless(KEY, 0);

        assertThat(kept(KEY, TERM)).isNull();
    }

    /** G5. */
    @Test
    void bytes_manyEntries_stayInTheBound() {
        NearCache small = new NearCache(new NearConfig(100_000, Duration.ofMinutes(1)), clocks);
        for (int i = 0; i < 1_000; i++) {
            Key key = Key.of("shop", "v1", "k" + i);
            Entry entry = entry(key, 1, 1_000);
            small.fetch(key, TERM, copy -> Future.succeededFuture(Optional.of(entry)));
            assertThat(small.bytes()).isLessThanOrEqualTo(100_000);
        }

        assertThat(small.size()).isBetween(20L, 100L);
    }

    @Test
    void bytes_zero_keepsNothing() {
        NearCache none = new NearCache(new NearConfig(0, Duration.ofMinutes(1)), clocks);
        Future<Optional<Entry>> fetched = none.fetch(
                        KEY, TERM, copy -> Future.succeededFuture(Optional.of(entry(KEY, 1))))
                .map(Landing::entry);

        assertThat(await(fetched)).contains(entry(KEY, 1));
        assertThat(none.get(KEY, TERM, clocks.nanos())).isNull();
    }

    @Test
    void maxAge_passed_isReadAgain() {
        keep(entry(KEY, 1));
        clocks.pass(NearConfig.DEFAULT.maxAge().minusNanos(1));
        assertThat(kept(KEY, TERM)).isNotNull();

        clocks.pass(Duration.ofNanos(1));
        assertThat(kept(KEY, TERM)).isNull();
    }

    @Test
    void maxAge_readOften_isNotProlonged() {
        keep(entry(KEY, 1));
        for (int i = 0; i < 60; i++) {
            kept(KEY, TERM);
            clocks.pass(Duration.ofSeconds(1));
        }

        assertThat(kept(KEY, TERM)).isNull();
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

    private @Nullable Entry kept(Key key, long term) {
        Copy copy = near.get(key, term, clocks.nanos());
        return copy == null ? null : copy.entry();
    }

    private Future<Optional<Entry>> fetch(Key key) {
        return fetch(key, TERM);
    }

    private Future<Optional<Entry>> fetch(Key key, long term) {
        return near.fetch(key, term, copy -> {
                    copies.push(copy);
                    Promise<Optional<Entry>> read = Promise.promise();
                    reads.add(read);
                    return read.future();
                })
                .map(Landing::entry);
    }

    private void answer(Entry entry) {
        reads.remove().complete(Optional.of(entry));
    }

    private void keep(Entry entry) {
        near.fetch(entry.key(), TERM, copy -> Future.succeededFuture(Optional.of(entry)));
    }

    private static Entry entry(Key key, long revision) {
        return entry(key, revision, 10);
    }

    private static Entry entry(Key key, long revision, int bytes) {
        Body body = Body.of(Buffer.buffer(new byte[bytes]));
        return new Entry(key, revision, 0, 0, List.of(), Lifetime.UNLIMITED, Draft.OCTETS, "", body);
    }
}
