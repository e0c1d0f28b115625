package dev.freshet.bench;

import dev.freshet.bench.Servers.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/** {@code bench/run latency [rate [bytes [rounds [seconds]]]]}: how long does a near hit take at a fixed rate, beside nginx and Varnish? */
final class LatencyBench {
    /*
     * h2load sends at the rate whatever comes back, but on one connection of HTTP/1.1 not before the last
     * answer is there. What such a request then waited for its turn is not in its own time; so the histogram is
     * corrected for what was expected on each connection (Tene, "How not to measure latency").
     */

    private static final int CONNECTIONS = 100;

    /** Of each round, in which its connections are made: not measured. */
    private static final int WARM_UP_SECONDS = 1;

    /** One round: latencies in ms, and the share of the rate that was reached. */
    record Round(double p50, double p99, double p999, double share) {}

    private LatencyBench() {}

    static void run(List<String> arguments) throws Exception {
        int rate = Arguments.number(arguments, 0, 20_000);
        int bytes = Arguments.number(arguments, 1, 4_096);
        int rounds = Arguments.number(arguments, 2, 7);
        int seconds = Arguments.number(arguments, 3, 5);
        try (Servers servers = new Servers(bytes)) {
            Map<String, Subject> subjects = new LinkedHashMap<>();
            subjects.put("Freshet, near", servers.near());
            subjects.put("Freshet, near, io_uring", servers.nearByIoUring());
            subjects.put("bare Vert.x", servers.bare());
            subjects.putAll(servers.peers());
            report(
                    rate,
                    bytes,
                    Rounds.inTurn(
                            subjects,
                            rounds,
                            one -> warm(one, rate, Load.WARMING * seconds),
                            one -> round(one, rate, seconds)),
                    arguments);
        }
    }

    /* What each connection asks first is read in full, as is every request whose fields change. Other clients keep that warm. */
    private static Round warm(Subject subject, int rate, int seconds) throws IOException, InterruptedException {
        Load.wrk(subject.changing(), seconds / 2);
        return round(subject, rate, seconds / 2);
    }

    /** Asks at a rate, each second so many times. */
    static Round round(Subject subject, int rate, int seconds) throws IOException, InterruptedException {
        Path log = Path.of("bench/target/load/latencies");
        Files.deleteIfExists(log);
        List<String> options = List.of(
                "--h1",
                "-c" + CONNECTIONS,
                "--warm-up-time=" + WARM_UP_SECONDS,
                "--rps=" + rate / CONNECTIONS,
                "--log-file=" + log);
        Processes.output(subject.askedBy(Load.h2load(seconds, options), List.of()));
        Histogram micros = new Histogram(60_000_000, 3);
        long answers = 0;
        try (Stream<String> lines = Files.lines(log)) {
            for (String line : (Iterable<String>) lines::iterator) {
                String[] fields = line.split("\t", -1);
                answers++;
                if (!fields[1].equals("200")) {
                    throw new IOException("answered " + fields[1]);
                }
                micros.recordValueWithExpectedInterval(Long.parseLong(fields[2]), 1_000_000L * CONNECTIONS / rate);
            }
        }
        return new Round(
                micros.getValueAtPercentile(50) / 1_000.0,
                micros.getValueAtPercentile(99) / 1_000.0,
                micros.getValueAtPercentile(99.9) / 1_000.0,
                (double) answers / rate / seconds);
    }

    private static void report(int rate, int bytes, Map<String, Rounds<Round>> found, List<String> arguments) {
        Report report = new Report(
                "latency",
                String.format(
                        Locale.ROOT,
                        "How long does a near hit of %,d bytes take at %,d requests a second by HTTP/1.1 on %d connections? h2load at a fixed rate on the second core, servers on the first, in turn, round after round, warmed by these requests and by others, and by a second of each round, in which its connections are made; corrected for coordinated omission. The goal: p99 no more than nginx's, p99.9 at most 5 ms.",
                        bytes,
                        rate,
                        CONNECTIONS),
                arguments);
        report.versions();
        table(report, "p99 beside Freshet's", found);
        report.write();
    }

    /** A row for each, beside the first. */
    static void table(Report report, String beside, Map<String, Rounds<Round>> found) {
        Rounds<Round> first = found.values().iterator().next();
        report.table(
                "server",
                "p50 ms: min · **median** · max",
                "p99 ms",
                "p99.9 ms",
                beside + ", round by round",
                "share of the rate",
                "rounds");
        found.forEach((name, rounds) -> report.row(
                name,
                rounds.spread(Round::p50),
                rounds.spread(Round::p99),
                rounds.spread(Round::p999),
                rounds.beside(first, Round::p99),
                rounds.median(Round::share),
                rounds));
        report.end();
    }
}
