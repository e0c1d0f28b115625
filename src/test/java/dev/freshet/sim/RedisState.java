package dev.freshet.sim;

import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Ticket;
import dev.freshet.store.Mode;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a Redis holds. Changed only by {@link RedisNode}, one recorded step after the other. */
final class RedisState {
    /** An entry with the ticket that it was written by, and the Redis time when it is forgotten. */
    record Stored(Entry entry, Ticket ticket, long untilMicros) {}

    /** The lease of a key. */
    record Lease(String token, long untilMicros) {}

    /** The clock of an app: its fields as in clock.lua. */
    record Clock(long last, String epoch, String master, long floor, long doubt, long kept, long quiet, long low) {
        Clock last(long stamp) {
            return new Clock(stamp, epoch, master, floor, doubt, kept, quiet, low);
        }

        Clock floor(long stamp) {
            return new Clock(last, epoch, master, stamp, doubt, kept, quiet, low);
        }

        Clock low(long stamp) {
            return new Clock(last, epoch, master, floor, doubt, kept, quiet, stamp);
        }

        Clock sure() {
            return new Clock(last, epoch, master, floor, 0, kept, quiet, low);
        }
    }

    /** An invalidation that is made again later. */
    record Later(long atMicros, Mode mode, List<Tag> tags) {}

    /** The control keys of an app. */
    static final class Control {
        @Nullable
        Clock clock;

        /** The sentinel of the marks. */
        @Nullable
        String marksOf;

        /** The sentinel of the tags. */
        boolean tagsThere;

        /** Those of the windows and of the acknowledgements. */
        boolean liveThere;

        boolean acksThere;

        final Map<Tag, Long> tags = new LinkedHashMap<>();
        final Map<Tag, Mark> marks = new HashMap<>();
        final Map<String, Long> live = new LinkedHashMap<>();
        final Map<String, Long> acks = new LinkedHashMap<>();
        final Map<String, Long> away = new LinkedHashMap<>();
        /** The replicas that wait for the low-water mark to rise. */
        final Set<String> told = new LinkedHashSet<>();

        final List<Later> later = new ArrayList<>();
    }

    final Map<Key, Stored> entries = new HashMap<>();
    final Map<Key, Lease> leases = new HashMap<>();
    private final Map<String, Control> controls = new HashMap<>();

    Control of(String app) {
        return controls.computeIfAbsent(app, name -> new Control());
    }

    /** FLUSHALL. */
    void clear() {
        entries.clear();
        leases.clear();
        controls.clear();
    }
}
