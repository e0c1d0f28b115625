package dev.freshet.gateway;

import dev.freshet.gateway.Lookup.Source;
import dev.freshet.gateway.Settlements.Outcome;
import dev.freshet.lease.LeaseVerticle;
import dev.freshet.lease.Turn;
import dev.freshet.near.NearCache;
import dev.freshet.store.Mode;
import dev.freshet.store.Written;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What a replica counts. Every series exists from the start, so that a rate of zero is seen as one.
 *
 * <p>Of a description, here as elsewhere, the first sentence says what is counted, with each value of its label, and the rest what
 * to do about it. Operators read it in {@code /metrics} and in the table of operating.md, which is made of it.
 */
public final class Meters {
    private static final Duration[] SETTLE_BUCKETS = {
        Duration.ofMillis(1),
        Duration.ofMillis(2),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofMillis(2_500),
    };

    private final Counter near;
    private final Counter stored;
    private final Counter stale;
    private final Counter missed;
    private final Counter outage;
    private final Counter leads;
    private final Counter earlies;
    private final Counter follows;
    private final Counter collapsed;
    private final Counter writes;
    private final Counter writesOlder;
    private final Counter writesLeaseLost;
    private final Counter writesFull;
    private final Counter removals;
    private final Counter hard;
    private final Counter soft;
    private final Timer settle;
    private final Counter settledByAll;
    private final Counter settledByTime;
    private final Counter unsettled;
    private final Counter verified;
    private final Counter violations;

    /** Counts in {@code registry}, which shows the state of the parts too. */
    public Meters(
            MeterRegistry registry, NearCache nearCache, LeaseVerticle leases, InvalidationVerticle invalidations) {
        near = reads(registry, "near");
        stored = reads(registry, "store");
        stale = reads(registry, "stale");
        missed = reads(registry, "miss");
        outage = reads(registry, "outage");
        leads = leases(registry, "lead");
        earlies = leases(registry, "early");
        follows = leases(registry, "follow");
        collapsed = leases(registry, "collapsed");
        writes = writes(registry, "stored");
        writesOlder = writes(registry, "older");
        writesLeaseLost = writes(registry, "lease_lost");
        writesFull = writes(registry, "full");
        removals = Counter.builder("freshet.removals")
                .description("Entries removed by name")
                .register(registry);
        hard = invalidations(registry, "hard");
        soft = invalidations(registry, "soft");
        settle = Timer.builder("freshet.invalidation.settle")
                .description(
                        "From taking an invalidation to its being in force in every replica. Near coherence.window: a replica"
                                + " was killed, or is paused or cut off: runbook \"Invalidations are slow\"")
                .serviceLevelObjectives(SETTLE_BUCKETS)
                .register(registry);
        settledByAll = settled(registry, "all");
        settledByTime = settled(registry, "time");
        unsettled = settled(registry, "not_yet");
        verified = Counter.builder("freshet.coherence.verified")
                .description("Near hits that were held against Redis (coherence.verify)")
                .register(registry);
        violations = Counter.builder("freshet.coherence.violations")
                .description("Near hits, of those that were held against Redis, that an acknowledged invalidation had"
                        + " ended: always 0. Any: a fault of Freshet: runbook \"An answer was stale\"")
                .register(registry);
        show(registry, nearCache);
        show(registry, leases);
        show(registry, invalidations);
    }

    private static void show(MeterRegistry registry, NearCache nearCache) {
        gauge(
                registry,
                "freshet.near.bytes",
                "Bytes of near copies. At freshet_near_bytes_limit, with many reads from the `store`: raise near.bytes",
                nearCache,
                NearCache::bytes);
        gauge(
                registry,
                "freshet.near.bytes.limit",
                "The most bytes of near copies (near.bytes)",
                nearCache,
                NearCache::bytesMax);
        gauge(registry, "freshet.near.entries", "Near copies", nearCache, NearCache::size);
    }

    private static void show(MeterRegistry registry, LeaseVerticle leases) {
        gauge(
                registry,
                "freshet.lease.waiters",
                "Callers that wait for a leader now. Near lease.waiters-max: pages compute slowly",
                leases,
                LeaseVerticle::waiters);
        FunctionCounter.builder("freshet.lease.superseded", leases, LeaseVerticle::superseded)
                .description("Leases that were taken from a leader because what it computed had been ended meanwhile."
                        + " Many: tags are invalidated faster than their pages are computed")
                .register(registry);
        for (LeaseVerticle.Limit limit : LeaseVerticle.Limit.values()) {
            FunctionCounter.builder("freshet.lease.exceeded", leases, all -> all.exceeded(limit))
                    .description("Callers that could not wait because of lease.waiters-max (`waiters`),"
                            + " lease.waiters-per-key-max (`waiters_per_key`) or lease.keys-max (`keys`). Any: raise that"
                            + " limit, or find what computes so slowly")
                    .tag("limit", limit.name().toLowerCase(Locale.ROOT))
                    .register(registry);
        }
    }

    private static void show(MeterRegistry registry, InvalidationVerticle invalidations) {
        gauge(
                registry,
                "freshet.invalidations.waiting",
                "Invalidations that wait here because Redis does not take them: no other replica knows of them."
                        + " Redis does not answer: runbook \"The store is down\"",
                invalidations.queued(),
                Backlog.Bound::waiting);
        queued(registry, invalidations, "replayed", Backlog.Bound::replayed);
        queued(registry, invalidations, "refused", Backlog.Bound::refused);
        gauge(
                registry,
                "freshet.apps",
                "Apps that this replica serves. Near limits.apps: raise it, or find who invents names",
                invalidations,
                all -> all.apps().size());
        gauge(
                registry,
                "freshet.coherent",
                "Apps whose coherence window is open. Below freshet_apps for seconds: Redis does not answer: runbook"
                        + " \"The store is down\"",
                invalidations,
                all -> all.apps().stream().filter(Coherence::isCoherent).count());
        gauge(
                registry,
                "freshet.outage",
                "Apps that are served past their window because Redis does not answer. Any: look at Redis: runbook"
                        + " \"The store is down\"",
                invalidations,
                all -> all.apps().stream().filter(Coherence::isOutage).count());
    }

    private static Counter reads(MeterRegistry registry, String result) {
        return counter(
                registry,
                "freshet.reads",
                "Entries read: `near` and `store` fresh from there, `stale`, `miss`, and `outage` near copies while Redis"
                        + " does not answer. Many `store`: raise near.bytes; many `miss`: longer lifetimes, fewer"
                        + " invalidations",
                "result",
                result);
    }

    private static Counter leases(MeterRegistry registry, String outcome) {
        return counter(
                registry,
                "freshet.leases",
                "Readers who would refresh an entry: `lead`, `early` who lead before it is stale, `follow`, and `collapsed`"
                        + " who waited and got the leader's value. Many `follow`: let clients wait longer",
                "outcome",
                outcome);
    }

    private static Counter writes(MeterRegistry registry, String result) {
        return counter(
                registry,
                "freshet.writes",
                "Entries written: `stored`, refused as `older`, refused as `lease_lost`, or refused by a `full` Redis."
                        + " Many `lease_lost`: raise lease.ttl, if not as many are superseded; any `full`: more maxmemory, or volatile-lru",
                "result",
                result);
    }

    private static Counter invalidations(MeterRegistry registry, String mode) {
        return counter(
                registry,
                "freshet.invalidations",
                "Invalidations taken, `hard` and `soft`. A `hard` rate near that of writes: the cache cannot help",
                "mode",
                mode);
    }

    private static Counter settled(MeterRegistry registry, String outcome) {
        return counter(
                registry,
                "freshet.invalidations.settled",
                "Invalidations whose caller waited: in force because `all` replicas applied them, by `time` because the"
                        + " windows of the others ended, or `not_yet` when it was answered. Many `time`: a replica was"
                        + " killed, is paused or cut off; many `not_yet`: Redis does not answer",
                "outcome",
                outcome);
    }

    private static void queued(
            MeterRegistry registry, InvalidationVerticle invalidations, String outcome, Reading<Backlog.Bound> count) {
        FunctionCounter.builder("freshet.invalidations.queued", invalidations.queued(), all -> count.of(all))
                .description(
                        "Invalidations that were to wait: `replayed`, which Redis has taken later, and `refused`, for"
                                + " which there was no room. Many `refused`: raise limits.queued-tags, or have clients try again")
                .tag("outcome", outcome)
                .register(registry);
    }

    private static Counter counter(MeterRegistry registry, String name, String what, String label, String value) {
        return Counter.builder(name).description(what).tag(label, value).register(registry);
    }

    private interface Reading<T> {
        long of(T part);
    }

    private static <T> void gauge(MeterRegistry registry, String name, String what, T part, Reading<T> reading) {
        Gauge.builder(name, part, shown -> reading.of(shown))
                .description(what)
                .strongReference(true)
                .register(registry);
    }

    /** Counts a near hit, as {@link #read} does. */
    void nearHit() {
        near.increment();
    }

    /** Counts a read by what it found, and by whether its caller leads, follows or was spared both. */
    void read(Lookup lookup) {
        switch (lookup) {
            case Lookup.Fresh fresh -> {
                of(fresh.source()).increment();
                turn(Optional.empty(), fresh.collapsed());
            }
            case Lookup.Early elected -> {
                of(elected.source()).increment();
                earlies.increment();
            }
            case Lookup.Stale old -> {
                (old.source() == Source.OUTAGE ? outage : stale).increment();
                turn(old.turn(), old.collapsed());
            }
            case Lookup.Miss miss -> {
                missed.increment();
                turn(miss.turn(), miss.collapsed());
            }
        }
    }

    private Counter of(Source source) {
        return switch (source) {
            case NEAR -> near;
            case STORE -> stored;
            case OUTAGE -> outage;
        };
    }

    private void turn(Optional<Turn> turn, boolean waited) {
        if (turn.isEmpty()) {
            if (waited) {
                collapsed.increment();
            }
        } else if (turn.get() instanceof Turn.Lead) {
            leads.increment();
        } else {
            follows.increment();
        }
    }

    void written(Written written) {
        switch (written) {
            case Written.Stored there -> writes.increment();
            case Written.Older refused -> writesOlder.increment();
            case Written.LeaseLost refused -> writesLeaseLost.increment();
            case Written.Full refused -> writesFull.increment();
        }
    }

    void removed(boolean removed) {
        if (removed) {
            removals.increment();
        }
    }

    void invalidated(Mode mode) {
        switch (mode) {
            case Mode.Hard now -> hard.increment();
            case Mode.Soft later -> soft.increment();
        }
    }

    void settled(Outcome outcome, long nanos) {
        switch (outcome) {
            case BY_ALL -> settledByAll.increment();
            case BY_TIME -> settledByTime.increment();
            case NOT_YET -> unsettled.increment();
        }
        if (outcome != Outcome.NOT_YET) {
            settle.record(nanos, TimeUnit.NANOSECONDS);
        }
    }

    void verified(boolean violation) {
        verified.increment();
        if (violation) {
            violations.increment();
        }
    }
}
