package dev.freshet.lease;

/**
 * What a lease is claimed with.
 *
 * @param name unique to this claim; the name of a replica, a dot, and something random without one
 * @param asOf the stamp up to which the claimer knows the invalidations, so that what it computes is no older; 0 if it does not
 *     know
 * @param endedAt the stamp of the newest invalidation that has ended what the claimer found, 0 if there is none
 */
public record Bid(String name, long asOf, long endedAt) {
    /*
     * Who holds a lease as of a stamp computes in vain once what it computes is ended after that. Then the
     * next who claims it takes its place, but one time only: a tag that is invalidated again and again
     * has two at most compute at a time. So the token tells the stamp, and that of a successor tells none.
     */

    /** A claim that takes nobody's place, and whose place nobody takes. */
    public Bid(String name) {
        this(name, 0, 0);
    }

    /** The token of who takes a lease that is free. */
    public String token() {
        return asOf > 0 ? name + "." + asOf : name;
    }

    /** The token of who takes the place of another. */
    public String successorToken() {
        return name;
    }

    /** Whether it takes the place of who holds the lease by a token. */
    public boolean supersedes(String token) {
        long begun = asOf(token);
        return begun > 0 && begun < endedAt;
    }

    /** Up to which stamp the holder of a token knew the invalidations, 0 if it does not tell. */
    private static long asOf(String token) {
        String last = token.substring(token.lastIndexOf('.') + 1);
        return isStamp(last) ? Long.parseLong(last) : 0;
    }

    /** Whether the last part of a token is a stamp. What is random has 16 characters, and letters among them. */
    static boolean isStamp(String part) {
        return !part.isEmpty() && part.length() < 19 && part.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
