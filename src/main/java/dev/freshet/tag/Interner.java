package dev.freshet.tag;

import org.jspecify.annotations.Nullable;

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

    /** An equal object: this one, if none is remembered. It is from now on. */
    public T intern(T value) {
        T known = known(value);
        if (known != null) {
            return known;
        }
        table[place(value)] = value;
        return value;
    }

    /** The equal object that is remembered, if any. */
    @SuppressWarnings("unchecked") // Equal objects are of one class here.
    public @Nullable T known(T value) {
        Object known = table[place(value)];
        return known != null && known.equals(value) ? (T) known : null;
    }

    private int place(T value) {
        int hash = value.hashCode();
        return (hash ^ hash >>> 16) & table.length - 1;
    }
}
