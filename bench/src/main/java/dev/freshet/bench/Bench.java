package dev.freshet.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The process: runs the bench that its first argument names, with the others. */
public final class Bench {
    /** One bench. */
    private interface Run {
        void with(List<String> arguments) throws Exception;
    }

    private static final Map<String, Run> BENCHES = Map.ofEntries(
            Map.entry("hit", arguments -> Jmh.run("hit", HitBench.class, arguments)),
            Map.entry("adapter", AdapterBench::run),
            Map.entry("load", LoadBench::run),
            Map.entry("kinds", KindsBench::run),
            Map.entry("allocation", AllocationBench::run),
            Map.entry("http2", ProtocolBench::http2),
            Map.entry("unix", ProtocolBench::unix),
            Map.entry("big", BigBench::run),
            Map.entry("latency", LatencyBench::run),
            Map.entry("freshness", arguments -> Jmh.run("freshness", FreshnessBench.class, arguments)),
            Map.entry("marks", arguments -> Jmh.run("marks", MarksBench.class, arguments)),
            Map.entry("frames", arguments -> Jmh.run("frames", FramesBench.class, arguments)),
            Map.entry("flights", arguments -> Jmh.run("flights", FlightsBench.class, arguments)),
            Map.entry("leases", arguments -> Jmh.run("leases", LeasesBench.class, arguments)),
            Map.entry("clock", arguments -> Jmh.run("clock", ClockBench.class, arguments)),
            Map.entry("compression", arguments -> Jmh.run("compression", CompressionBench.class, arguments)),
            Map.entry("memory", MemoryBench::run),
            Map.entry("acks", AcksBench::run),
            Map.entry("fanout", FanoutBench::run),
            Map.entry("replicas", ReplicasBench::run),
            Map.entry("tags", TagsBench::run));

    private Bench() {}

    /** Runs it, and ends with 64 if there is none of that name. */
    public static void main(String[] args) throws Exception {
        Run bench = args.length == 0 ? null : BENCHES.get(args[0]);
        if (bench == null) {
            System.err.println("Usage: bench/run "
                    + String.join("|", BENCHES.keySet().stream().sorted().toList()));
            System.exit(64);
        } else {
            bench.with(Arrays.asList(args).subList(1, args.length));
            System.exit(0);
        }
    }
}
