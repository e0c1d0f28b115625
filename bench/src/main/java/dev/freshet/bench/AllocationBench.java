package dev.freshet.bench;

import dev.freshet.bench.Servers.Subject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** {@code bench/run allocation [bytes [rounds [seconds]]]}: how many bytes does a near hit allocate, beside a bare handler? */
final class AllocationBench {
    private static final double GOAL = 1.2;

    private AllocationBench() {}

    static void run(List<String> arguments) throws Exception {
        int bytes = Arguments.number(arguments, 0, 4_096);
        int rounds = Arguments.number(arguments, 1, 5);
        int seconds = Arguments.number(arguments, 2, 3);
        try (Servers servers = new Servers(bytes)) {
            Map<String, Subject> subjects = new LinkedHashMap<>();
            subjects.put("bare Vert.x", servers.bare());
            subjects.put("Freshet, near", servers.near());
            subjects.put("Freshet, near, io_uring", servers.nearByIoUring());
            subjects.put("Freshet, store", servers.store());
            Map<String, Rounds<Double>> found = Rounds.inTurn(
                    subjects,
                    rounds,
                    one -> bytesPerRequest(one, Load.WARMING * seconds),
                    one -> bytesPerRequest(one, seconds));
            Report report = new Report(
                    "allocation",
                    String.format(
                            Locale.ROOT,
                            "How many bytes of heap does a request of an entry of %,d bytes allocate, beside the same by a bare Vert.x handler, which does nothing else? By the JVM's own count of all its threads while wrk asks on %d connections. The goal for the near hit: at most %.1f times the handler.",
                            bytes,
                            Load.CONNECTIONS,
                            GOAL),
                    arguments);
            report.table(
                    "server",
                    "bytes a request: min · **median** · max",
                    "beside bare Vert.x, round by round",
                    "rounds");
            ToDoubleFunction<Double> same = Double::doubleValue;
            Rounds<Double> bare = found.values().iterator().next();
            found.forEach((name, each) -> report.row(name, each.spread(same), each.beside(bare, same), each));
            report.end().write();
        }
    }

    private static double bytesPerRequest(Subject subject, int seconds) throws Exception {
        long before = subject.server().allocatedBytes();
        double requests = Load.wrk(subject, seconds).requests();
        return (subject.server().allocatedBytes() - before) / requests;
    }
}
