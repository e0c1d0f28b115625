package dev.freshet.bench;

import dev.freshet.bench.Load.Round;
import dev.freshet.bench.Servers.Subject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * {@code bench/run load [bytes [rounds [seconds]]]}: how many requests does one core serve, of an entry that is near and of one
 * that is in Redis, beside what else one might put there?
 */
final class LoadBench {
    private LoadBench() {}

    static void run(List<String> arguments) throws Exception {
        int bytes = Arguments.number(arguments, 0, 4_096);
        int rounds = Arguments.number(arguments, 1, 7);
        int seconds = Arguments.number(arguments, 2, 4);
        try (Servers servers = new Servers(bytes)) {
            Map<String, Subject> subjects = new LinkedHashMap<>();
            Subject near = servers.near();
            subjects.put("Freshet, near", near);
            subjects.put("Freshet, near, an id in each request", near.changing());
            subjects.put("Freshet, near, io_uring", servers.nearByIoUring());
            subjects.put("Freshet, store", servers.store());
            subjects.put("bare Vert.x", servers.bare());
            subjects.put("bare Vert.x, io_uring", servers.bareByIoUring());
            subjects.putAll(servers.peers());
            subjects.putAll(servers.storePeers());
            report(
                    bytes,
                    Rounds.inTurn(
                            subjects,
                            rounds,
                            one -> Load.wrk(one, Load.WARMING * seconds),
                            one -> Load.wrk(one, seconds)),
                    arguments);
        }
    }

    private static void report(int bytes, Map<String, Rounds<Round>> found, List<String> arguments) {
        Report report = new Report(
                "load",
                String.format(
                        Locale.ROOT,
                        "How many requests of an entry of %,d bytes does one core serve, by HTTP/1.1 on %d connections? Servers on the first core, wrk (and Redis) on the second, in turn, round after round, each warmed by the time of %d rounds. "
                                + "Requests for each second of CPU that the server took; Freshet asks each for a token, counts and limits as it does by default. Clients send the same fields with each request, but where an id is said to change. The peers' configurations are in bench/peers.",
                        bytes,
                        Load.CONNECTIONS,
                        Load.WARMING),
                arguments);
        report.versions()
                .table(
                        "server",
                        "requests a CPU second: min · **median** · max",
                        "beside the near hit, round by round",
                        "requests/s",
                        "p50 ms",
                        "p99 ms",
                        "rounds");
        Rounds<Round> near = found.values().iterator().next();
        found.forEach((name, rounds) -> report.row(
                name,
                rounds.spread(Round::perCpuSecond),
                rounds.beside(near, Round::perCpuSecond),
                rounds.median(Round::perSecond),
                rounds.median(Round::p50Ms),
                rounds.median(Round::p99Ms),
                rounds));
        report.end().write();
    }
}
