package dev.freshet.sim;

import dev.freshet.gateway.Place;
import dev.freshet.store.Change;
import dev.freshet.tag.Tag;
import java.util.HashMap;
import java.util.Map;

/** A subscriber of one replica's changes, who must be told of each invalidation, or to begin anew. */
final class Listener {
    private final World world;
    private final Replica replica;
    private final Map<Tag, Long> told = new HashMap<>();
    private long subscribedAt = -1;
    private long from;
    private long resetAt = -1;
    private long lastStamp;

    Listener(World world, Replica replica) {
        this.world = world;
        this.replica = replica;
    }

    void subscribe() {
        world.at(
                world.now(),
                replica.http,
                () -> replica.gateway
                        .subscribe(Simulation.APP, Place.NONE, this::heard)
                        .onSuccess(subscription -> {
                            from = subscription.place().stamp();
                            subscribedAt = world.now();
                        })
                        .onFailure(failed -> world.in(World.ms(100), this::subscribe)));
    }

    private void heard(Change change) {
        world.tell(() -> "%s tells a subscriber %s".formatted(replica.name, change));
        switch (change) {
            case Change.Invalidated invalidated -> {
                boolean news = invalidated.marks().entrySet().stream()
                        .anyMatch(each -> each.getValue().newest() > told.getOrDefault(each.getKey(), 0L));
                if (news && invalidated.stamp() < lastStamp) {
                    world.violation("G7: %s tells a subscriber %d after %d"
                            .formatted(replica.name, invalidated.stamp(), lastStamp));
                }
                lastStamp = Math.max(lastStamp, invalidated.stamp());
                invalidated.marks().forEach((tag, mark) -> told.merge(tag, mark.newest(), Math::max));
            }
            case Change.Lost lost -> reset();
            case Change.NewEpoch epoch -> reset();
            default -> {}
        }
    }

    private void reset() {
        resetAt = world.now();
        lastStamp = 0;
    }

    /** At the end, when everything has been told that ever will be. */
    void check(Ledger ledger) {
        if (subscribedAt < 0 || !replica.isAlive()) {
            return;
        }
        for (Ledger.Taken taken : ledger.reliable()) {
            boolean concerns = taken.at() > subscribedAt && taken.stamp() > from;
            for (Tag tag : taken.tags()) {
                if (concerns && resetAt < taken.at() && told.getOrDefault(tag, 0L) < taken.stamp()) {
                    world.violation("G7: a subscriber of %s was never told of %d, nor to begin anew"
                            .formatted(replica.name, taken.stamp()));
                    return;
                }
            }
        }
    }
}
