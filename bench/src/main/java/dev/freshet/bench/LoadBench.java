package dev.freshet.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * {@code bench/run load [bytes [rounds [seconds]]]}: how many requests does one core serve, of an entry that is near and of one
 * that is in Redis, beside what else one might put there?
 */
final class LoadBench {
    private static final int SERVER_CPU = 0;
    private static final int LOAD_CPU = 1;
    private static final int CONNECTIONS = 64;
    private static final double TICKS_PER_S = 100;
    private static final String ENTRY = "/v1/apps/shop/deployments/v1/entries/entry";

    private static final Pattern REQUESTS = Pattern.compile("(\\d+) requests in ([0-9.]+)s");
    private static final Pattern PERCENTILE = Pattern.compile("(50|99)%\\s+([0-9.]+)(us|ms|s)");

    private final Map<String, Subject> subjects = new LinkedHashMap<>();
    private final Deque<Child> children = new ArrayDeque<>();
    private final Path folder = Path.of("bench/target/load").toAbsolutePath();

    /** One that is asked. */
    private record Subject(Child server, String path) {}

    /** One round of one subject. */
    private record Round(double perCpuSecond, double perSecond, double p50Ms, double p99Ms) {}

    private LoadBench() {}

    static void run(List<String> arguments) throws Exception {
        int bytes = arguments.isEmpty() ? 4_096 : Integer.parseInt(arguments.getFirst());
        int rounds = arguments.size() < 2 ? 5 : Integer.parseInt(arguments.get(1));
        int seconds = arguments.size() < 3 ? 4 : Integer.parseInt(arguments.get(2));
        new LoadBench().all(bytes, rounds, seconds, arguments);
    }

    private void all(int bytes, int rounds, int seconds, List<String> arguments) throws Exception {
        try {
            start(bytes);
            Map<String, List<Round>> found = new LinkedHashMap<>();
            for (Map.Entry<String, Subject> one : subjects.entrySet()) {
                round(one.getValue(), seconds);
                found.put(one.getKey(), new ArrayList<>());
            }
            for (int i = 0; i < rounds; i++) {
                for (Map.Entry<String, Subject> one : subjects.entrySet()) {
                    found.getOrDefault(one.getKey(), new ArrayList<>()).add(round(one.getValue(), seconds));
                }
            }
            report(bytes, found, arguments);
        } finally {
            while (!children.isEmpty()) {
                children.pop().close();
            }
        }
    }

    private Child started(Child child) {
        children.push(child);
        return child;
    }

    private void start(int bytes) throws IOException, InterruptedException {
        clean();
        String size = Integer.toString(bytes);
        Child redis = started(Child.redis(LOAD_CPU));
        Child bare = started(Child.serving(SERVER_CPU, port -> List.of(
                Processes.java(),
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                Bare.class.getName(),
                port,
                size)));
        subjects.put("freshet, near", entry(started(Child.replica(redis, SERVER_CPU)), bytes));
        subjects.put(
                "freshet, store",
                entry(started(Child.replica(redis, SERVER_CPU, Map.of("FRESHET_NEAR_BYTES", "0"))), bytes));
        subjects.put("bare Vert.x", new Subject(bare, "/entry"));
        subjects.put(
                "node http, Map",
                new Subject(
                        started(Child.serving(SERVER_CPU, port -> List.of("node", "bench/peers/map.mjs", port, size))),
                        "/entry"));
        if (isThere("nginx")) {
            subjects.put(
                    "nginx proxy_cache",
                    new Subject(
                            started(Child.serving(
                                    SERVER_CPU, port -> List.of("nginx", "-p", folder.toString(), "-c", made(
                                                    "nginx.conf", port, bare)))),
                            "/entry"));
        }
        if (isThere("varnishd")) {
            subjects.put(
                    "varnish",
                    new Subject(
                            started(Child.serving(
                                    SERVER_CPU,
                                    port -> List.of(
                                            "varnishd",
                                            "-F",
                                            "-n",
                                            folder.resolve("varnish").toString(),
                                            "-a",
                                            "127.0.0.1:" + port,
                                            "-s",
                                            "malloc,64m",
                                            "-f",
                                            made("varnish.vcl", port, bare)))),
                            "/entry"));
        }
    }

    private void clean() throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
        Files.createDirectories(folder);
    }

    private static boolean isThere(String program) {
        return Stream.of("/usr/sbin", "/usr/bin", "/usr/local/bin")
                .anyMatch(place -> Files.isExecutable(Path.of(place, program)));
    }

    /** A peer's configuration, made from the one in {@code bench/peers}. */
    private String made(String name, String port, Child origin) throws IOException {
        String text = Files.readString(Path.of("bench/peers", name))
                .replace("PORT", port)
                .replace("ORIGIN", Integer.toString(origin.port()))
                .replace("DIR", folder.toString());
        return Files.writeString(folder.resolve(name), text).toString();
    }

    /** Writes the entry, and reads it until it is as it will be. */
    private static Subject entry(Child replica, int bytes) throws IOException {
        try (Loopback connection = new Loopback(replica.port())) {
            Loopback.Answer put = connection.ask(Loopback.request("PUT", ENTRY, "x".repeat(bytes)));
            if (put.status() >= 300) {
                throw new IOException(put.head());
            }
            for (int i = 0; i < 1_000; i++) {
                connection.ask(Loopback.request("GET", ENTRY, ""), 200);
            }
        }
        return new Subject(replica, ENTRY);
    }

    private static Round round(Subject subject, int seconds) throws IOException, InterruptedException {
        double before = subject.server.cpuSeconds(TICKS_PER_S);
        String said = Processes.output(List.of(
                "taskset",
                "-c",
                Integer.toString(LOAD_CPU),
                "wrk",
                "-t1",
                "-c" + CONNECTIONS,
                "-d" + seconds + "s",
                "--latency",
                "http://127.0.0.1:" + subject.server.port() + subject.path));
        double cpu = subject.server.cpuSeconds(TICKS_PER_S) - before;
        Matcher requests = REQUESTS.matcher(said);
        if (!requests.find() || said.contains("Non-2xx")) {
            throw new IOException(said);
        }
        double count = Double.parseDouble(requests.group(1));
        return new Round(
                count / cpu, count / Double.parseDouble(requests.group(2)), percentile(said, "50"), percentile(said, "99"));
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
                        "How many requests of an entry of %,d bytes does one core serve, by HTTP/1.1 on %d connections? Servers on the first core, wrk (and Redis) on the second, in turn, round after round. "
                                + "Requests for each second of CPU that the server took. The peers' configurations are in bench/peers.",
                        bytes,
                        CONNECTIONS),
                arguments);
        report.table(
                "server",
                "requests a CPU second: min · **median** · max",
                "beside the near hit",
                "requests/s",
                "p50 ms",
                "p99 ms",
                "rounds");
        double near = spread(found.values().iterator().next(), Round::perCpuSecond).median();
        found.forEach((name, rounds) -> {
            Spread cpu = spread(rounds, Round::perCpuSecond);
            report.row(
                    name,
                    cpu,
                    Spread.text(cpu.median() / near),
                    Spread.text(spread(rounds, Round::perSecond).median()),
                    Spread.text(spread(rounds, Round::p50Ms).median()),
                    Spread.text(spread(rounds, Round::p99Ms).median()),
                    rounds.size());
        });
        report.end().write();
    }

    private static Spread spread(List<Round> rounds, ToDoubleFunction<Round> figure) {
        return Spread.of(rounds.stream().mapToDouble(figure).toArray());
    }
}
