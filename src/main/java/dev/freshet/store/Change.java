package dev.freshet.store;

import dev.freshet.entry.Key;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import java.util.Map;

/** What the store announces to every replica. Carries names and stamps, never a body. */
public sealed interface Change {
    /** An entry was written, or removed: then {@code revision} is 0. Its lease is free. */
    record Written(Key key, long revision) implements Change {}

    /** A leader failed: the lease of its key is free. */
    record Released(Key key) implements Change {}

    /**
     * Tags were invalidated.
     *
     * @param previous the stamp before this one: who has not applied that has missed something
     * @param marks the whole mark of each tag
     * @param waiter the replica that waits to be told by each other one that it has applied this, empty for none
     */
    record Invalidated(String epoch, long previous, long stamp, Map<Tag, Mark> marks, String waiter) implements Change {
        /** One for which nobody waits. */
        public Invalidated(String epoch, long previous, long stamp, Map<Tag, Mark> marks) {
            this(epoch, previous, stamp, marks, "");
        }
    }

    /** A replica says to this one that it has applied everything up to {@code stamp}. It means nothing in another epoch. */
    record Applied(String replica, String epoch, long stamp) implements Change {}

    /** Every replica whose window is open has said by its beats that it has applied {@code stamp}. It means nothing in another epoch. */
    record Acknowledged(String epoch, long stamp) implements Change {}

    /** What a beat of a replica had the bus say: everything that was told before it has been heard. */
    record Echo(long beat) implements Change {}

    /** The stamps after this are of another history. A replica tells it to its subscribers when a beat brings it. */
    record NewEpoch(String epoch) implements Change {}

    /** Changes may be missed from here on, until {@link Live}. */
    record Lost() implements Change {}

    /** Every change after this one will be heard. */
    record Live() implements Change {}
}
