package dev.freshet.http;

import dev.freshet.entry.Key;
import dev.freshet.gateway.Lookup;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/** What {@link Hits} has read for a request that is made after all. Of one event loop, on which the request is answered meanwhile. */
final class Ahead {
    private @Nullable Key key;
    private @Nullable Future<Lookup> read;
    private long sinceNanos;

    /**
     * Has a request made.
     *
     * @param nanos when it came, by {@link System#nanoTime}
     */
    void during(Key key, Future<Lookup> read, long nanos, Runnable made) {
        this.key = key;
        this.read = read;
        sinceNanos = nanos;
        made.run();
        this.key = null;
        this.read = null;
    }

    /** What was read of a key for the request that is being made; null if nothing was, or it has been taken. */
    @Nullable
    Future<Lookup> take(Key asked) {
        if (key == null || !key.equals(asked)) {
            return null;
        }
        key = null;
        return read;
    }

    /** When the request came that is being made, by {@link System#nanoTime}; now, if nothing was read for it. */
    long sinceNanos() {
        return key == null ? System.nanoTime() : sinceNanos;
    }
}
