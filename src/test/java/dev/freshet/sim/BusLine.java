package dev.freshet.sim;

import dev.freshet.store.Change;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One replica's connection for the bus: in order, until it breaks, falls silent, or worse. Found again when it is lost. */
final class BusLine implements RedisNode.Subscriber {
    private final World world;
    private final Wire wire;
    private final Loop loop;
    private final String replica;
    private @Nullable Consumer<Change> heard;
    private @Nullable RedisNode node;
    private long generation;
    private long lastAt;
    private long troubledAt = Long.MIN_VALUE;
    private boolean live;
    private boolean silent;

    BusLine(World world, Wire wire, Loop loop, String replica) {
        this.world = world;
        this.wire = wire;
        this.loop = loop;
        this.replica = replica;
    }

    Loop loop() {
        return loop;
    }

    /** Whether it has told everything that was said since then, and still does. */
    boolean heardSince(long nanos) {
        return live && !silent && troubledAt < nanos && !wire.network.busCut && !wire.network.cut;
    }

    void listen(Consumer<Change> whoHears) {
        heard = whoHears;
        connect(0);
    }

    /** What is said from now on is not heard, and nobody says so. */
    void deafen() {
        silent = true;
        troubledAt = world.now();
    }

    /** Something has gone wrong that nobody says. */
    void troubled() {
        troubledAt = world.now();
    }

    /** The connection ends. */
    void broken() {
        RedisNode old = node;
        if (old != null) {
            old.unsubscribe(this);
        }
        if (heard == null) {
            return;
        }
        // What is on its way arrives up to some moment; then the end of the connection is noticed.
        long noticedAt = Math.max(lastAt, world.now() + world.between(10_000, World.ms(20)));
        if (world.oneIn(2)) {
            generation++;
            noticedAt = world.now() + world.between(10_000, World.ms(5));
        }
        node = null;
        silent = true;
        troubledAt = world.now();
        long of = generation;
        lastAt = noticedAt;
        world.at(noticedAt, loop, () -> {
            if (generation == of) {
                lost();
            }
        });
    }

    /** Its user gives it up, and wants another. */
    void anew() {
        world.tell(() -> replica + " connects its bus anew");
        if (node != null) {
            node.unsubscribe(this);
        }
        lost();
    }

    private void lost() {
        troubledAt = world.now();
        generation++;
        node = null;
        if (live) {
            live = false;
            tell(new Change.Lost());
        }
        connect(world.between(World.ms(5), World.ms(100)));
    }

    private void connect(long afterNanos) {
        long of = ++generation;
        world.in(afterNanos + wire.delay(), () -> {
            if (generation != of) {
                return;
            }
            RedisNode found = wire.node();
            if (found == null || wire.network.cut || wire.network.busCut || wire.network.refused) {
                connect(world.between(World.ms(50), World.ms(200)));
                return;
            }
            node = found;
            silent = false;
            found.subscribe(this);
            lastAt = world.now() + wire.delay();
            world.at(lastAt, loop, () -> {
                if (generation == of) {
                    live = true;
                    troubledAt = world.now();
                    tell(new Change.Live());
                }
            });
        });
    }

    @Override
    public void hear(String app, Change change) {
        Network network = wire.network;
        if (silent || network.cut || network.busCut) {
            return;
        }
        if (world.oneIn(network.lostOneIn)) {
            return;
        }
        boolean late = world.oneIn(network.lateOneIn);
        long at = late ? world.now() + world.betweenMs(1, 400) : Math.max(lastAt, world.now() + wire.delay());
        lastAt = late ? lastAt : at;
        deliver(change, at);
        if (world.oneIn(network.twiceOneIn)) {
            deliver(change, world.now() + world.betweenMs(1, 400));
        }
    }

    @Override
    public void hearOwn(String app, String of, Change change) {
        if (of.equals(replica)) {
            hear(app, change);
        }
    }

    private void deliver(Change change, long at) {
        long of = generation;
        world.at(at, loop, () -> {
            if (generation == of) {
                tell(change);
            }
        });
    }

    private void tell(Change change) {
        if (heard != null) {
            heard.accept(change);
        }
    }
}
