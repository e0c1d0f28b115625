package dev.freshet.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Virtual time, chance, and the history of one run. Whoever has something to do says when, and it is done in that order. */
final class World {
    /** How deep one thread's halt may lie within another's. */
    private static final int DEPTH_MAX = 3;

    /** Something to do, on a loop, or by nobody's. */
    private record Event(
            long atNanos, long sequence, @Nullable Loop loop, Runnable work) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int order = Long.compare(atNanos, other.atNanos);
            return order != 0 ? order : Long.compare(sequence, other.sequence);
        }
    }

    private final SplittableRandom random;
    private final boolean tells;
    private final List<String> history = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long sequence;
    private long now;
    private long endNanos;
    private int depth;
    private @Nullable Loop running;

    World(long seed, boolean tells) {
        this.random = new SplittableRandom(seed);
        this.tells = tells;
    }

    /** The true time, in ns since the run began. */
    long now() {
        return now;
    }

    /** The loop whose handler runs now. */
    @Nullable
    Loop running() {
        return running;
    }

    void running(@Nullable Loop loop) {
        running = loop;
    }

    /** Has something done by the surroundings. */
    void at(long atNanos, Runnable work) {
        at(atNanos, null, work);
    }

    /** Has something done by the surroundings, later. */
    void in(long afterNanos, Runnable work) {
        at(now + afterNanos, null, work);
    }

    /** Has something done on a loop, as soon as it can. */
    void at(long atNanos, @Nullable Loop loop, Runnable work) {
        events.add(new Event(Math.max(atNanos, now), sequence++, loop, work));
    }

    /** Lets time pass. */
    void run(long untilNanos) {
        long enclosing = endNanos;
        endNanos = untilNanos;
        while (!events.isEmpty() && events.peek().atNanos <= untilNanos && violations.isEmpty()) {
            Event next = events.poll();
            now = Math.max(now, next.atNanos);
            if (next.loop == null) {
                next.work.run();
            } else {
                next.loop.take(next.work);
            }
        }
        now = Math.max(now, untilNanos);
        endNanos = enclosing;
    }

    /** Lets time pass for all others while a handler stands still; not at all if it does so within too many. */
    void halt(long forNanos) {
        if (depth >= DEPTH_MAX || now >= endNanos) {
            return;
        }
        Loop halted = running;
        depth++;
        run(Math.min(now + forNanos, endNanos));
        depth--;
        running = halted;
    }

    /** Whether something happens that does so once in {@code times}. */
    boolean oneIn(int times) {
        return times > 0 && random.nextInt(times) == 0;
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    /** A time between two, in ns. */
    long between(long fromNanos, long toNanos) {
        return toNanos <= fromNanos ? fromNanos : random.nextLong(fromNanos, toNanos);
    }

    /** A time between two, in ms, answered in ns. */
    long betweenMs(long fromMs, long toMs) {
        return between(ms(fromMs), ms(toMs));
    }

    double fraction() {
        return random.nextDouble();
    }

    <T> T any(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    static long ms(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** Notes what happens, if anybody will read it. */
    void tell(Supplier<String> what) {
        if (tells) {
            history.add("%11.6f  %s".formatted(now / 1e9, what.get()));
        }
    }

    /** A promise is broken: the run ends. */
    void violation(String what) {
        tell(() -> "VIOLATION " + what);
        violations.add("%s, at %.6f s".formatted(what, now / 1e9));
    }

    List<String> violations() {
        return violations;
    }

    List<String> history() {
        return history;
    }
}
