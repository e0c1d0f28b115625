package dev.freshet.bench;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Runs JMH with its profiler of allocations, and reports a line for each benchmark. */
final class Jmh {
    private Jmh() {}

    /** Runs the benchmarks of a class. The arguments are JMH's own, among them {@code -f 1 -wi 3 -i 5 -p tags=5}. */
    static void run(String name, Class<?> benches, List<String> arguments)
            throws RunnerException, CommandLineOptionException {
        Asks asks = benches.getAnnotation(Asks.class);
        Report report = new Report(name, asks == null ? "" : asks.value(), arguments);
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .parent(new CommandLineOptions(arguments.toArray(String[]::new)))
                        .include("^" + benches.getName().replace(".", "\\.") + "\\.")
                        .addProfiler(GCProfiler.class)
                        .addProfiler(CpuProfiler.class)
                        .build())
                .run();
        report.table(
                "what", "ns/op: min · **median** · max", "CPU ns/op", "million/s of CPU time", "bytes/op", "rounds");
        for (RunResult result : results) {
            Spread cpu = spread(
                    result,
                    round -> Objects.requireNonNull(round.getSecondaryResults().get(CpuProfiler.CPU)));
            report.row(
                    what(result.getParams()),
                    spread(result, IterationResult::getPrimaryResult),
                    cpu,
                    Spread.text(1_000 / cpu.median()),
                    Spread.text(
                            Objects.requireNonNull(result.getSecondaryResults().get("gc.alloc.rate.norm"))
                                    .getScore()),
                    result.getPrimaryResult().getSampleCount());
        }
        report.end().write();
    }

    private static Spread spread(RunResult result, Function<IterationResult, Result<?>> figure) {
        return Spread.of(result.getBenchmarkResults().stream()
                .flatMap(fork -> fork.getIterationResults().stream())
                .mapToDouble(round -> figure.apply(round).getScore())
                .toArray());
    }

    private static String what(BenchmarkParams params) {
        String method = params.getBenchmark().replaceAll(".*\\.", "");
        String with = params.getParamsKeys().stream()
                .map(key -> key + " " + params.getParam(key))
                .collect(Collectors.joining(", "));
        return with.isEmpty() ? method : method + ", " + with;
    }
}
