package dev.freshet.gateway;

import dev.freshet.store.Change;
import dev.freshet.store.Store;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One app that this replica follows. All but the coherence belongs to the invalidation verticle's loop. */
final class Following {
    final Coherence coherence;
    final Settlements settlements;
    final WriteBack writeBack;
    final Backlog backlog;
    final Set<Consumer<Change>> subscribers = new HashSet<>();

    /** The beat under way, which others join. */
    @Nullable
    Future<Void> beating;

    /** Whether something was heard that the beat under way may not bring. */
    boolean beatAgain;

    /** The number of the newest beat, of the newest that was answered, of the newest that the bus echoed, of the last regular one. */
    long beats;

    long answered;
    long echoed;
    long regular;

    /** The other replicas that wait to be told that this one has applied a stamp: the newest for each. */
    final Map<String, Long> waiters = new HashMap<>();

    /** Whether an acknowledgement is under way. */
    boolean acknowledging;

    /**
     * Nothing is known yet.
     *
     * @param beat asks the store for its time
     */
    Following(Coherence coherence, Store store, Backlog backlog, Consumer<Following> beat) {
        this.coherence = coherence;
        this.backlog = backlog;
        this.writeBack = new WriteBack(store, coherence);
        this.settlements = new Settlements(() -> beat.accept(this));
    }

    /** Takes out those who wait for no more than is applied. */
    Set<String> takeWaiters() {
        long applied = coherence.applied();
        Set<String> taken = new HashSet<>();
        waiters.forEach((waiter, stamp) -> {
            if (stamp <= applied) {
                taken.add(waiter);
            }
        });
        waiters.keySet().removeAll(taken);
        return taken;
    }

    void tell(Change change) {
        List.copyOf(subscribers).forEach(subscriber -> subscriber.accept(change));
    }
}
