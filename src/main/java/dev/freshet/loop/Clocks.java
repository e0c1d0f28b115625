package dev.freshet.loop;

/** The clocks of this process. Any thread may read them. */
public interface Clocks {
    /** Those of the system. */
    Clocks SYSTEM = new Clocks() {
        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public long wallMs() {
            return System.currentTimeMillis();
        }
    };

    /** The monotonic clock, in ns since whenever. It stands still while the machine is suspended. */
    long nanos();

    /** The wall clock, in ms since 1970. It may step; it is read only to notice that the other one stood still. */
    long wallMs();
}
