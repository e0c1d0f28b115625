package dev.freshet.lease;

/** What the store answers to who wants to refresh a key. */
public sealed interface Claim {
    /** How long the lease lasts yet, in ms. */
    long ttlMs();

    /** The key's revision when the lease was claimed, 0 if it has no entry. */
    long revision();

    /**
     * It is yours.
     *
     * @param superseding whether another had it, who computes in vain
     */
    record Lead(String token, long ttlMs, long revision, boolean superseding) implements Claim {}

    /** Somebody else has it. */
    record Follow(long ttlMs, long revision) implements Claim {}
}
