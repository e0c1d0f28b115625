package dev.freshet.tag;

/**
 * Answers one object for equal ones, as far as it remembers: what many entries have in common is in memory once. Any thread may
 * call.
 *
 * @param <T> immutable, with final fields
 */
public final class Interner<T> {
    /*
     * Each value has one place, from which another may push it: so the table is bounded, and costs neither a lock nor a chain.
     * Two threads that race keep one object each. Since the fields are final, either sees whole what the other put there.
     */

    private final Object[] table;

    /** Remembers some values at most: a power of two. */
    public Interner(int size) {
        table = new Object[size];
    }

    /** An equal object. */
    @SuppressWarnings("unchecked") // Equal objects are of one class here.
    public T intern(T value) {
        int hash = value.hashCode();
        int at = (hash ^ hash >>> 16) & table.length - 1;
        Object known = table[at];
        if (known != null && known.equals(value)) {
            return (T) known;
        }
        table[at] = value;
        return value;
    }
}
