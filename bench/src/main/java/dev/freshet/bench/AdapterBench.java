package dev.freshet.bench;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** {@code bench/run adapter [rounds]}: what does a get of the Next.js adapter cost, by itself and through a replica on this machine, beside node-redis? */
final class AdapterBench implements AutoCloseable {
    private static final String NODE_REDIS = "redis@5";
    private static final Path FOLDER = Path.of("bench/target/adapter");
    private static final List<Integer> SIZES = List.of(4_096, 65_536);
    private static final int ROUNDS = 7;
    /** A subject is warmed by as many rounds. */
    private static final int WARMING = 3;

    /** Long, so that a pause of the machine is measured, and not the end of the bench. */
    private static final int DEADLINE_MS = 10_000;

    private static final int SERVER_CPU = 0;
    private static final int NODE_CPU = 1;
    private static final double NEAR_P99_US = 50;
    private static final double COLD_RATIO = 1.5;

    private static final String MAP = "`Map` and a copy";
    private static final String HTTP = "`node:http` alone, the replica has it near";
    private static final String REDIS = "node-redis";

    private final Deque<Child> children = new ArrayDeque<>();
    private final HttpClient client = HttpClient.newHttpClient();
    private final Child redis;
    private final Child bounded;
    private final Child strict;
    private final Child near;
    private final Child store;

    /**
     * What is measured.
     *
     * @param driver the process that does it
     * @param way of its ways
     * @param gets of each request
     */
    private record Subject(Child driver, String way, int bytes, int requests, int gets) {}

    /** Microseconds of a round. */
    private record Micros(double p50, double p99, double p999) {
        static Micros of(JsonObject found) {
            return new Micros(found.getDouble("p50"), found.getDouble("p99"), found.getDouble("p999"));
        }
    }

    /**
     * One round.
     *
     * @param entry from the call to the entry
     * @param first the same, of the first get of each request alone
     * @param later the same, of the others
     * @param whole from the call until its bytes are read
     * @param requests how many
     * @param lookups calls for entries
     * @param reads entries that the replica has read
     * @param clocks calls of the clock
     * @param seconds that it took
     */
    private record Round(
            Micros entry,
            Micros first,
            Micros later,
            Micros whole,
            long requests,
            long lookups,
            long reads,
            long clocks,
            double seconds) {
        static Round of(JsonObject found) {
            return new Round(
                    Micros.of(found.getJsonObject("entry")),
                    Micros.of(found.getJsonObject("first")),
                    Micros.of(found.getJsonObject("later")),
                    Micros.of(found.getJsonObject("whole")),
                    found.getLong("requests"),
                    found.getLong("lookups"),
                    found.getLong("reads"),
                    found.getLong("clocks"),
                    found.getDouble("seconds"));
        }
    }

    private AdapterBench() throws IOException, InterruptedException {
        Processes.npm(FOLDER, NODE_REDIS);
        redis = started(Child.redis(SERVER_CPU));
        Child withNear = started(Child.replica(redis, SERVER_CPU));
        Child withoutNear = started(Child.replica(redis, SERVER_CPU, Map.of("FRESHET_NEAR_BYTES", "0")));
        bounded = driver(withNear, "FRESHET_COHERENCE=bounded");
        strict = driver(withNear, "FRESHET_COHERENCE=strict");
        near = driver(withNear, "FRESHET_NEAR_MAX_BYTES=0", "FOUND=near");
        store = driver(withoutNear, "FRESHET_NEAR_MAX_BYTES=0", "FOUND=store");
    }

    static void run(List<String> arguments) throws Exception {
        int rounds = Arguments.number(arguments, 0, ROUNDS);
        try (AdapterBench bench = new AdapterBench()) {
            Report report = new Report(
                    "adapter",
                    String.format(
                            Locale.ROOT,
                            "What does a `get` of the Next.js adapter cost: answered by a copy in the process; in strict coherence; and, without copies, by a replica on the same machine, which has the entry near or reads it from Redis? "
                                    + "Beside it a GET of as many bytes by node-redis from the same Redis, one by `node:http` from the same replica, and a `Map`. Node %s with node-redis %s on the second core, the replicas (`-Xmx256m`) and Redis on the first; one caller, in turn, round after round. "
                                    + "Entries have 5 tags, and are asked for with 5 soft tags. Each call to the gateway is counted where it leaves the process, and each entry that the replica reads by the replica.",
                            Processes.output(List.of("node", "-p", "process.versions.node")),
                            Processes.output(List.of(
                                    "node",
                                    "-p",
                                    "require('./" + FOLDER + "/node_modules/redis/package.json').version"))),
                    arguments);
            report.text(
                    "The goals: near, no call and p99 below %.0f µs; strict, one small call for each request; through the replica, p50 at most %.1f times that of node-redis."
                            .formatted(NEAR_P99_US, COLD_RATIO));
            for (int bytes : SIZES) {
                Map<String, Subject> subjects = bench.subjects(bytes);
                tell(report, bytes, Rounds.inTurn(subjects, rounds, bench::warm, subject -> bench.round(subject, 1, "")));
            }
            report.write();
        }
    }

    private Map<String, Subject> subjects(int bytes) {
        Map<String, Subject> subjects = new LinkedHashMap<>();
        subjects.put(MAP, new Subject(bounded, "map", bytes, 2_500, 8));
        subjects.put(REDIS, new Subject(bounded, "redis", bytes, 3_000, 1));
        subjects.put(HTTP, new Subject(near, "http", bytes, 3_000, 1));
        for (String handler : List.of("components", "incremental")) {
            subjects.put(handler + " bounded", new Subject(bounded, handler, bytes, 2_500, 8));
            subjects.put(handler + " strict 1", new Subject(strict, handler, bytes, 2_000, 1));
            subjects.put(handler + " strict 8", new Subject(strict, handler, bytes, 2_000, 8));
            subjects.put(handler + " near", new Subject(near, handler, bytes, 3_000, 1));
            subjects.put(handler + " store", new Subject(store, handler, bytes, 3_000, 1));
        }
        return subjects;
    }

    private Round warm(Subject subject) throws IOException, InterruptedException {
        return round(subject, WARMING, "&warming");
    }

    private Round round(Subject subject, int times, String how) throws IOException, InterruptedException {
        String asked = "http://127.0.0.1:%d/%s?bytes=%d&requests=%d&gets=%d%s"
                .formatted(
                        subject.driver.port(), subject.way, subject.bytes, subject.requests * times, subject.gets, how);
        var answer = client.send(HttpRequest.newBuilder(URI.create(asked)).build(), BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException(subject + ": " + answer.body());
        }
        return Round.of(new JsonObject(answer.body()));
    }

    private static void tell(Report report, int bytes, Map<String, Rounds<Round>> found) {
        Function<String, Rounds<Round>> of = name -> Objects.requireNonNull(found.get(name));
        report.text("## %,d bytes".formatted(bytes));
        report.table(
                "`get`", "p50 µs: min · **median** · max", "p99 µs", "p99.9 µs", "calls in requests", "goal", "rounds");
        row(report, MAP, of.apply(MAP), Round::entry, "", "");
        for (String handler : List.of("components", "incremental")) {
            String name = "`" + handler + "`";
            Rounds<Round> copies = of.apply(handler + " bounded");
            boolean isQuick = micros(copies, Round::entry, Micros::p99).median() < NEAR_P99_US;
            boolean isSilent = total(copies, round -> round.lookups + round.reads) == 0;
            String lookups = calls(copies, Round::lookups);
            row(report, name + ", a copy", copies, Round::entry, lookups, met(isQuick && isSilent));
            row(report, name + ", a copy, and its bytes read", copies, Round::whole, "", "");
            strict(report, name + ", strict, the one of a request", of.apply(handler + " strict 1"), Round::entry);
            Rounds<Round> eight = of.apply(handler + " strict 8");
            strict(report, name + ", strict, the first of 8", eight, Round::first);
            row(report, name + ", strict, the 7 others", eight, Round::later, "", "");
        }
        report.end();
        Rounds<Round> copies = of.apply("components bounded");
        report.text("Where copies are not strict the clock is asked in the background, %s times a second here."
                .formatted(copies.median(round -> round.clocks / round.seconds)));
        cold(report, of);
    }

    private static void cold(Report report, Function<String, Rounds<Round>> of) {
        report.table(
                "`get` and its bytes read",
                "p50 µs: min · **median** · max",
                "p99 µs",
                "p99.9 µs",
                "p50 beside node-redis, round by round",
                "goal",
                "rounds");
        Rounds<Round> direct = of.apply(REDIS);
        row(report, REDIS, direct, Round::whole, "", "");
        Rounds<Round> alone = of.apply(HTTP);
        row(
                report,
                HTTP,
                alone,
                Round::whole,
                alone.beside(direct, round -> round.whole.p50).toString(),
                "");
        for (String handler : List.of("components", "incremental")) {
            for (String place : List.of("near", "store")) {
                Rounds<Round> rounds = of.apply(handler + " " + place);
                Spread ratio = rounds.beside(direct, round -> round.whole.p50);
                String name =
                        "`" + handler + "`, the replica " + (place.equals("near") ? "has it near" : "reads Redis");
                row(report, name, rounds, Round::whole, ratio.toString(), met(ratio.median() <= COLD_RATIO));
            }
        }
        report.end();
    }

    private static void row(
            Report report, String name, Rounds<Round> rounds, Function<Round, Micros> of, String beside, String goal) {
        report.row(
                name,
                micros(rounds, of, Micros::p50),
                micros(rounds, of, Micros::p99),
                micros(rounds, of, Micros::p999),
                beside,
                goal,
                rounds);
    }

    private static Spread micros(Rounds<Round> rounds, Function<Round, Micros> of, ToDoubleFunction<Micros> which) {
        return rounds.spread(round -> which.applyAsDouble(of.apply(round)));
    }

    /** In strict coherence the clock is asked for the sake of a request. */
    private static void strict(Report report, String name, Rounds<Round> rounds, Function<Round, Micros> of) {
        ToLongFunction<Round> calls = round -> round.lookups + round.clocks;
        boolean isOneEach = total(rounds, calls) == total(rounds, Round::requests);
        row(report, name, rounds, of, calls(rounds, calls), met(isOneEach));
    }

    private static String calls(Rounds<Round> rounds, ToLongFunction<Round> calls) {
        return String.format(Locale.ROOT, "%,d in %,d", total(rounds, calls), total(rounds, Round::requests));
    }

    private static long total(Rounds<Round> rounds, ToLongFunction<Round> count) {
        return rounds.all().stream().mapToLong(count).sum();
    }

    private static String met(boolean isMet) {
        return isMet ? "met" : "**not met**";
    }

    /** A process with the adapter in it, configured by {@code settings}. */
    private Child driver(Child replica, String... settings) throws IOException, InterruptedException {
        List<String> environment = new ArrayList<>(List.of(
                "env",
                "FRESHET_URL=http://127.0.0.1:" + replica.port(),
                "FRESHET_DEADLINE_MS=" + DEADLINE_MS,
                "REPLICA_METRICS=" + replica.metricsUrl(),
                "REDIS_URL=" + redis.url()));
        environment.addAll(List.of(settings));
        return started(Child.serving(NODE_CPU, port -> {
            List<String> command = new ArrayList<>(environment);
            command.addAll(List.of("node", "bench/adapter/driver.mjs", port));
            return command;
        }));
    }

    private Child started(Child child) {
        children.push(child);
        return child;
    }

    @Override
    public void close() {
        client.close();
        while (!children.isEmpty()) {
            children.pop().close();
        }
    }
}
