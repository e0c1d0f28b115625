package dev.freshet.lease;

/**
 * Who holds a lease, as anybody may know it: the token alone is the holder's.
 *
 * @param replica that granted it
 * @param ttlMs how long it lasts yet, in ms
 */
public record Holder(String replica, long ttlMs) {
    /** The holder of a token; see {@link Bid}. */
    public static Holder of(String token, long ttlMs) {
        int dot = token.lastIndexOf('.');
        String name = Bid.isStamp(token.substring(dot + 1)) ? token.substring(0, Math.max(0, dot)) : token;
        return new Holder(name.substring(0, Math.max(0, name.lastIndexOf('.'))), ttlMs);
    }
}
