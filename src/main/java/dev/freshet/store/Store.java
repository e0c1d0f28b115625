package dev.freshet.store;

import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Ticket;
import dev.freshet.lease.Claims;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What the whole fleet shares: entries, leases, and the order of invalidations. It returns facts and keeps
 * invariants; what is fresh is judged elsewhere. Every method is one atomic step, may be called from any event loop, is told on that
 * loop, and fails with a {@link StoreException} within the store's deadline.
 */
public interface Store extends Claims {
    /** What it is, for the log: "memory, 256 MiB", "redis at 127.0.0.1:6379". */
    String describe();

    /** Succeeds when all that holds entries answers. */
    default Future<Void> reach() {
        return read(Key.of("freshet", "freshet", "probe"), Optional.empty()).mapEmpty();
    }

    /**
     * The entry of a key, whether fresh or not.
     *
     * @param copy which the caller has; answered itself, without its body being read, if it still is the stored one
     */
    Future<Optional<Entry>> read(Key key, Optional<Entry> copy);

    /**
     * Writes an entry, frees its lease, and tells every replica; unless the stored entry has a newer ticket, or the
     * draft names a lease that it no longer holds.
     */
    Future<Written> write(Key key, Draft draft, Ticket ticket);

    /** Removes an entry and tells every replica. Whether there was one. */
    Future<Boolean> remove(Key key);

    /**
     * Gives the next stamp of an app to an invalidation of some tags, and tells every replica.
     *
     * @param holdOffMs after which the same is done again, by the first beat that comes then; 0 for not at all
     * @param waiter the replica that waits until every one has applied it, empty for none
     */
    Future<Invalidation> invalidate(String app, List<Tag> tags, Mode mode, long holdOffMs, String waiter);

    /** The same, for which nobody waits. */
    default Future<Invalidation> invalidate(String app, List<Tag> tags, Mode mode, long holdOffMs) {
        return invalidate(app, tags, mode, holdOffMs, "");
    }

    /** Says where this replica stands, opens its window, answers what it missed, and has the bus tell {@link Change.Echo}. */
    Future<Pulse> beat(String app, Position position);

    /** Gives marks back to a history in doubt. Whether nothing more is wanted: there is no doubt any more, or another history. */
    Future<Boolean> restore(String app, Restored given);

    /** Tells some replicas, which wait for it, that this one has applied everything up to a stamp: {@link Change.Applied}. It may be lost; a beat says the same. */
    Future<Void> acknowledge(String app, Position position, Set<String> waiters);

    /** Which of some replicas have not said by a beat that they have applied everything up to a stamp. */
    Future<Set<String>> behind(String app, long stamp, Set<String> replicas);

    /** What the store remembers of some tags. */
    Future<Evidence> evidence(String app, List<Tag> tags);

    /** Closes this replica's window: it no longer serves from its near cache. */
    Future<Void> leave(String app, String replica);

    /**
     * Tells the changes of an app, and the echoes of a replica's beats, from now on, in their order, first of all {@link Change.Live}. For
     * good: what is lost is found again, and told with {@link Change.Lost} and {@link Change.Live}. May tell on any thread.
     */
    void listen(String app, String replica, Consumer<Change> heard);

    /** The bus seems lost, though nobody said so: it is connected anew, and tells {@link Change.Live} when it is. */
    void listenAnew();

    /** Gives back what it holds. */
    Future<Void> close();
}
