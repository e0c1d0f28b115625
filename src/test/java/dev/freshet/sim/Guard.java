package dev.freshet.sim;

/** What keeps the promises. Each can be switched off in a run, to see that the checker notices. */
enum Guard {
    /** A near copy is served only while the window is open. */
    WINDOW("G1"),
    /** A window counts from the sending of the beat that opened it, not from its answer. */
    WINDOW_FROM_SENDING("G1"),
    /** An entry is as old as what was known when its computation began. */
    AS_OF("G1"),
    /** What a read brings is judged by the marks of when it lands, by whoever joined it too. */
    JUDGED_AT_LANDING("G1"),
    /** A beat brings what was missed. */
    MISSED_LIST("G1"),
    /** A message that leaves a gap is not counted as applied. */
    GAPS("G1"),
    /** An invalidation waits for each replica whose window was open when it was taken. */
    EVERY_REPLICA("G1"),
    /** A new epoch acknowledges nothing until the windows of the old one have ended. */
    QUIET_PERIOD("G1"),
    /** Marks that a new epoch may lack are doubted until a replica gives them back. */
    DOUBT("G1"),
    /** A soft invalidation does not cancel a hard one. */
    HARD_AND_SOFT_APART("G1"),
    /** A window is believed to end later than its replica believes. */
    CLOCK_MARGIN("G1"),
    /** The clock goes on while the machine is suspended. */
    SUSPENSION("G1"),
    /** An acknowledgement names the replicas that may serve in an outage. */
    NAMED("G1"),
    /** A bus that does not say what a beat had it say is lost. */
    ECHO("echo"),
    /** A write under a lease needs the lease. */
    FENCING_TOKEN("G3"),
    /** A write by an older ticket does not replace a newer one. */
    ORDER_OF_WRITES("G2"),
    /** A change that is heard while a claim is under way makes its refusal void. */
    SECOND_LOOK("wake-up"),
    /** A lease that is given back is told of, wherever somebody waits for it. */
    RELEASE("wake-up");

    private final String promise;

    Guard(String promise) {
        this.promise = promise;
    }

    /** The promise that is broken without it, as the checker names it. */
    String promise() {
        return promise;
    }
}
