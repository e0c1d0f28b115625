package dev.freshet.loop;

/** The clock of this process. Any thread may read it. */
@FunctionalInterface
public interface Clocks {
    /** That of the system. */
    Clocks SYSTEM = SystemClocks.find();

    /** Ns since whenever, at a steady rate. It goes on while the process is halted and while the machine is suspended. */
    long nanos();
}
