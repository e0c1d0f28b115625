package dev.freshet.bench;

import dev.freshet.entry.Body;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Freshness;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.tag.Mark;
import dev.freshet.tag.MarkTable;
import dev.freshet.tag.Tag;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
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

/** {@code bench/run freshness}: what does it cost to judge an entry by its tags? */
@Asks("What does it cost to judge an entry by its tags, each of which has an older mark (marked) or none?")
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class FreshnessBench {
    @Param({"0", "5", "128"})
    public int tags;

    private final MarkTable marks = new MarkTable(100_000);
    private Entry marked = entry("marked", 0);
    private Entry unmarked = marked;

    /** Marks tags. */
    @Setup
    public void fill() {
        marked = entry("marked", tags);
        unmarked = entry("unmarked", tags);
        for (int i = 0; i < 10_000; i++) {
            marks.merge(tag("marked", i), i % 2 == 0 ? Mark.hard(i + 1) : Mark.soft(i + 1, Mark.NEVER), i + 1);
        }
    }

    private static Tag tag(String kind, int number) {
        return new Tag("tag-" + kind + "-of-24-chars-" + number);
    }

    private static Entry entry(String kind, int tags) {
        List<Tag> carried = IntStream.range(0, tags).mapToObj(i -> tag(kind, i)).toList();
        return new Entry(
                Key.of("shop", "v1", "key"), 1, 20_000, 0, carried, Lifetime.UNLIMITED, "text/plain", "", Body.EMPTY);
    }

    @Benchmark
    public Freshness marked() {
        return Freshness.of(marked, marks, List.of(), 1_000);
    }

    @Benchmark
    public Freshness unmarked() {
        return Freshness.of(unmarked, marks, List.of(), 1_000);
    }
}
