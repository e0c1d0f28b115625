package dev.freshet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sim.Simulation.Outcome;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * No run breaks a promise, whatever fails. {@code -Dfreshet.sim.runs=N} makes more of them or fewer, {@code -Dfreshet.sim.from=N} others,
 * and {@code -Dfreshet.sim.seed=N} prints the whole history of one.
 */
@ExtendWith(Quietly.class)
class SimulatorTest {
    /*
     * Which races are run here, by what the faults and the clients of a run do; those of the guards that
     * AblationTest switches off are named with them.
     *
     *  R1  late set: compute() writes up to 2.5 s after its ticket (AS_OF)
     *  R2  an invalidation overtakes the reply of a read: bus and calls travel apart (JUDGED_AT_LANDING)
     *  R3  the newer version is gone when the older write arrives: removeSomething(), FLUSHALL
     *  R4  stamped at its end: AS_OF does just that
     *  R5  joiners: crowds of readers, whose reads straddle invalidations (JUDGED_AT_LANDING)
     *  R6  lost while the bus connects anew: BusLine.broken()
     *  R7  the last message is lost, then silence: messages lost with no later one (MISSED_LIST), deaf buses (ECHO)
     *  R8  a slow subscriber is cut: BusLine.broken(), which loses what was on its way
     *  R9  pauses: of machines, and of threads wherever they read a clock (WINDOW)
     *  R10 suspended machines (SUSPENSION)
     *  R11 a failover loses the last invalidations (QUIET_PERIOD, DOUBT)
     *  R12 split brain: Site.split(), with writes gated
     *  R13 FLUSHALL, evicted control keys, a restart from nothing, from all, or from what was once
     *  R14 marks forgotten beside entries that live on: one run in four remembers three tags
     *  R15 clocks: rates a hundredth apart, masters up to 6 s apart (CLOCK_MARGIN)
     *  R16 a leader outstays its lease (FENCING_TOKEN)
     *  R17 a leader dies: compute() that never writes, replicas killed
     *  R18 a leader has nothing to keep: compute() that gives its lease back (RELEASE); and LeadersTest
     *  R19 a wake-up that comes before the waiter (SECOND_LOOK)
     *  R20 two computations of one stamp (ORDER_OF_WRITES)
     *  R21 an old build writes on, or is back: StoreContract and GatewayTest, since it is a matter of names
     *  R22 hold-off: a second mark by whichever beat comes then
     *  R23 an invalidation that was executed and reported as failed: lost replies
     *  R24 soft and hard, with deadlines (HARD_AND_SOFT_APART)
     *  R25 messages told late, twice, or out of order (GAPS)
     *  R26 a subscription ends, and the connection does not: deaf buses (ECHO); and BusTest, where Redis says so
     *  R27 the client mixes replies up: RedisStoreIT, since it is a matter of what is in an entry's hash
     *  R28 a replica that restarts has another name
     *  R29 a new replica reads before its first beat
     *  R30 the caller of an invalidation is killed
     */

    private static final int RUNS = Integer.getInteger("freshet.sim.runs", 10_000);
    private static final long FROM = Long.getLong("freshet.sim.from", 1);
    private static final Long ONE = Long.getLong("freshet.sim.seed");

    @Test
    void anySeed_breaksNoPromise() {
        if (ONE != null) {
            Outcome outcome = Simulation.run(ONE, Lapses.NONE, true);
            outcome.history().forEach(System.out::println);
            assertThat(outcome.violations()).isEmpty();
            return;
        }
        long begunNanos = System.nanoTime();
        List<Outcome> all = LongStream.range(FROM, FROM + RUNS)
                .parallel()
                .mapToObj(seed -> Simulation.run(seed, Lapses.NONE, false))
                .toList();
        System.out.printf("%s, %d ms%n", Totals.of(all), (System.nanoTime() - begunNanos) / 1_000_000);

        List<Outcome> broken =
                all.stream().filter(outcome -> !outcome.violations().isEmpty()).toList();
        broken.stream()
                .limit(1)
                .forEach(outcome -> Simulation.run(outcome.seed(), Lapses.NONE, true)
                        .history()
                        .forEach(System.out::println));
        assertThat(broken.stream().map(outcome -> "seed %d: %s".formatted(outcome.seed(), outcome.violations())))
                .isEmpty();
    }
}
