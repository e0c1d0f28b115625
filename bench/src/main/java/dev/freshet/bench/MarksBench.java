package dev.freshet.bench;

import dev.freshet.tag.Mark;
import dev.freshet.tag.MarkTable;
import dev.freshet.tag.Tag;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** {@code bench/run marks}: what does it cost to look up, to merge and to drop a mark, in a table of many? */
@Asks(
        "What does it cost to look up, to merge and to drop a mark, in a table of many? Each operation takes another tag, far from the last one in memory.")
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms2g", "-Xmx2g"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class MarksBench {
    private static final int SAMPLE = 1 << 16;

    /** Changes of rows that are set in behind the newest, as when a beat fills a gap. */
    private static final int LATE = 1_000;

    @Param({"10", "1000", "100000", "1000000"})
    public int tags;

    private final Tag[] sample = new Tag[SAMPLE];
    private Tag[] others = {};
    private MarkTable table = new MarkTable(1);
    private int next;
    private int nextOther;
    private long stamp;

    /** Fills the table to its bound. */
    @Setup
    public void fill() {
        table = new MarkTable(tags);
        for (int i = 0; i < tags; i++) {
            table.merge(tag(i), Mark.hard(++stamp), stamp);
        }
        for (int i = 0; i < SAMPLE; i++) {
            sample[i] = tag((int) (i * 7_919L % tags));
        }
        others = new Tag[Math.max(SAMPLE, 2 * Integer.highestOneBit(tags))];
        for (int i = 0; i < others.length; i++) {
            others[i] = new Tag("another-tag-of-about-24-" + i);
        }
    }

    private static Tag tag(int number) {
        return new Tag("tag-of-about-24-chars-" + number);
    }

    private int next() {
        next = (next + 1) & (SAMPLE - 1);
        return next;
    }

    @Benchmark
    public Mark lookUp() {
        return table.of(sample[next()]);
    }

    @Benchmark
    public Mark lookUpMissing() {
        return table.of(others[next()]);
    }

    @Benchmark
    public void merge() {
        table.merge(sample[next()], Mark.hard(++stamp), stamp);
    }

    /** A page of a beat: it is behind what the bus told meanwhile. */
    @Benchmark
    public void mergeLate() {
        int at = next();
        stamp++;
        boolean bus = (at & 1) == 0;
        table.merge(sample[at], Mark.hard(bus ? stamp : stamp - LATE), bus ? stamp : stamp - LATE);
    }

    /** Tags that the table, being full, does not hold: each drops the oldest. */
    @Benchmark
    public void mergeAndDrop() {
        nextOther = (nextOther + 1) & (others.length - 1);
        table.merge(others[nextOther], Mark.soft(++stamp, Mark.NEVER), stamp);
    }
}
