package dev.freshet.sim;

import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Ticket;
import dev.freshet.lease.Bid;
import dev.freshet.lease.Claim;
import dev.freshet.lease.Holder;
import dev.freshet.sim.RedisState.Clock;
import dev.freshet.sim.RedisState.Control;
import dev.freshet.sim.RedisState.Later;
import dev.freshet.sim.RedisState.Lease;
import dev.freshet.sim.RedisState.Stored;
import dev.freshet.store.Change;
import dev.freshet.store.Evidence;
import dev.freshet.store.Invalidation;
import dev.freshet.store.Mode;
import dev.freshet.store.Position;
import dev.freshet.store.Pulse;
import dev.freshet.store.Restored;
import dev.freshet.store.Rules;
import dev.freshet.store.Written;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A Redis server that runs Freshet's scripts: each method is one of them, with its very semantics. Whatever it changes is
 * recorded, so that a standby, or a snapshot, is a prefix of it.
 */
final class RedisNode {
    /** How far ahead of its clock a master begins an epoch, in µs: as in clock.lua. */
    private static final long GAP_MICROS = 60_000_000;

    private static final int FORGOTTEN_MAX = 512;

    /** Who hears what is published. */
    interface Subscriber {
        /** On the app's channel. */
        void hear(String app, Change change);

        /** On a replica's own channel. */
        void hearOwn(String app, String of, Change change);
    }

    private record Step(long atMicros, int changes) {}

    private final Rules rules;
    private final Lapses lapses;
    private final LongSupplier micros;
    private final String master;
    private final int page;
    private final RedisState state = new RedisState();
    private final List<Consumer<RedisState>> changes = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private final Set<Subscriber> subscribers = new LinkedHashSet<>();

    /** When leases were given back, by this clock. */
    private final Map<Key, Long> freedAt = new HashMap<>();

    private @Nullable Watch watch;

    /** Sees what is done, as it is done. */
    interface Watch {
        /** A write is stored, in place of another, while somebody holds the lease. */
        void stored(RedisNode by, Key key, Draft draft, Ticket ticket, @Nullable Stored before, @Nullable Lease lease);

        /** An invalidation is taken. */
        void taken(RedisNode by, List<Tag> tags, Mode mode, long stamp);
    }

    /**
     * An empty server.
     *
     * @param master its replication id, which differs for each
     * @param page the tags after which a beat's answer ends, with the last stamp's tags all the same
     */
    RedisNode(Rules rules, Lapses lapses, String master, int page, LongSupplier micros) {
        this.rules = rules;
        this.lapses = lapses;
        this.master = master;
        this.page = page;
        this.micros = micros;
    }

    /** A server with another id that begins with the first of this one's steps. */
    RedisNode prefix(int length, String other, LongSupplier clock) {
        RedisNode node = new RedisNode(rules, lapses, other, page, clock);
        node.watch = watch;
        int kept = length == 0 ? 0 : steps.get(length - 1).changes;
        changes.subList(0, kept).forEach(node::apply);
        node.steps.addAll(steps.subList(0, length));
        return node;
    }

    /** How many steps it has taken. */
    int steps() {
        return steps.size();
    }

    /** How many steps it had taken by a time of its own. */
    int stepsBy(long atMicros) {
        int by = steps.size();
        while (by > 0 && steps.get(by - 1).atMicros > atMicros) {
            by--;
        }
        return by;
    }

    String master() {
        return master;
    }

    long nowMicros() {
        return micros.getAsLong();
    }

    RedisState state() {
        return state;
    }

    void watch(Watch who) {
        watch = who;
    }

    void subscribe(Subscriber subscriber) {
        subscribers.add(subscriber);
    }

    void unsubscribe(Subscriber subscriber) {
        subscribers.remove(subscriber);
    }

    /** Changes what is kept, and records it. */
    void apply(Consumer<RedisState> change) {
        changes.add(change);
        change.accept(state);
    }

    /** Ends a step: a standby has the whole of it or nothing. */
    void step() {
        steps.add(new Step(nowMicros(), changes.size()));
    }

    private void publish(String app, Change change) {
        subscribers.forEach(subscriber -> subscriber.hear(app, change));
    }

    /** The entry, or the copy in hand if it still is the stored one. */
    Optional<Entry> read(Key key, Optional<Entry> copy) {
        return Optional.ofNullable(stored(key))
                .map(stored -> copy.filter(
                                known -> known.revision() == stored.entry().revision())
                        .orElse(stored.entry()));
    }

    private @Nullable Stored stored(Key key) {
        Stored stored = state.entries.get(key);
        return stored == null || stored.untilMicros() <= nowMicros() ? null : stored;
    }

    private @Nullable Lease lease(Key key) {
        Lease lease = state.leases.get(key);
        return lease == null || lease.untilMicros() <= nowMicros() ? null : lease;
    }

    /** For how long nobody has held the lease of a key, in µs. */
    long freeForMicros(Key key) {
        Lease last = state.leases.get(key);
        long since = last == null ? freedAt.getOrDefault(key, 0L) : last.untilMicros();
        return nowMicros() - since;
    }

    /** claim.lua. */
    Claim claim(Key key, Bid bid, long ttlMs) {
        Stored stored = stored(key);
        long revision = stored == null ? 0 : stored.entry().revision();
        Lease held = lease(key);
        boolean superseding = held != null && bid.supersedes(held.token());
        if (held != null && !superseding) {
            return new Claim.Follow(Math.max(1, (held.untilMicros() - nowMicros()) / 1_000), revision);
        }
        Lease lease = new Lease(superseding ? bid.successorToken() : bid.token(), nowMicros() + 1_000 * ttlMs);
        apply(all -> all.leases.put(key, lease));
        step();
        return new Claim.Lead(lease.token(), ttlMs, revision, superseding);
    }

    /** Who holds the lease of a key. */
    Optional<Holder> holder(Key key) {
        return Optional.ofNullable(lease(key))
                .map(held -> Holder.of(held.token(), (held.untilMicros() - nowMicros()) / 1_000));
    }

    /** release.lua. */
    boolean release(Key key, String token) {
        Lease held = lease(key);
        if (held == null || !held.token().equals(token)) {
            return false;
        }
        apply(all -> all.leases.remove(key));
        freedAt.put(key, nowMicros());
        step();
        publish(key.app(), new Change.Released(key));
        return true;
    }

    /** write.lua. */
    Written write(Key key, Draft draft, Ticket given) {
        Ticket ticket = new Ticket(given.epoch(), given.asOf(), Math.min(given.grantMicros(), nowMicros()));
        Lease held = lease(key);
        String token = draft.lease().orElse("");
        if (!token.isEmpty() && (held == null || !held.token().equals(token))) {
            return new Written.LeaseLost();
        }
        Stored before = stored(key);
        if (before != null
                && !lapses.has(Guard.ORDER_OF_WRITES)
                && before.ticket().isNewerThan(ticket)) {
            return new Written.Older();
        }
        long now = nowMicros();
        long revision = before == null ? now : Math.max(now, before.entry().revision() + 1);
        Entry entry = new Entry(
                key,
                revision,
                ticket.epoch(),
                ticket.asOf(),
                now / 1_000 - draft.ageMs(),
                draft.tags(),
                draft.lifetime(),
                draft.type(),
                draft.attributes(),
                draft.body());
        if (watch != null) {
            watch.stored(this, key, draft, ticket, before, held);
        }
        Stored stored = new Stored(entry, ticket, now + 1_000 * draft.lifetime().keptMs());
        apply(all -> all.entries.put(key, stored));
        if (!token.isEmpty()) {
            apply(all -> all.leases.remove(key));
            freedAt.put(key, now);
        }
        step();
        publish(key.app(), new Change.Written(key, revision));
        return new Written.Stored(revision, before == null);
    }

    /** remove.lua. */
    boolean remove(Key key) {
        if (stored(key) == null) {
            return false;
        }
        apply(all -> all.entries.remove(key));
        step();
        publish(key.app(), new Change.Written(key, 0));
        return true;
    }

    /** clock.lua: the clock as it is, or that of a new epoch. An invalidation leaves the acknowledgements to the beats. */
    private Clock clock(String app, long applied, boolean asksForAcks) {
        Control control = state.of(app);
        Clock clock = control.clock;
        boolean survived = clock != null && clock.epoch().equals(control.marksOf) && control.tagsThere;
        boolean whole = survived && control.liveThere && (control.acksThere || !asksForAcks);
        if (whole && clock.master().equals(master) && applied <= clock.last()) {
            return clock;
        }
        long now = nowMicros();
        long known = clock == null ? 0 : clock.last();
        long first = Math.max(
                now + GAP_MICROS,
                1 + LongStream.of(known, told(control), applied).max().orElseThrow());
        Clock begun = new Clock(
                first,
                first + "." + master.substring(0, Math.min(8, master.length())) + Long.toHexString(now % (1 << 24)),
                master,
                clock == null ? 0 : Math.max(clock.floor(), clock.doubt()),
                first,
                survived ? known : 0,
                lapses.has(Guard.QUIET_PERIOD) ? now : windowEnd(now),
                0);
        apply(all -> begin(all.of(app), begun, survived));
        return begun;
    }

    /* The newest stamp that what survived without the clock tells of. */
    private static long told(Control control) {
        long newest =
                control.tags.values().stream().mapToLong(Long::longValue).max().orElse(0);
        String epoch = control.marksOf;
        return epoch == null ? newest : Math.max(newest, Long.parseLong(epoch.substring(0, epoch.indexOf('.'))));
    }

    private static void begin(Control control, Clock begun, boolean survived) {
        control.live.clear();
        control.acks.clear();
        control.told.clear();
        if (!survived) {
            control.marks.clear();
            control.tags.clear();
        }
        control.clock = begun;
        control.marksOf = begun.epoch();
        control.tagsThere = true;
        control.liveThere = true;
        control.acksThere = true;
    }

    private long windowEnd(long nowMicros) {
        return lapses.has(Guard.CLOCK_MARGIN) ? nowMicros + 1_000 * rules.windowMs() : rules.windowEndMicros(nowMicros);
    }

    /** invalidate.lua. */
    Invalidation invalidate(String app, List<Tag> tags, Mode mode, long holdOffMs, String waiter) {
        long now = nowMicros();
        Clock clock = clock(app, 0, false);
        String named = rules.acks() == Rules.Acks.WINDOW ? "" : waiter;
        long stamp = change(app, clock, tags, named, (tag, at) -> marked(app, tag, mode, at, now));
        if (watch != null) {
            watch.taken(this, tags, mode, stamp);
        }
        if (!named.isEmpty()) {
            apply(all -> all.of(app).told.add(named));
        }
        if (holdOffMs > 0) {
            Later later = new Later(now + 1_000 * holdOffMs, mode, List.copyOf(tags));
            apply(all -> all.of(app).later.add(later));
        }
        step();
        Map<String, Long> windows = new LinkedHashMap<>(state.of(app).live);
        windows.values().removeIf(end -> end <= now);
        return new Invalidation(clock.epoch(), stamp, now, clock.quiet(), windows, away(app, now));
    }

    private Set<String> away(String app, long now) {
        Set<String> away = new HashSet<>();
        Control control = state.of(app);
        control.away.forEach((replica, end) -> {
            if (end > now && control.live.getOrDefault(replica, 0L) <= now && !lapses.has(Guard.NAMED)) {
                away.add(replica);
            }
        });
        return away;
    }

    private Mark marked(String app, Tag tag, Mode mode, long stamp, long nowMicros) {
        return switch (mode) {
            case Mode.Hard hard -> Mark.hard(stamp);
            case Mode.Soft soft -> {
                Mark mark = Mark.soft(stamp, deadlineMs(nowMicros, soft.expireMs()));
                yield lapses.has(Guard.HARD_AND_SOFT_APART)
                        ? mark
                        : state.of(app).marks.getOrDefault(tag, Mark.NONE).merge(mark);
            }
        };
    }

    private static long deadlineMs(long nowMicros, long expireMs) {
        return expireMs >= Mark.NEVER / 4 ? Mark.NEVER : nowMicros / 1_000 + expireMs;
    }

    /* change() of marks.lua. */
    private long change(String app, Clock clock, List<Tag> tags, String waiter, BiFunction<Tag, Long, Mark> marked) {
        long stamp = Math.max(clock.last() + 1, nowMicros());
        Map<Tag, Mark> marks = new LinkedHashMap<>();
        tags.forEach(tag -> marks.put(tag, marked.apply(tag, stamp)));
        apply(all -> {
            Control control = all.of(app);
            control.marks.putAll(marks);
            marks.keySet().forEach(tag -> control.tags.put(tag, stamp));
            control.clock = clock.last(stamp);
        });
        forget(app);
        publish(app, new Change.Invalidated(clock.epoch(), clock.last(), stamp, marks, waiter));
        return stamp;
    }

    private void forget(String app) {
        Control control = state.of(app);
        int beyond = control.tags.size() - rules.marksMax();
        if (beyond <= 0) {
            return;
        }
        List<Tag> oldest = control.tags.entrySet().stream()
                .sorted(Map.Entry.comparingByValue())
                .limit(Math.min(beyond, FORGOTTEN_MAX))
                .map(Map.Entry::getKey)
                .toList();
        long floor = oldest.stream()
                .mapToLong(tag -> control.marks.getOrDefault(tag, Mark.NONE).newest())
                .max()
                .orElse(0);
        apply(all -> {
            Control at = all.of(app);
            oldest.forEach(at.tags::remove);
            oldest.forEach(at.marks::remove);
            Clock clock = at.clock;
            at.clock = clock.floor(Math.max(clock.floor(), floor));
        });
    }

    /** beat.lua. */
    Pulse beat(String app, Position position) {
        long now = nowMicros();
        clock(app, position.applied(), true);
        Control control = state.of(app);
        String replica = position.replica();
        long applied = position.epoch().equals(control.clock.epoch()) ? position.applied() : 0;
        for (Later due : control.later.stream()
                .filter(later -> later.atMicros() <= now)
                .limit(8)
                .toList()) {
            change(app, control.clock, due.tags(), "", (tag, stamp) -> marked(app, tag, due.mode(), stamp, now));
            apply(all -> all.of(app).later.remove(due));
        }
        long end = windowEnd(now);
        apply(all -> {
            all.of(app).live.put(replica, end);
            all.of(app).away.put(replica, now + 1_000 * rules.servedMsMax());
            all.of(app).acks.merge(replica, applied, Math::max);
        });
        Change.Echo echo = new Change.Echo(position.beat());
        subscribers.forEach(subscriber -> subscriber.hearOwn(app, replica, echo));
        Map<Tag, Mark> changed = new LinkedHashMap<>();
        long upTo = changed(control, applied, changed);
        long low = low(app);
        step();
        Clock clock = control.clock;
        return new Pulse(
                clock.epoch(), clock.last(), upTo, clock.floor(), clock.doubt(), clock.kept(), now, low, changed);
    }

    /* The tags that changed after a stamp, and the stamp up to which that is complete. */
    private long changed(Control control, long applied, Map<Tag, Mark> changed) {
        List<Map.Entry<Tag, Long>> later = control.tags.entrySet().stream()
                .filter(entry -> entry.getValue() > applied)
                .sorted(Map.Entry.<Tag, Long>comparingByValue()
                        .thenComparing(
                                Comparator.comparing(entry -> entry.getKey().text())))
                .toList();
        long upTo = 0;
        for (Map.Entry<Tag, Long> entry : later) {
            if (changed.size() >= page && entry.getValue() > upTo) {
                return upTo;
            }
            upTo = entry.getValue();
            changed.put(entry.getKey(), control.marks.getOrDefault(entry.getKey(), Mark.NONE));
        }
        return control.clock.last();
    }

    /* low.lua. */
    private long low(String app) {
        Control control = state.of(app);
        long now = nowMicros();
        List<String> ended = control.live.entrySet().stream()
                .filter(entry -> entry.getValue() <= now)
                .map(Map.Entry::getKey)
                .toList();
        if (!ended.isEmpty()) {
            apply(all -> {
                ended.forEach(all.of(app).live::remove);
                ended.forEach(all.of(app).acks::remove);
            });
        }
        long lowest =
                control.acks.values().stream().mapToLong(Long::longValue).min().orElse(0);
        if (control.clock != null && lowest > control.clock.low()) {
            apply(all -> all.of(app).clock = all.of(app).clock.low(lowest));
            Change risen = new Change.Acknowledged(control.clock.epoch(), lowest);
            if (control.told.size() > 1) {
                publish(app, risen);
            } else {
                control.told.forEach(one -> subscribers.forEach(subscriber -> subscriber.hearOwn(app, one, risen)));
            }
            if (lowest >= control.clock.last()) {
                apply(all -> all.of(app).told.clear());
            }
        }
        return lowest;
    }

    /** restore.lua. */
    boolean restore(String app, Restored given) {
        Clock clock = clock(app, 0, true);
        if (!clock.epoch().equals(given.epoch()) || clock.doubt() == 0) {
            step();
            return true;
        }
        Clock raised = clock.floor(Math.max(clock.floor(), given.floor()));
        apply(all -> all.of(app).clock = raised);
        if (!given.marks().isEmpty()) {
            Map<Tag, Mark> known = state.of(app).marks;
            change(
                    app,
                    raised,
                    List.copyOf(given.marks().keySet()),
                    "",
                    (tag, stamp) -> known.getOrDefault(tag, Mark.NONE)
                            .merge(given.marks().get(tag)));
        }
        if (given.whole()) {
            apply(all -> all.of(app).clock = all.of(app).clock.sure());
        }
        step();
        return given.whole();
    }

    /** PUBLISH, on the channels of those who wait: it changes nothing, and looks at nothing. */
    void acknowledge(String app, Position position, Set<String> waiters) {
        Change applied = new Change.Applied(position.replica(), position.epoch(), position.applied());
        waiters.forEach(one -> subscribers.forEach(subscriber -> subscriber.hearOwn(app, one, applied)));
    }

    Set<String> behind(String app, long stamp, Set<String> replicas) {
        Set<String> behind = new HashSet<>(replicas);
        behind.removeIf(replica -> state.of(app).acks.getOrDefault(replica, 0L) >= stamp);
        return behind;
    }

    Evidence evidence(String app, List<Tag> tags) {
        Control control = state.of(app);
        Map<Tag, Mark> marks = new LinkedHashMap<>();
        tags.forEach(tag -> marks.computeIfAbsent(tag, control.marks::get));
        Clock clock = control.clock;
        return clock == null ? new Evidence("", 0, marks) : new Evidence(clock.epoch(), clock.low(), marks);
    }

    void leave(String app, String replica) {
        apply(all -> {
            all.of(app).live.remove(replica);
            all.of(app).acks.remove(replica);
            all.of(app).away.remove(replica);
        });
        step();
    }
}
