package dev.freshet.lease;

/**
 * What a caller found who would refresh an entry.
 *
 * @param revision 0 for no entry
 * @param asOf the stamp up to which it knew the invalidations, 0 if it does not know
 * @param endedAt the stamp of the newest invalidation that has ended the entry, 0 if there is none
 */
public record Seen(long revision, long asOf, long endedAt) {}
