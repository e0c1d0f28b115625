package dev.freshet.sim;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.gateway.Ask;
import dev.freshet.gateway.Lookup;
import dev.freshet.gateway.Settled;
import dev.freshet.gateway.Wish;
import dev.freshet.lease.Turn;
import dev.freshet.store.Mode;
import dev.freshet.tag.Tag;
import io.vertx.core.AsyncResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Those who read, compute, write and invalidate, through whichever replica lives. */
final class Clients {
    /** How late an answer may be when nothing is wrong. */
    private static final long PROMPT_NANOS = World.ms(60);

    /** Leases that another master granted may end earlier by the clock of this one. */
    private static final long LEASE_NANOS_MAX = World.ms(Simulation.LEASE_MS_MAX);

    private final World world;
    private final Site site;
    private final Ledger ledger;
    private final Faults faults;
    private final List<Replica> replicas;
    private final Simulation.Times times;
    private int asked;
    private int answered;

    Clients(World world, Site site, Ledger ledger, Faults faults, List<Replica> replicas, Simulation.Times times) {
        this.world = world;
        this.site = site;
        this.ledger = ledger;
        this.faults = faults;
        this.replicas = replicas;
        this.times = times;
    }

    /** Begins, and goes on until a time. */
    void start(long untilNanos) {
        every(World.ms(15), untilNanos, this::readSomething);
        every(World.ms(220), untilNanos, this::invalidateSomething);
        every(World.ms(400), untilNanos, this::overwriteSomething);
        every(World.ms(900), untilNanos, this::removeSomething);
    }

    private void every(long aboutNanos, long untilNanos, Runnable what) {
        world.in(world.between(0, 2 * aboutNanos), () -> {
            if (world.now() < untilNanos) {
                what.run();
                every(aboutNanos, untilNanos, what);
            }
        });
    }

    private @Nullable Replica anyone() {
        List<Replica> living = replicas.stream().filter(Replica::isAlive).toList();
        return living.isEmpty() ? null : world.any(living);
    }

    private void on(@Nullable Replica replica, Runnable work) {
        if (replica != null) {
            world.at(world.now(), replica.http, work);
        }
    }

    private void readSomething() {
        Key key = world.any(Simulation.KEYS);
        boolean lease = !world.oneIn(4);
        long waitMs = lease && world.oneIn(2) ? world.below(700) : 0;
        List<Tag> softTags = world.oneIn(8) ? List.of(world.any(Simulation.TAGS)) : List.of();
        Ask ask = new Ask(softTags, lease, waitMs, world.oneIn(3));
        int crowd = lease && world.oneIn(6) ? 4 : 1;
        for (int i = 0; i < crowd; i++) {
            Replica replica = anyone();
            on(replica, () -> read(replica, key, ask));
        }
    }

    private void read(Replica replica, Key key, Ask ask) {
        long startedAt = world.now();
        asked++;
        replica.gateway.get(key, ask).onComplete(told -> {
            answered++;
            if (!replica.isAlive()) {
                return;
            }
            if (ask.waitMs() > 0) {
                onTime(replica, key, ask, startedAt, told);
            }
            if (told.succeeded()) {
                world.tell(() -> "%s reads %s since %.6f: %s"
                        .formatted(replica.name, Ledger.name(key), startedAt / 1e9, text(told.result())));
                ledger.answered(replica, key, ask.softTags(), startedAt, told.result());
                overwritten(replica, startedAt, told.result());
                react(replica, key, ask, told.result());
            } else {
                world.tell(() -> "%s reads %s since %.6f: %s"
                        .formatted(
                                replica.name,
                                Ledger.name(key),
                                startedAt / 1e9,
                                told.cause().getMessage()));
                faults.failed(replica, startedAt, "a read", told.cause());
            }
        });
    }

    private static String text(Lookup found) {
        return switch (found) {
            case Lookup.Fresh fresh ->
                "fresh %s from %s as of %d"
                        .formatted(
                                fresh.entry().attributes(),
                                fresh.source(),
                                fresh.entry().asOf());
            case Lookup.Early early -> "early %s %s".formatted(early.entry().attributes(), early.turn());
            case Lookup.Stale stale ->
                "stale %s from %s as of %d %s"
                        .formatted(
                                stale.entry().attributes(),
                                stale.source(),
                                stale.entry().asOf(),
                                stale.turn().map(Object::toString).orElse(""));
            case Lookup.Miss miss -> "miss " + miss.turn().map(Object::toString).orElse("");
        };
    }

    /* Every waiter is answered by its deadline, and none waits for a lease that nobody holds. */
    private void onTime(Replica replica, Key key, Ask ask, long startedAt, AsyncResult<Lookup> told) {
        ledger.waits++;
        long waited = world.now() - startedAt;
        boolean calm = faults.calmSince(replica, startedAt - PROMPT_NANOS);
        long over = waited - World.ms(ask.waitMs());
        if (calm && over > PROMPT_NANOS) {
            world.violation("wake-up: %s answers a waiter of %s %.1f ms after its deadline"
                    .formatted(replica.name, Ledger.name(key), over / 1e6));
        }
        boolean follows = told.succeeded() && turn(told.result()).orElse(null) instanceof Turn.Follow;
        long freeNanos = 1_000 * site.master().freeForMicros(key);
        if (follows
                && over >= 0
                && Math.min(freeNanos, waited) > PROMPT_NANOS
                && replica.wire.bus().heardSince(startedAt)
                && site.lossAt() < startedAt - LEASE_NANOS_MAX
                && faults.calmSince(replica, world.now() - Math.min(freeNanos, waited) - PROMPT_NANOS)) {
            world.violation("wake-up: %s let a waiter of %s wait, though nobody has led for %.1f ms"
                    .formatted(replica.name, Ledger.name(key), freeNanos / 1e6));
        }
    }

    private static Optional<Turn> turn(Lookup found) {
        return switch (found) {
            case Lookup.Fresh fresh -> Optional.empty();
            case Lookup.Early early -> Optional.of(early.turn());
            case Lookup.Stale stale -> stale.turn();
            case Lookup.Miss miss -> miss.turn();
        };
    }

    /* What was overwritten is served for two beats more at most, and what it takes to be told so. */
    private void overwritten(Replica replica, long startedAt, Lookup found) {
        if (found instanceof Lookup.Fresh fresh && fresh.source() == Lookup.Source.NEAR) {
            long longAgo = startedAt - 3 * World.ms(times.beatMs()) - World.ms(2 * 50);
            if (faults.echoesSince(replica, longAgo)) {
                ledger.overwritten(replica, fresh.entry(), longAgo);
            }
        }
    }

    private void react(Replica replica, Key key, Ask ask, Lookup found) {
        Ticket ticket = switch (found) {
            case Lookup.Fresh fresh -> null;
            case Lookup.Early early -> early.ticket();
            case Lookup.Stale stale -> stale.ticket();
            case Lookup.Miss miss -> miss.ticket();
        };
        if (ticket == null) {
            return;
        }
        if (turn(found).orElse(null) instanceof Turn.Lead lead) {
            ledger.leads(key, lead.token());
            compute(replica, key, ticket, lead.token());
        } else if (found instanceof Lookup.Miss && !ask.lease() && world.oneIn(2)) {
            compute(replica, key, ticket, null);
        }
    }

    /* Reads the origin at some moment, and writes at a later one, or never. */
    private void compute(Replica replica, Key key, Ticket ticket, @Nullable String token) {
        long takes = world.oneIn(8) ? world.betweenMs(100, 2_500) : world.betweenMs(1, 120);
        long readAt = world.now() + world.between(0, takes);
        boolean fails = token != null && world.oneIn(12);
        boolean dies = world.oneIn(25);
        if (world.oneIn(3)) {
            for (int i = 0; i < 2; i++) {
                world.in(Math.max(0, takes - world.between(0, 1_500_000)), () -> {
                    Replica follower = anyone();
                    on(follower, () -> read(follower, key, new Ask(List.of(), true, 100 + world.below(300), true)));
                });
            }
        }
        world.in(takes, () -> {
            Replica by = replica.isAlive() && !world.oneIn(5) ? replica : anyone();
            if (fails) {
                on(by, () -> by.gateway.release(key, token));
            } else if (!dies) {
                String says = ledger.computed(readAt, token);
                on(by, () -> by.gateway.put(key, draft(key, Optional.of(ticket), Optional.ofNullable(token), says)));
            }
        });
    }

    private Draft draft(Key key, Optional<Ticket> ticket, Optional<String> token, String says) {
        Lifetime lifetime = world.oneIn(3) ? new Lifetime(world.below(900), 60_000) : Lifetime.UNLIMITED;
        return new Draft(Simulation.tagsOf(key), lifetime, 0, ticket, token, Draft.OCTETS, says, Body.EMPTY);
    }

    /* A write without a lease, by whoever was given a ticket before. */
    private void overwriteSomething() {
        Key key = world.any(Simulation.KEYS);
        Replica replica = anyone();
        on(
                replica,
                () -> replica.gateway
                        .clock(Simulation.APP)
                        .onSuccess(app -> compute(replica, key, app.ticket(), null)));
    }

    private void removeSomething() {
        Key key = world.any(Simulation.KEYS);
        Replica replica = anyone();
        on(replica, () -> replica.gateway.delete(key));
    }

    private void invalidateSomething() {
        List<Tag> tags = new ArrayList<>(List.of(world.any(Simulation.TAGS)));
        if (world.oneIn(3)) {
            tags.add(world.any(Simulation.TAGS));
        }
        Mode mode = switch (world.below(5)) {
            case 0, 1, 2 -> new Mode.Hard();
            case 3 -> new Mode.Soft(world.below(1_200));
            default -> new Mode.Soft(Lifetime.NEVER);
        };
        long holdOffMs = world.oneIn(15) ? 1 + world.below(500) : 0;
        long waitMs = world.oneIn(12) ? world.below(300) : Wish.WAIT;
        Replica replica = anyone();
        on(replica, () -> invalidate(replica, new Wish(tags, mode, holdOffMs, waitMs)));
    }

    /* The data is changed at the moment of the call: whatever was read before is old. */
    private void invalidate(Replica replica, Wish wish) {
        long calledAt = world.now();
        asked++;
        world.tell(() -> "%s is called to invalidate %s".formatted(replica.name, wish));
        replica.gateway.invalidate(Simulation.APP, wish).onComplete(told -> {
            answered++;
            if (!replica.isAlive()) {
                return;
            }
            world.tell(() -> "%s has invalidated %s since %.6f: %s"
                    .formatted(
                            replica.name,
                            wish.tags(),
                            calledAt / 1e9,
                            told.succeeded() ? told.result() : told.cause().getMessage()));
            if (told.failed()) {
                faults.failed(replica, calledAt, "an invalidation", told.cause());
            } else if (told.result().everywhere()) {
                ledger.acknowledged(wish.tags(), wish.mode(), calledAt, told.result());
                settledInTime(replica, told.result(), calledAt);
                probe(wish.tags());
            } else if (wish.waitMs() == Wish.WAIT && faults.calmSince(replica, calledAt)) {
                world.violation("acknowledgement: %s was called at %.6f and gives up, though nothing is wrong"
                        .formatted(replica.name, calledAt / 1e9));
            }
        });
    }

    /* One window and 50 ms after it was taken, whoever is dead; the window as Redis believes in it. */
    private void settledInTime(Replica replica, Settled settled, long calledAt) {
        Ledger.Taken taken = ledger.taken(settled.stamp());
        if (taken == null || !faults.calmSince(replica, calledAt)) {
            return;
        }
        long most = World.ms(times.believedMs() * 102 / 100 + 30);
        if (world.now() - taken.at() > most) {
            world.violation("acknowledgement: %s was told after %.1f ms, which is more than %.1f"
                    .formatted(replica.name, (world.now() - taken.at()) / 1e6, most / 1e6));
        }
    }

    /* Whoever was told that it is over looks at once, everywhere, and a little later again. */
    private void probe(List<Tag> tags) {
        List<Key> keys = Simulation.KEYS.stream()
                .filter(key -> Simulation.tagsOf(key).stream().anyMatch(tags::contains))
                .toList();
        for (Replica replica : replicas) {
            if (replica.isAlive()) {
                for (Key key : keys) {
                    world.in(1, () -> on(replica, () -> read(replica, key, Ask.PLAIN)));
                }
                Key key = world.any(keys);
                world.in(world.between(1_000, World.ms(25)), () -> on(replica, () -> read(replica, key, Ask.PLAIN)));
            }
        }
    }

    /** With nothing wrong any more: each replica reads, and each invalidates. */
    void finish() {
        for (Replica replica : replicas) {
            if (replica.isAlive()) {
                Simulation.KEYS.forEach(key ->
                        on(replica, () -> read(replica, key, new Ask(List.of(), true, 0, false))));
                on(replica, () -> invalidate(replica, new Wish(Simulation.TAGS, new Mode.Hard(), 0, Wish.WAIT)));
            }
        }
    }

    /** Whether everybody was answered who asked a replica that lives. */
    boolean allAnswered() {
        return answered == asked;
    }
}
