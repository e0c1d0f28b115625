package dev.freshet.sim;

import java.util.EnumSet;
import java.util.Set;

/** The guards that are switched off in a run. */
record Lapses(Set<Guard> off) {
    /** All guards are on. */
    static final Lapses NONE = new Lapses(EnumSet.noneOf(Guard.class));

    /** One guard is off. */
    static Lapses of(Guard guard) {
        return new Lapses(EnumSet.of(guard));
    }

    boolean has(Guard guard) {
        return off.contains(guard);
    }
}
