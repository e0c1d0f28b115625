package dev.freshet.lease;

import dev.freshet.entry.Key;
import io.vertx.core.Future;
import java.util.Optional;

/** Where leases are kept: at most one live token for a key in the whole fleet. */
public interface Claims {
    /**
     * Takes the lease of a key if nobody holds it, or who holds it computes in vain; see {@link Bid}.
     *
     * @param ttlMs after which it ends by itself
     */
    Future<Claim> claim(Key key, Bid bid, long ttlMs);

    /** Gives a lease back if {@code token} holds it, and tells every replica. Whether it did. */
    Future<Boolean> release(Key key, String token);

    /** Who holds the lease of a key, if anybody. For who looks into it: it may be another by then. */
    Future<Optional<Holder>> holder(Key key);
}
