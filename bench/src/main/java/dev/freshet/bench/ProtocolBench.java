package dev.freshet.bench;

import dev.freshet.bench.Load.Round;
import dev.freshet.bench.Servers.Subject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How many requests does one core serve by which protocol: {@code bench/run http2}, and over which socket: {@code bench/run unix}. */
final class ProtocolBench {
    private static final int STREAMING = 8;
    private static final String LOOKUP = "{\"entries\":[" + "{\"key\":\"entry\"},".repeat(15) + "{\"key\":\"entry\"}]}";

    /**
     * A subject and how it is asked.
     *
     * @param options of h2load
     */
    private record Way(Subject subject, List<String> options) {
        Round ask(int seconds) throws Exception {
            return Load.h2load(subject, seconds, options);
        }
    }

    private final int bytes;
    private final int rounds;
    private final int seconds;
    private final List<String> arguments;

    private ProtocolBench(List<String> arguments) {
        this.arguments = arguments;
        bytes = Arguments.number(arguments, 0, 4_096);
        rounds = Arguments.number(arguments, 1, 7);
        seconds = Arguments.number(arguments, 2, 4);
    }

    /** {@code bench/run http2 [bytes [rounds [seconds]]]}: by HTTP/2, with how many streams, beside HTTP/1.1? */
    static void http2(List<String> arguments) throws Exception {
        ProtocolBench bench = new ProtocolBench(arguments);
        try (Servers servers = new Servers(bench.bytes)) {
            Subject store = servers.store();
            Subject near = servers.nearByTls();
            Map<String, Way> ways = new LinkedHashMap<>();
            ways.put("HTTP/1.1", new Way(near, List.of("--h1", "-c" + Load.CONNECTIONS)));
            for (int streams : new int[] {1, 10, 50}) {
                ways.put("HTTP/2, streams " + streams, new Way(near, streams(streams)));
            }
            Subject bare = servers.bareByTls();
            ways.put("bare Vert.x, HTTP/1.1", new Way(bare, List.of("--h1", "-c" + Load.CONNECTIONS)));
            for (int streams : new int[] {10, 50}) {
                ways.put("bare Vert.x, HTTP/2, streams " + streams, new Way(bare, streams(streams)));
            }
            ways.put("HTTP/2, streams 10, 304", new Way(near.with("If-None-Match: " + store.etag()), streams(10)));
            ways.put("HTTP/2, streams 10, miss", new Way(near.missing(), streams(10)));
            ways.put("HTTP/2, streams 10, PUT", bench.put(near));
            ways.put("HTTP/2, streams 10, lookup of 16", lookup(near));
            bench.report(
                    "http2",
                    String.format(
                            Locale.ROOT,
                            "How many near hits of %,d bytes does one core serve by HTTP/2 on %d connections, with so many streams on each, beside HTTP/1.1 on %d, both over TLS? And how many other requests? h2load on the second core, all in turn, round after round. The goal: with 10 streams or more 1.8 times HTTP/1.1.",
                            bench.bytes,
                            STREAMING,
                            Load.CONNECTIONS),
                    ways);
        }
    }

    /** {@code bench/run unix [bytes [rounds [seconds]]]}: over a Unix socket, beside TCP? */
    static void unix(List<String> arguments) throws Exception {
        ProtocolBench bench = new ProtocolBench(arguments);
        Path folder = Files.createTempDirectory("freshet");
        Path socket = folder.resolve("http");
        try (Servers servers = new Servers(bench.bytes)) {
            Subject near = servers.near(socket);
            List<String> tcp = List.of("--h1", "-c" + Load.CONNECTIONS);
            Map<String, Way> ways = new LinkedHashMap<>();
            ways.put("TCP", new Way(near, tcp));
            ways.put("Unix socket", new Way(near, Load.and(tcp, "--base-uri=unix:" + socket)));
            bench.report(
                    "unix",
                    String.format(
                            Locale.ROOT,
                            "How many near hits of %,d bytes does one core serve over a Unix socket, beside TCP, by HTTP/1.1 on %d connections each? h2load on the second core, in turn, round after round.",
                            bench.bytes,
                            Load.CONNECTIONS),
                    ways);
        } finally {
            Files.deleteIfExists(socket);
            Files.delete(folder);
        }
    }

    private static List<String> streams(int streams) {
        return List.of("-c" + STREAMING, "-m" + streams);
    }

    private Way put(Subject near) throws Exception {
        Path body = Files.writeString(Path.of("bench/target/load/body"), "x".repeat(bytes));
        return new Way(
                near.at(Servers.DEPLOYMENT + "/entries/put"),
                Load.and(streams(10), "--data=" + body, "-H:method: PUT"));
    }

    private static Way lookup(Subject near) throws Exception {
        Path body = Files.writeString(Path.of("bench/target/load/lookup"), LOOKUP);
        return new Way(
                near.at(Servers.DEPLOYMENT + "/lookup").with("Content-Type: application/json"),
                Load.and(streams(10), "--data=" + body));
    }

    private void report(String name, String question, Map<String, Way> ways) throws Exception {
        Map<String, Rounds<Round>> found =
                Rounds.inTurn(ways, rounds, way -> way.ask(Load.WARMING * seconds), way -> way.ask(seconds));
        String first = ways.keySet().iterator().next();
        Rounds<Round> plain = found.values().iterator().next();
        Report report = new Report(name, question, arguments);
        report.versions();
        report.table(
                name.equals("http2") ? "protocol" : "socket",
                "requests a CPU second: min · **median** · max",
                "beside " + first + ", round by round",
                "rounds");
        found.forEach((way, each) ->
                report.row(way, each.spread(Round::perCpuSecond), each.beside(plain, Round::perCpuSecond), each));
        report.end().write();
    }
}
