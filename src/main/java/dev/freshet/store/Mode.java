package dev.freshet.store;

/** How an invalidation ends what carries its tags. */
public sealed interface Mode {
    /** At once. */
    record Hard() implements Mode {}

    /**
     * Makes it stale at once, and ends it later.
     *
     * @param expireMs how much later, {@link dev.freshet.entry.Lifetime#NEVER} for never
     */
    record Soft(long expireMs) implements Mode {}
}
