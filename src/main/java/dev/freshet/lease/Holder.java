package dev.freshet.lease;

/**
 * Who holds a lease, as anybody may know it: the token alone is the holder's.
 *
 * @param replica that granted it
 * @param ttlMs how long it lasts yet, in ms
 */
public record Holder(String replica, long ttlMs) {
    /** The holder of a token, which is the name of a replica and something random. */
    public static Holder of(String token, long ttlMs) {
        return new Holder(token.substring(0, Math.max(0, token.lastIndexOf('.'))), ttlMs);
    }
}
