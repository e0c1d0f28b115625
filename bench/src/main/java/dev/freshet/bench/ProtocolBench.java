package dev.freshet.bench;

import dev.freshet.bench.Servers.Subject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code bench/run http2 [bytes [rounds [seconds]]]}: how many near hits does one core serve by HTTP/2, with how many streams, beside HTTP/1.1? */
final class Http2Bench {
    private static final int CONNECTIONS = 8;
    private static final int WARM_S = 20;
    private static final Pattern REQUESTS =
            Pattern.compile("requests: \\d+ total, \\d+ started, (\\d+) done, (\\d+) succeeded");

    /** A subject and how it is asked. */
    private record Way(Subject subject, List<String> options) {}

    private Http2Bench() {}

    static void run(List<String> arguments) throws Exception {
        int bytes = arguments.isEmpty() ? 4_096 : Integer.parseInt(arguments.getFirst());
        int rounds = arguments.size() < 2 ? 7 : Integer.parseInt(arguments.get(1));
        int seconds = arguments.size() < 3 ? 4 : Integer.parseInt(arguments.get(2));
        try (Servers servers = new Servers(bytes)) {
            servers.near();
            Subject subject = servers.nearByTls();
            Map<String, Way> ways = new LinkedHashMap<>();
            ways.put("HTTP/1.1", new Way(subject, List.of("--h1", "-c" + CONNECTIONS * 8)));
            for (int streams : new int[] {1, 10, 50}) {
                ways.put("HTTP/2, streams " + streams, new Way(subject, List.of("-c" + CONNECTIONS, "-m" + streams)));
            }
            report(
                    bytes,
                    Rounds.inTurn(ways, rounds, way -> round(way, WARM_S), way -> round(way, seconds)),
                    arguments);
        }
    }

    /** Requests for each second of CPU that the server took. */
    private static double round(Way way, int seconds) throws IOException, InterruptedException {
        List<String> program = new ArrayList<>(List.of("h2load", "-t1", "-D" + seconds));
        program.addAll(way.options);
        double before = way.subject.server().cpuSeconds();
        String said = Processes.output(way.subject.askedBy(program.toArray(String[]::new)));
        double cpu = way.subject.server().cpuSeconds() - before;
        Matcher requests = REQUESTS.matcher(said);
        if (!requests.find() || !requests.group(1).equals(requests.group(2))) {
            throw new IOException(said);
        }
        return Double.parseDouble(requests.group(2)) / cpu;
    }

    private static void report(int bytes, Map<String, List<Double>> found, List<String> arguments) {
        Report report = new Report(
                "http2",
                String.format(
                        Locale.ROOT,
                        "How many near hits of %,d bytes does one core serve by HTTP/2 on %d connections, with so many streams on each, beside HTTP/1.1 on %d, both over TLS? h2load on the second core, all in turn, round after round. The goal: with 10 streams or more 1.8 times HTTP/1.1.",
                        bytes,
                        CONNECTIONS,
                        CONNECTIONS * 8),
                arguments);
        report.table(
                "protocol",
                "requests a CPU second: min · **median** · max",
                "beside HTTP/1.1, round by round",
                "rounds");
        ToDoubleFunction<Double> same = Double::doubleValue;
        List<Double> plain = found.values().iterator().next();
        found.forEach((way, rounds) ->
                report.row(way, Rounds.spread(rounds, same), Rounds.beside(rounds, plain, same), rounds.size()));
        report.end().write();
    }
}
