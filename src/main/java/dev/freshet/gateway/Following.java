package dev.freshet.gateway;

import dev.freshet.store.Change;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
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

    /** Whether an acknowledgement is under way. */
    boolean acknowledging;

    /** With the history in doubt: what it lacks, and this replica knows. Null if this replica knows too little itself. */
    @Nullable
    Map<Tag, Mark> owed;

    boolean restoring;

    /**
     * Nothing is known yet.
     *
     * @param beat asks the store for its time
     */
    Following(Coherence coherence, Consumer<Following> beat) {
        this.coherence = coherence;
        this.settlements = new Settlements(() -> beat.accept(this));
    }

    void tell(Change change) {
        List.copyOf(subscribers).forEach(subscriber -> subscriber.accept(change));
    }
}
