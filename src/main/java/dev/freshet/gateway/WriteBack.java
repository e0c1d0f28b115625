package dev.freshet.gateway;

import dev.freshet.store.Restored;
import dev.freshet.store.Store;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What one app's history in doubt lacks, and this replica knows: given back page by page. Belongs to the invalidation verticle's loop. */
final class WriteBack {
    private final Store store;
    private final Coherence coherence;
    private @Nullable Map<Tag, Mark> owed;
    private boolean underWay;

    /** Nothing is owed yet. */
    WriteBack(Store store, Coherence coherence) {
        this.store = store;
        this.coherence = coherence;
    }

    /** This replica knows all that was before the history. */
    void owe(Map<Tag, Mark> marks) {
        owed = marks;
    }

    /** The history is whole, or this replica knows too little itself. */
    void forget() {
        owed = null;
    }

    boolean isOwing() {
        return owed != null;
    }

    /** Gives back what is owed, if anything is and nothing is under way. Whether that was done. */
    Future<Boolean> give(String epoch) {
        if (owed == null || underWay) {
            return Future.succeededFuture(false);
        }
        underWay = true;
        return give(epoch, owed.entrySet().iterator())
                .onComplete(done -> underWay = false)
                .map(true);
    }

    /* A page after the other, until there are no more, or somebody else was first. */
    private Future<Void> give(String epoch, Iterator<Map.Entry<Tag, Mark>> left) {
        Map<Tag, Mark> page = new LinkedHashMap<>();
        while (left.hasNext() && page.size() < Restored.TAGS_MAX) {
            Map.Entry<Tag, Mark> next = left.next();
            page.put(next.getKey(), next.getValue());
        }
        boolean whole = !left.hasNext();
        return store.restore(coherence.app(), new Restored(epoch, coherence.floor(), page, whole))
                .compose(done -> done || whole ? Future.succeededFuture() : give(epoch, left));
    }
}
