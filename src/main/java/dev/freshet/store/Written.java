package dev.freshet.store;

/** What became of a write. */
public sealed interface Written {
    /**
     * It is stored.
     *
     * @param created whether there was no entry before
     */
    record Stored(long revision, boolean created) implements Written {}

    /** Nothing changed: the stored entry comes from a newer computation. */
    record Older() implements Written {}

    /** Nothing changed: the token no longer holds the lease. */
    record LeaseLost() implements Written {}

    /** Nothing changed: the store has no room, and may not make any. */
    record Full() implements Written {}
}
