package dev.freshet.gateway;

import dev.freshet.entry.Entry;
import dev.freshet.store.Evidence;
import dev.freshet.store.Store;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Holds some near hits against what the store remembers, so that a fault of coherence is seen where it happens. */
final class Sampler {
    /*
     * The store is asked after the hit, and says which marks every replica whose window is open has
     * applied. If this replica's window is open when the answer is here, it is one of them. So if such
     * a mark ends the entry, and this replica would serve it even now, a promise is broken. Marks that
     * are newer than that are on their way, and prove nothing.
     */

    private static final Logger LOG = LoggerFactory.getLogger(Sampler.class);

    private final Store store;
    private final Meters meters;
    private final int oneIn;

    /**
     * A sampler.
     *
     * @param oneIn one near hit in so many, 0 for none
     */
    Sampler(Store store, Meters meters, int oneIn) {
        this.store = store;
        this.meters = meters;
        this.oneIn = oneIn;
    }

    /** A copy was served. */
    void sample(Coherence app, Entry served, List<Tag> softTags) {
        if (oneIn == 0 || ThreadLocalRandom.current().nextInt(oneIn) != 0) {
            return;
        }
        List<Tag> tags = new ArrayList<>(served.tags());
        tags.addAll(softTags);
        store.evidence(app.app(), tags).onSuccess(evidence -> verify(app, served, tags, evidence));
    }

    private void verify(Coherence app, Entry served, List<Tag> tags, Evidence evidence) {
        boolean unknown = app.isCoherent() && tags.stream().anyMatch(tag -> isUnknown(app, served, tag, evidence));
        meters.verified(unknown);
        if (unknown) {
            LOG.error(
                    "A near copy of {} was served, which an acknowledged invalidation had ended: report this",
                    served.key());
        }
    }

    private static boolean isUnknown(Coherence app, Entry served, Tag tag, Evidence evidence) {
        Mark stored = evidence.marks().getOrDefault(tag, Mark.NONE);
        long newest = stored.newest();
        long asOf = app.asOf(served.epoch(), served.asOf());
        return evidence.epoch().equals(app.epoch())
                && newest > asOf
                && newest <= evidence.acknowledged()
                && app.of(tag).newest() < newest
                && app.floor() <= asOf;
    }
}
