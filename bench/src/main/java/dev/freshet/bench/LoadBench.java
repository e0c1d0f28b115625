package dev.freshet.bench;

import dev.freshet.bench.Servers.Subject;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code bench/run load [bytes [rounds [seconds]]]}: how many requests does one core serve, of an entry that is near and of one
 * that is in Redis, beside what else one might put there?
 */
final class LoadBench {
    private static final int CONNECTIONS = 64;
    private static final int WARM_S = 20;

    private static final Pattern REQUESTS = Pattern.compile("(\\d+) requests in ([0-9.]+)s");
    private static final Pattern PERCENTILE = Pattern.compile("(50|99)%\\s+([0-9.]+)(us|ms|s)");

    /** One round of one subject. */
    private record Round(double perCpuSecond, double perSecond, double p50Ms, double p99Ms) {}

    private LoadBench() {}

    static void run(List<String> arguments) throws Exception {
        int bytes = arguments.isEmpty() ? 4_096 : Integer.parseInt(arguments.getFirst());
        int rounds = arguments.size() < 2 ? 7 : Integer.parseInt(arguments.get(1));
        int seconds = arguments.size() < 3 ? 4 : Integer.parseInt(arguments.get(2));
        try (Servers servers = new Servers(bytes)) {
            Map<String, Subject> subjects = new LinkedHashMap<>();
            subjects.put("Freshet, near", servers.near());
            subjects.put("Freshet, near, io_uring", servers.nearByIoUring());
            subjects.put("Freshet, store", servers.store());
            subjects.put("bare Vert.x", servers.bare());
            subjects.put("bare Vert.x, io_uring", servers.bareByIoUring());
            subjects.putAll(servers.peers());
            subjects.putAll(servers.storePeers());
            report(
                    bytes,
                    Rounds.inTurn(subjects, rounds, one -> round(one, WARM_S), one -> round(one, seconds)),
                    arguments);
        }
    }

    private static Round round(Subject subject, int seconds) throws IOException, InterruptedException {
        double before = subject.server().cpuSeconds();
        String said =
                Processes.output(subject.askedBy("wrk", "-t1", "-c" + CONNECTIONS, "-d" + seconds + "s", "--latency"));
        double cpu = subject.server().cpuSeconds() - before;
        Matcher requests = REQUESTS.matcher(said);
        if (!requests.find() || said.contains("Non-2xx")) {
            throw new IOException(said);
        }
        double count = Double.parseDouble(requests.group(1));
        return new Round(
                count / cpu,
                count / Double.parseDouble(requests.group(2)),
                percentile(said, "50"),
                percentile(said, "99"));
    }

    private static double percentile(String said, String which) {
        return PERCENTILE
                .matcher(said)
                .results()
                .filter(found -> found.group(1).equals(which))
                .mapToDouble(found -> Double.parseDouble(found.group(2))
                        * switch (found.group(3)) {
                            case "us" -> 0.001;
                            case "ms" -> 1;
                            default -> 1_000;
                        })
                .findFirst()
                .orElse(Double.NaN);
    }

    private static void report(int bytes, Map<String, List<Round>> found, List<String> arguments) {
        Report report = new Report(
                "load",
                String.format(
                        Locale.ROOT,
                        "How many requests of an entry of %,d bytes does one core serve, by HTTP/1.1 on %d connections? Servers on the first core, wrk (and Redis) on the second, in turn, round after round, after %d s of warm-up each. "
                                + "Requests for each second of CPU that the server took; Freshet asks each for a token, counts and limits as it does by default. The peers' configurations are in bench/peers.",
                        bytes,
                        CONNECTIONS,
                        WARM_S),
                arguments);
        report.table(
                "server",
                "requests a CPU second: min · **median** · max",
                "beside the near hit, round by round",
                "requests/s",
                "p50 ms",
                "p99 ms",
                "rounds");
        List<Round> near = found.values().iterator().next();
        found.forEach((name, rounds) -> report.row(
                name,
                Rounds.spread(rounds, Round::perCpuSecond),
                Rounds.beside(rounds, near, Round::perCpuSecond),
                Spread.text(Rounds.spread(rounds, Round::perSecond).median()),
                Spread.text(Rounds.spread(rounds, Round::p50Ms).median()),
                Spread.text(Rounds.spread(rounds, Round::p99Ms).median()),
                rounds.size()));
        report.end().write();
    }
}
