package dev.freshet.bench;

import dev.freshet.bench.LatencyBench.Round;
import dev.freshet.bench.Servers.Subject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** {@code bench/run big [rate [rounds [seconds]]]}: how long does a small near hit take while large bodies are read and written on the same loop? */
final class BigBench {
    private static final int SMALL_BYTES = 4_096;
    private static final int MIB = 1 << 20;
    private static final int CONNECTIONS = 4;

    /** What is done meanwhile, by h2load with such options. */
    private record Other(Subject subject, List<String> options) {
        /* It begins before the round, and ends after it. */
        Round during(Callable<Round> round, int seconds) throws Exception {
            try (ExecutorService beside = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<Load.Round> other = beside.submit(() -> Load.h2load(subject, seconds + 2, options));
                Thread.sleep(1_000);
                Round found = round.call();
                other.get();
                return found;
            }
        }
    }

    private final Map<String, Optional<Other>> ways = new LinkedHashMap<>();
    private final Subject near;

    private BigBench(Subject near) throws Exception {
        this.near = near;
        ways.put("alone", Optional.empty());
        ways.put("while 1 MiB is read 100 times a second", reading(MIB, 25));
        ways.put("while 8 MiB are read 12 times a second", reading(8 * MIB, 3));
        ways.put("while 8 MiB are written 4 times a second", writing(8 * MIB, 1));
    }

    private Round ask(Optional<Other> other, int rate, int seconds) throws Exception {
        Callable<Round> small = () -> LatencyBench.round(near, rate, seconds);
        return other.isPresent() ? other.get().during(small, seconds) : small.call();
    }

    static void run(List<String> arguments) throws Exception {
        int rate = Arguments.number(arguments, 0, 2_000);
        int rounds = Arguments.number(arguments, 1, 5);
        int seconds = Arguments.number(arguments, 2, 5);
        try (Servers servers = new Servers(SMALL_BYTES)) {
            BigBench bench = new BigBench(servers.near());
            Map<String, Rounds<Round>> found = Rounds.inTurn(
                    bench.ways,
                    rounds,
                    other -> bench.ask(other, rate, 2 * seconds),
                    other -> bench.ask(other, rate, seconds));
            Report report = new Report(
                    "big",
                    String.format(
                            Locale.ROOT,
                            "How long does a near hit of %,d bytes take, %,d times a second, while large bodies are read (near) or written on %d connections of the same event loop, beside without? The server has the first core; both askers and Redis share the second; in turn, round after round.",
                            SMALL_BYTES,
                            rate,
                            CONNECTIONS),
                    arguments);
            LatencyBench.table(report.versions(), "p99 beside alone", found);
            report.write();
        }
    }

    private Optional<Other> reading(int bytes, int perSecond) throws Exception {
        Subject big = near.at(Servers.DEPLOYMENT + "/entries/big" + bytes);
        try (Loopback connection = new Loopback(near.server().port())) {
            Servers.put(connection, big.path(), bytes);
        }
        return other(big, perSecond);
    }

    private Optional<Other> writing(int bytes, int perSecond) throws Exception {
        Path body = Files.write(Path.of("bench/target/load/big"), new byte[bytes]);
        Subject written = near.at(Servers.DEPLOYMENT + "/entries/written");
        return other(written, perSecond, "--data=" + body, "-H:method: PUT");
    }

    /**
     * On a few connections.
     *
     * @param perSecond of each
     */
    private static Optional<Other> other(Subject subject, int perSecond, String... options) {
        List<String> all = List.of("--h1", "-c" + CONNECTIONS, "--rps=" + perSecond);
        return Optional.of(new Other(subject, Load.and(all, options)));
    }
}
