package dev.freshet.store;

import java.util.List;

/**
 * The replicas of an app as the store knows them, for who looks into it.
 *
 * @param epoch the history that the stamps belong to, empty if none has begun
 * @param head the app's newest stamp
 * @param nowMicros time of the store
 * @param members those whose windows may be open, and those that may serve past them, by name; at most {@link #MEMBERS_MAX}
 */
public record Fleet(String epoch, long head, long nowMicros, List<Member> members) {
    /** Replicas that are told of. */
    public static final int MEMBERS_MAX = 64;

    /** Copies the list. */
    public Fleet {
        members = List.copyOf(members);
    }

    /**
     * One replica.
     *
     * @param windowMs until its window has ended for certain, 0 if it has
     * @param servesMs for how long it may serve though it does not reach the store, 0 if it may not
     * @param applied the stamp up to which it said that it has applied everything
     * @param lagMs how long ago the oldest change was made that it has not said to have applied, as far as the store remembers; 0 if there is none
     */
    public record Member(String replica, long windowMs, long servesMs, long applied, long lagMs) {}
}
