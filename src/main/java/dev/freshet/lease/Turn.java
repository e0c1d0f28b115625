package dev.freshet.lease;

/** What becomes of a caller who found an entry missing or stale. */
public sealed interface Turn {
    /** It computes the value. */
    record Lead(String token, long ttlMs) implements Turn {}

    /** Somebody else computes it, and the caller did not wait, or waited long enough. */
    record Follow(long ttlMs) implements Turn {}

    /** The entry, or who leads, has changed since the caller looked: look again. */
    record LookAgain() implements Turn {}
}
