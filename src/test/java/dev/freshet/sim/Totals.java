package dev.freshet.sim;

import dev.freshet.sim.Simulation.Outcome;
import java.util.List;

/** What some runs came to, together. */
record Totals(
        long runs,
        long reads,
        long nearReads,
        long outageReads,
        long acks,
        long waits,
        long failovers,
        long faults,
        long broken) {
    static Totals of(List<Outcome> all) {
        return new Totals(
                all.size(),
                all.stream().mapToLong(Outcome::reads).sum(),
                all.stream().mapToLong(Outcome::nearReads).sum(),
                all.stream().mapToLong(Outcome::outageReads).sum(),
                all.stream().mapToLong(Outcome::acks).sum(),
                all.stream().mapToLong(Outcome::waits).sum(),
                all.stream().mapToLong(Outcome::failovers).sum(),
                all.stream().mapToLong(Outcome::faults).sum(),
                all.stream().filter(outcome -> !outcome.violations().isEmpty()).count());
    }

    @Override
    public String toString() {
        return "%,d runs, %,d reads (%,d near, %,d in an outage), %,d acknowledgements, %,d waits, %,d faults, %,d histories lost; %,d runs broke a promise"
                .formatted(runs, reads, nearReads, outageReads, acks, waits, faults, failovers, broken);
    }
}
