package dev.freshet.sim;

import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Ticket;
import dev.freshet.gateway.Coherence;
import dev.freshet.gateway.CoherenceConfig;
import dev.freshet.lease.Bid;
import dev.freshet.lease.Claim;
import dev.freshet.lease.Holder;
import dev.freshet.loop.Clocks;
import dev.freshet.store.Change;
import dev.freshet.store.Evidence;
import dev.freshet.store.Invalidation;
import dev.freshet.store.Mode;
import dev.freshet.store.Position;
import dev.freshet.store.Pulse;
import dev.freshet.store.Restored;
import dev.freshet.store.Store;
import dev.freshet.store.Written;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Switches guards of a replica off by lying to it at its seams: the store, the clocks, the configuration. With all guards on it is not there. */
final class Unguarded implements Store {
    private final Wire store;
    private final Machine machine;
    private final Replica.Setup setup;
    private final Lapses lapses;
    private Supplier<Coherence> marks = () -> {
        throw new IllegalStateException("not yet");
    };

    /** The claims under way, by key. */
    private final Map<Key, Integer> claiming = new HashMap<>();

    /** While a beat is under way: when it was sent. */
    private long beatSentAt = -1;

    private long heldBack;

    private Consumer<Change> heard = change -> {};

    Unguarded(Wire store, Machine machine, Replica.Setup setup) {
        this.store = store;
        this.machine = machine;
        this.setup = setup;
        this.lapses = setup.lapses();
    }

    Store store() {
        return lapses.off().isEmpty() ? store : this;
    }

    void marks(Supplier<Coherence> known) {
        marks = known;
    }

    /** Without the window, it is a minute for this replica, and what it should be for Redis. */
    CoherenceConfig coherence() {
        CoherenceConfig is = setup.coherence();
        return lapses.has(Guard.WINDOW)
                ? new CoherenceConfig(
                        Duration.ofMinutes(1),
                        is.beat(),
                        is.margin(),
                        is.acks(),
                        is.outageMax(),
                        is.verify(),
                        is.marksMax(),
                        is.appsMax(),
                        is.queuedTagsMax())
                : is;
    }

    /** A clock that stands still while a beat is under way counts from its answer; one that does while the machine is suspended counts too much. */
    Clocks clocks() {
        if (lapses.has(Guard.WINDOW_FROM_SENDING)) {
            return () -> beatSentAt >= 0 ? beatSentAt : machine.nanos() - heldBack;
        }
        return lapses.has(Guard.SUSPENSION) ? machine::runNanos : machine;
    }

    @Override
    public String describe() {
        return "lies";
    }

    @Override
    public Future<Optional<Entry>> read(Key key, Optional<Entry> copy) {
        long knownThen = marks.get().applied();
        Coherence coherence = marks.get();
        return store.read(key, lapses.has(Guard.AS_OF) || lapses.has(Guard.JUDGED_AT_LANDING) ? Optional.empty() : copy)
                .map(found -> found.map(entry -> {
                    if (lapses.has(Guard.JUDGED_AT_LANDING)) {
                        return wasFresh(entry, coherence, knownThen) ? asOf(entry, coherence.applied()) : entry;
                    }
                    return entry;
                }));
    }

    /* By what was known when the read began. */
    private static boolean wasFresh(Entry entry, Coherence coherence, long knownThen) {
        return entry.tags().stream().allMatch(tag -> {
            long newest = coherence.of(tag).newest();
            return newest <= entry.asOf() || newest > knownThen;
        });
    }

    private static Entry asOf(Entry entry, long stamp) {
        return new Entry(
                entry.key(),
                entry.revision(),
                stamp,
                entry.bornMs(),
                entry.tags(),
                entry.lifetime(),
                entry.type(),
                entry.attributes(),
                entry.body());
    }

    @Override
    public Future<Claim> claim(Key key, Bid bid, long ttlMs) {
        claiming.merge(key, 1, Integer::sum);
        return store.claim(key, bid, ttlMs).onComplete(done -> claiming.merge(key, -1, Integer::sum));
    }

    @Override
    public Future<Optional<Holder>> holder(Key key) {
        return store.holder(key);
    }

    @Override
    public Future<Boolean> release(Key key, String token) {
        return store.release(key, token);
    }

    @Override
    public Future<Written> write(Key key, Draft draft, Ticket ticket) {
        Draft unfenced = new Draft(
                draft.tags(),
                draft.lifetime(),
                draft.ageMs(),
                draft.ticket(),
                Optional.empty(),
                draft.type(),
                draft.attributes(),
                draft.body());
        return store.write(
                key,
                lapses.has(Guard.FENCING_TOKEN) ? unfenced : draft,
                lapses.has(Guard.AS_OF) ? marks.get().ticket() : ticket);
    }

    @Override
    public Future<Boolean> remove(Key key) {
        return store.remove(key);
    }

    @Override
    public Future<Invalidation> invalidate(String app, List<Tag> tags, Mode mode, long holdOffMs, String waiter) {
        return store.invalidate(app, tags, mode, holdOffMs, waiter)
                .map(taken -> lapses.has(Guard.EVERY_REPLICA) ? butOne(taken, waiter) : taken);
    }

    private static Invalidation butOne(Invalidation taken, String waiter) {
        Map<String, Long> windows = new HashMap<>(taken.windows());
        windows.keySet().stream()
                .filter(replica -> !replica.equals(waiter))
                .min(Comparator.naturalOrder())
                .ifPresent(windows::remove);
        return new Invalidation(
                taken.epoch(), taken.stamp(), taken.timeMicros(), taken.quietUntilMicros(), windows, taken.away());
    }

    @Override
    public Future<Pulse> beat(String app, Position position) {
        beatSentAt = lapses.has(Guard.WINDOW_FROM_SENDING) ? machine.bootNanos() - heldBack : -1;
        return store.beat(app, position)
                .map(this::told)
                .onSuccess(pulse -> {
                    if (lapses.has(Guard.ECHO)) {
                        heard.accept(new Change.Echo(position.beat()));
                    }
                })
                .onComplete(done -> {
                    heldBack = beatSentAt < 0 ? heldBack : machine.bootNanos() - beatSentAt;
                    beatSentAt = -1;
                });
    }

    private Pulse told(Pulse pulse) {
        return new Pulse(
                pulse.epoch(),
                pulse.head(),
                pulse.upTo(),
                pulse.floor(),
                lapses.has(Guard.DOUBT) ? 0 : pulse.doubt(),
                pulse.kept(),
                pulse.timeMicros(),
                pulse.acknowledged(),
                lapses.has(Guard.MISSED_LIST) ? Map.of() : pulse.changed());
    }

    @Override
    public Future<Boolean> restore(String app, Restored given) {
        return store.restore(app, given);
    }

    @Override
    public Future<Void> acknowledge(String app, Position position, Set<String> waiters) {
        return store.acknowledge(app, position, waiters);
    }

    @Override
    public Future<Set<String>> behind(String app, long stamp, Set<String> replicas) {
        return store.behind(app, stamp, replicas);
    }

    @Override
    public Future<Evidence> evidence(String app, List<Tag> tags) {
        return store.evidence(app, tags);
    }

    @Override
    public Future<Void> leave(String app, String replica) {
        return store.leave(app, replica);
    }

    @Override
    public void listen(String app, String replica, Consumer<Change> heard) {
        this.heard = heard;
        store.listen(app, replica, change -> {
            if (lapses.has(Guard.RELEASE) && change instanceof Change.Released) {
                return;
            }
            if (lapses.has(Guard.GAPS) && change instanceof Change.Invalidated gap) {
                heard.accept(new Change.Invalidated(gap.epoch(), 0, gap.stamp(), gap.marks()));
            } else if (!lapses.has(Guard.SECOND_LOOK) || !isOfClaimed(change)) {
                heard.accept(change);
            }
        });
    }

    private boolean isOfClaimed(Change change) {
        return (change instanceof Change.Written written && isClaiming(written.key()))
                || (change instanceof Change.Released released && isClaiming(released.key()));
    }

    private boolean isClaiming(Key key) {
        return Objects.requireNonNullElse(claiming.get(key), 0) > 0;
    }

    @Override
    public void listenAnew() {
        store.listenAnew();
    }

    @Override
    public Future<Void> close() {
        return store.close();
    }
}
