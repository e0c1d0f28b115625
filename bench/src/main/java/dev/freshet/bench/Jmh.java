package dev.freshet.bench;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.IterationResult;
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
        report.table("what", "ns/op: min · **median** · max", "CPU ns/op", "in a CPU second", "bytes/op", "rounds");
        for (RunResult result : results) {
            Rounds<IterationResult> rounds = rounds(result);
            Spread cpu = rounds.spread(round -> secondary(round, CpuProfiler.CPU));
            report.row(
                    what(result.getParams()),
                    rounds.spread(round -> round.getPrimaryResult().getScore()),
                    cpu,
                    Spread.text(1e9 / cpu.median()),
                    Spread.text(
                            Objects.requireNonNull(result.getSecondaryResults().get("gc.alloc.rate.norm"))
                                    .getScore()),
                    rounds);
        }
        report.end().write();
    }

    private static Rounds<IterationResult> rounds(RunResult result) {
        List<IterationResult> all = result.getBenchmarkResults().stream()
                .flatMap(fork -> fork.getIterationResults().stream())
                .toList();
        return new Rounds<>(all, (int) all.stream()
                .filter(round -> secondary(round, CpuProfiler.OTHERS) > Machine.OTHERS_MAX)
                .count());
    }

    private static double secondary(IterationResult round, String name) {
        return Objects.requireNonNull(round.getSecondaryResults().get(name)).getScore();
    }

    private static String what(BenchmarkParams params) {
        String method = params.getBenchmark().replaceAll(".*\\.", "");
        String with = params.getParamsKeys().stream()
                .map(key -> key + " " + params.getParam(key))
                .collect(Collectors.joining(", "));
        return with.isEmpty() ? method : method + ", " + with;
    }
}
