package dev.freshet.sim;

import dev.freshet.gateway.Place;
import dev.freshet.gateway.Subscription;
import dev.freshet.store.Change;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import java.util.HashMap;
import java.util.Map;

/** A subscriber of one replica's changes, who must be told of each invalidation, or to begin anew. */
final class Listener {
    private final World world;
    private final Replica replica;
    private final Map<Tag, Long> told = new HashMap<>();
    private Place place = Place.NONE;
    private long subscribedAt = -1;
    private long from;
    private long resetAt = -1;
    private long lastStamp;
    private boolean away;

    Listener(World world, Replica replica) {
        this.world = world;
        this.replica = replica;
    }

    void subscribe() {
        world.at(
                world.now(),
                replica.http,
                () -> replica.gateway
                        .subscribe(Simulation.APP, place, this::heard)
                        .onSuccess(this::subscribed)
                        .onFailure(failed -> world.in(World.ms(100), this::subscribe)));
    }

    /* Once it goes away and comes back, to be told what it missed, or to begin anew. */
    private void subscribed(Subscription subscription) {
        if (subscribedAt < 0) {
            subscribedAt = world.now();
            from = subscription.place().stamp();
            world.in(
                    world.betweenMs(200, 3_000),
                    () -> world.at(world.now(), replica.http, () -> {
                        subscription.end().run();
                        away = true;
                        world.in(world.betweenMs(1, 500), this::subscribe);
                    }));
        } else if (subscription.replay() != Subscription.Replay.WHOLE) {
            reset();
        }
        away = false;
        take(subscription.missed());
        place = subscription.place();
        lastStamp = Math.max(lastStamp, place.stamp());
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
                place = new Place(invalidated.epoch(), lastStamp);
                take(invalidated.marks());
            }
            case Change.Lost lost -> reset();
            case Change.NewEpoch begun -> reset();
            default -> {}
        }
    }

    private void take(Map<Tag, Mark> marks) {
        marks.forEach((tag, mark) -> told.merge(tag, mark.newest(), Math::max));
    }

    private void reset() {
        resetAt = world.now();
        lastStamp = 0;
    }

    /** At the end, when everything has been told that ever will be. */
    void check(Ledger ledger) {
        if (subscribedAt < 0 || away || !replica.isAlive()) {
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
