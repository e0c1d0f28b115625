package dev.freshet.sim;

import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Ticket;
import dev.freshet.gateway.Lookup;
import dev.freshet.gateway.Lookup.Source;
import dev.freshet.gateway.Settled;
import dev.freshet.store.Mode;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is true in a run, and whether what the replicas answer may be. The checker. */
final class Ledger {
    private final World world;
    private final Site site;
    private final long deadlineSlackMs;
    private final long servedNanosMax;
    private final Map<Tag, List<Ended>> acknowledged = new HashMap<>();
    private final List<Taken> taken = new ArrayList<>();
    private final List<Computation> computations = new ArrayList<>();
    private final Set<String> leaders = new HashSet<>();
    private final Map<Written, Long> replacedAt = new HashMap<>();

    long reads;
    long nearReads;
    long acks;
    long waits;
    long outages;

    /** An invalidation that was acknowledged: data that was read before it was called is old. */
    private record Ended(
            long ackedAt, long calledAt, boolean hard, long deadlineMs, long stamp, Set<String> unacknowledged) {}

    /** An invalidation as a master took it. */
    record Taken(RedisNode by, List<Tag> tags, Mode mode, long stamp, long at, long timeMicros) {}

    /** A write of a key. */
    private record Written(Key key, long revision) {}

    /** Something computed for an entry. */
    private record Computation(long readAt, @Nullable String token) {}

    /**
     * An empty one.
     *
     * @param deadlineSlackMs what the clock of a replica may be wrong by when it weighs a deadline
     * @param servedNanosMax how long a replica may serve from the sending of its last beat
     */
    Ledger(World world, Site site, long deadlineSlackMs, long servedNanosMax) {
        this.world = world;
        this.site = site;
        this.deadlineSlackMs = deadlineSlackMs;
        this.servedNanosMax = servedNanosMax;
    }

    /** Follows what a master does. */
    void watch(RedisNode node) {
        node.watch(new RedisNode.Watch() {
            @Override
            public void stored(
                    RedisNode by,
                    Key key,
                    Draft draft,
                    Ticket ticket,
                    RedisState.@Nullable Stored before,
                    RedisState.@Nullable Lease lease) {
                Ledger.this.stored(by, key, draft, ticket, before, lease);
            }

            @Override
            public void taken(RedisNode by, List<Tag> tags, Mode mode, long stamp) {
                world.tell(() -> "taken: %s %s as %d by %s".formatted(mode, tags, stamp, by.master()));
                taken.add(new Taken(by, tags, mode, stamp, world.now(), by.nowMicros()));
            }
        });
    }

    /** A value computed from data that was read at a time; answers what the value says of itself. */
    String computed(long readAt, @Nullable String token) {
        computations.add(new Computation(readAt, token));
        return Integer.toString(computations.size() - 1);
    }

    private Computation of(String attributes) {
        return computations.get(Integer.parseInt(attributes));
    }

    private void stored(
            RedisNode by,
            Key key,
            Draft draft,
            Ticket ticket,
            RedisState.@Nullable Stored before,
            RedisState.@Nullable Lease lease) {
        String token = of(draft.attributes()).token;
        world.tell(() -> "stored: %s computation %s as of %s".formatted(name(key), draft.attributes(), ticket));
        if (token != null && (lease == null || !lease.token().equals(token))) {
            world.violation("G3: a leader without the lease of %s has written".formatted(name(key)));
        }
        if (before != null) {
            if (by.equals(site.master())) {
                replacedAt.put(new Written(key, before.entry().revision()), world.now());
            }
            if (before.ticket().isNewerThan(ticket)) {
                world.violation("G2: an older computation of %s has replaced a newer one".formatted(name(key)));
            }
        }
    }

    /** When the master took an invalidation; null if that is not known. */
    @Nullable
    Taken taken(long stamp) {
        for (int i = taken.size() - 1; i >= 0; i--) {
            if (taken.get(i).stamp == stamp) {
                return taken.get(i);
            }
        }
        return null;
    }

    /** An invalidation is in force everywhere. */
    void acknowledged(List<Tag> tags, Mode mode, long calledAt, Settled settled) {
        acks++;
        Taken one = taken(settled.stamp());
        long deadlineMs = mode instanceof Mode.Soft soft && one != null && soft.expireMs() < Mark.NEVER / 4
                ? one.timeMicros / 1_000 + soft.expireMs()
                : Mark.NEVER;
        Ended ended = new Ended(
                world.now(), calledAt, mode instanceof Mode.Hard, deadlineMs, settled.stamp(), settled.behind());
        tags.forEach(tag ->
                acknowledged.computeIfAbsent(tag, none -> new ArrayList<>()).add(ended));
    }

    /** What was overwritten may be back. */
    void lost() {
        replacedAt.clear();
    }

    /** Somebody was told to lead. */
    void leads(Key key, String token) {
        if (!leaders.add(token)) {
            world.violation("G3: two were told to lead by one lease of " + name(key));
        }
    }

    /** A read was answered. */
    void answered(Replica by, Key key, List<Tag> softTags, long startedAt, Lookup found) {
        reads++;
        switch (found) {
            case Lookup.Fresh fresh -> {
                nearReads += fresh.source() == Source.NEAR ? 1 : 0;
                outages += fresh.source() == Source.OUTAGE ? 1 : 0;
                weigh(by, key, fresh.entry(), fresh.source(), softTags, startedAt, true);
            }
            case Lookup.Early early -> weigh(by, key, early.entry(), early.source(), softTags, startedAt, true);
            case Lookup.Stale stale -> weigh(by, key, stale.entry(), stale.source(), softTags, startedAt, false);
            case Lookup.Miss miss -> {}
        }
    }

    private void weigh(
            Replica by, Key key, Entry entry, Source source, List<Tag> softTags, long startedAt, boolean fresh) {
        if (!entry.key().equals(key)) {
            world.violation("G4: another key's entry");
        }
        long readAt = of(entry.attributes()).readAt;
        for (Tag tag : entry.tags()) {
            weigh(by, entry, source, tag, readAt, startedAt, fresh);
        }
        for (Tag tag : softTags) {
            weigh(by, entry, source, tag, readAt, startedAt, fresh);
        }
    }

    private void weigh(Replica by, Entry entry, Source source, Tag tag, long readAt, long startedAt, boolean fresh) {
        List<Ended> all = acknowledged.get(tag);
        if (all == null) {
            return;
        }
        for (int i = all.size() - 1; i >= 0; i--) {
            Ended ended = all.get(i);
            if (ended.ackedAt >= startedAt || ended.calledAt <= readAt || isExcused(by, source, ended)) {
                continue;
            }
            boolean over = ended.hard
                    || site.slowestMs() - (world.now() - startedAt) / 1_000_000 - deadlineSlackMs > ended.deadlineMs;
            if (fresh || over) {
                world.violation(
                        "G1: %s answers %s (computation %s, as of %d) %s in a read that began at %.6f, after %s of %s, called at %.6f as %d, was acknowledged at %.6f"
                                .formatted(
                                        by.name,
                                        name(entry.key()),
                                        entry.attributes(),
                                        entry.asOf(),
                                        fresh ? "as fresh" : "as stale",
                                        startedAt / 1e9,
                                        ended.hard
                                                ? "a hard invalidation"
                                                : over ? "the deadline of a soft invalidation" : "a soft invalidation",
                                        tag,
                                        ended.calledAt / 1e9,
                                        ended.stamp,
                                        ended.ackedAt / 1e9));
                return;
            }
        }
    }

    /* In an outage, who acknowledged has named it; but a Redis that has lost its data, who may still be serving. */
    private boolean isExcused(Replica by, Source source, Ended ended) {
        return source == Source.OUTAGE
                && (ended.unacknowledged.contains(by.name) || site.lossAt() > ended.calledAt - servedNanosMax);
    }

    /** A near copy was served: it may have been overwritten since a time, but not before. */
    void overwritten(Replica by, Entry entry, long longAgo) {
        Long at = replacedAt.get(new Written(entry.key(), entry.revision()));
        if (at != null && at < longAgo) {
            world.violation("echo: %s serves computation %s of %s, overwritten at %.6f"
                    .formatted(by.name, entry.attributes(), name(entry.key()), at / 1e9));
        }
    }

    /** Every invalidation that anybody may rely on: it was acknowledged, or the master of now has it. */
    List<Taken> reliable() {
        Set<Long> stamps = new HashSet<>();
        acknowledged.values().forEach(all -> all.forEach(ended -> stamps.add(ended.stamp)));
        return taken.stream()
                .filter(one -> one.by.equals(site.master()) || stamps.contains(one.stamp))
                .toList();
    }

    static String name(Key key) {
        return "key " + Simulation.KEYS.indexOf(key);
    }
}
