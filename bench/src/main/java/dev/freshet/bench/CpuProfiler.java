package dev.freshet.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/** What an operation takes of the processor, whatever else the machine does: the CPU time of the JVM over its operations. And how much the machine does else. */
public final class CpuProfiler implements InternalProfiler {
    /** The name of its figure in ns for each operation. */
    static final String CPU = "cpu";

    /** The name of the share of the machine that others took. */
    static final String OTHERS = "others";

    private long begunNanos;
    private Machine begun = Machine.now();

    @Override
    public String getDescription() {
        return "CPU time per operation";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        begun = Machine.now();
        begunNanos = cpuNanos();
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        double nanos = (cpuNanos() - begunNanos) / (double) result.getMetadata().getAllOps();
        return List.of(
                new ScalarResult(CPU, nanos, "ns/op", AggregationPolicy.AVG),
                new ScalarResult(OTHERS, begun.othersShare(), "of the machine", AggregationPolicy.AVG));
    }

    private static long cpuNanos() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }
}
