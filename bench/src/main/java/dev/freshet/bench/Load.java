package dev.freshet.bench;

import dev.freshet.bench.Servers.Subject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Programs on the second core that ask a server as fast as it answers. */
final class Load {
    /** As many rounds' time as each server is warmed. */
    static final int WARMING = 5;

    /** Connections of HTTP/1.1. */
    static final int CONNECTIONS = 64;

    private static final Pattern WRK = Pattern.compile("(\\d+) requests in ([0-9.]+)s");
    private static final Pattern WRK_FAILED = Pattern.compile("Non-2xx or 3xx responses: (\\d+)");
    private static final Pattern WRK_PERCENTILE = Pattern.compile("(50|99)%\\s+([0-9.]+)(us|ms|s)");
    private static final Pattern H2LOAD = Pattern.compile(
            "(?s)finished in ([0-9.]+)s.*requests: \\d+ total, \\d+ started, (\\d+) done, (\\d+) succeeded");

    /** What one round came to; latencies are NaN where nobody told them. */
    record Round(double requests, double seconds, double cpuSeconds, double p50Ms, double p99Ms) {
        Round {
            if (requests == 0) {
                throw new IllegalArgumentException("nothing was answered");
            }
        }

        /** For each second of CPU that the server took. */
        double perCpuSecond() {
            return requests / cpuSeconds;
        }

        double perSecond() {
            return requests / seconds;
        }
    }

    private Load() {}

    /** By wrk, HTTP/1.1, the entry alone. */
    static Round wrk(Subject subject, int seconds) throws IOException, InterruptedException {
        return wrk(subject, CONNECTIONS, seconds, subject.script());
    }

    /**
     * By wrk, HTTP/1.1.
     *
     * @param script a script and its arguments, or nothing
     */
    static Round wrk(Subject subject, int connections, int seconds, List<String> script)
            throws IOException, InterruptedException {
        List<String> program =
                new ArrayList<>(List.of("wrk", "-t1", "-c" + connections, "-d" + seconds + "s", "--latency"));
        List<String> after = new ArrayList<>();
        if (!script.isEmpty()) {
            program.addAll(List.of("-s", script.getFirst()));
            after.add("--");
            after.addAll(script.subList(1, script.size()));
        }
        double before = subject.server().cpuSeconds();
        String said = Processes.output(subject.askedBy(program, after));
        double cpu = subject.server().cpuSeconds() - before;
        Matcher requests = WRK.matcher(said);
        Matcher failed = WRK_FAILED.matcher(said);
        String failures = failed.find() ? failed.group(1) : "0";
        if (!requests.find() || !failures.equals(subject.isMissing() ? requests.group(1) : "0")) {
            throw new IOException(said);
        }
        double count = Double.parseDouble(requests.group(1));
        return new Round(
                count, Double.parseDouble(requests.group(2)), cpu, percentile(said, "50"), percentile(said, "99"));
    }

    private static double percentile(String said, String which) {
        return WRK_PERCENTILE
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

    /**
     * By h2load.
     *
     * @param options its own
     */
    static Round h2load(Subject subject, int seconds, List<String> options) throws IOException, InterruptedException {
        double before = subject.server().cpuSeconds();
        String said = Processes.output(subject.askedBy(h2load(seconds, options), List.of()));
        double cpu = subject.server().cpuSeconds() - before;
        Matcher requests = H2LOAD.matcher(said);
        if (!requests.find() || !requests.group(3).equals(subject.isMissing() ? "0" : requests.group(2))) {
            throw new IOException(said);
        }
        return new Round(
                Double.parseDouble(requests.group(2)),
                Double.parseDouble(requests.group(1)),
                cpu,
                Double.NaN,
                Double.NaN);
    }

    /** The command, without whom it asks. */
    static List<String> h2load(int seconds, List<String> options) {
        return and(List.of("h2load", "-t1", "-D" + seconds), options.toArray(String[]::new));
    }

    /** Some words of a command, and more. */
    static List<String> and(List<String> some, String... more) {
        return Stream.concat(some.stream(), Stream.of(more)).toList();
    }
}
