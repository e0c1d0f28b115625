package dev.freshet.bench;

import dev.freshet.bench.Load.Round;
import dev.freshet.bench.Servers.Subject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** {@code bench/run kinds [rounds [seconds]]}: how many requests of each kind does one core serve, of bodies of 1 KiB to 1 MiB? */
final class KindsBench {
    private static final List<Integer> SIZES = List.of(1 << 10, 1 << 12, 1 << 16, 1 << 20);

    /** So many entries of each kind that is about many, or of so many bytes in all. */
    private static final int KEYS_MAX = 1_000;

    private static final int KINDS_BYTES_MAX = 8 << 20;

    /** A replica has no more on their way by default than four times that. */
    private static final int ON_THEIR_WAY_BYTES_MAX = 16 << 20;

    private static final int LOOKED_UP = 16;
    private static final String NEAR = "near hit";

    /**
     * One kind.
     *
     * @param script of wrk, if it asks for more than one entry
     */
    private record Kind(Subject subject, int connections, List<String> script) {
        Round ask(int seconds) throws Exception {
            return Load.wrk(subject, connections, seconds, script);
        }
    }

    private final Map<String, Kind> kinds = new LinkedHashMap<>();
    private final Servers servers;
    private final int bytes;

    private KindsBench(Servers servers, int bytes) throws Exception {
        this.servers = servers;
        this.bytes = bytes;
        Subject store = servers.store();
        Subject near = servers.near();
        kinds.put(NEAR, one(near));
        kinds.put("304", one(near.with("If-None-Match: " + near.etag())));
        kinds.put("store hit, all of one entry", one(store));
        kinds.put("store hit", many(store, "get", 1));
        kinds.put("miss", many(near.missing(), "missing", 1));
        kinds.put("PUT", many(near, "put", 1));
        kinds.put("95 GET and 5 PUT of a hundred", many(near, "mixed", 1));
        kinds.put("`lookup` of " + LOOKED_UP, many(near, "lookup", LOOKED_UP));
        kinds.put("a near hit of bare Vert.x", one(servers.bare()));
        servers.nginx().forEach((name, nginx) -> kinds.put("a near hit of " + name, one(nginx)));
    }

    private Kind one(Subject subject) {
        return new Kind(subject, connections(1), List.of());
    }

    private Kind many(Subject subject, String kind, int each) throws Exception {
        int keys = Math.clamp(KINDS_BYTES_MAX / bytes, LOOKED_UP, KEYS_MAX);
        if (!subject.isMissing()) {
            servers.fill(subject, kind, keys);
        }
        return new Kind(subject.at(Servers.DEPLOYMENT), connections(each), Servers.asking(kind, keys, bytes));
    }

    private int connections(int each) {
        return Math.clamp(ON_THEIR_WAY_BYTES_MAX / bytes / each, 1, Load.CONNECTIONS);
    }

    static void run(List<String> arguments) throws Exception {
        int rounds = Arguments.number(arguments, 0, 5);
        int seconds = Arguments.number(arguments, 1, 1);
        List<Map<String, Rounds<Round>>> found = new ArrayList<>();
        for (int bytes : SIZES) {
            try (Servers servers = new Servers(bytes)) {
                Map<String, Kind> kinds = new KindsBench(servers, bytes).kinds;
                found.add(Rounds.inTurn(
                        kinds, rounds, kind -> kind.ask(Load.WARMING * seconds), kind -> kind.ask(seconds)));
            }
        }
        report(found, arguments);
    }

    private static void report(List<Map<String, Rounds<Round>>> found, List<String> arguments) {
        Report report = new Report(
                "kinds",
                String.format(
                        Locale.ROOT,
                        "How many requests of each kind does one core serve, by HTTP/1.1, of bodies of 1 KiB to 1 MiB? Servers on the first core, wrk (and Redis) on the second, in turn, round after round. "
                                + "Requests for each second of CPU that the server took: min · **median** · max, and the median beside that of the near hit of as many bytes. There are %d connections, but fewer where more than %d MiB would be on their way. "
                                + "What is not of one entry goes round %,d, or as many as are %d MiB and 16 at least; those who read one entry at the same time share a read of Redis.",
                        Load.CONNECTIONS,
                        ON_THEIR_WAY_BYTES_MAX >> 20,
                        KEYS_MAX,
                        KINDS_BYTES_MAX >> 20),
                arguments);
        report.versions();
        report.table("kind", "1 KiB", "4 KiB", "64 KiB", "1 MiB", "rounds of all sizes");
        for (String kind : found.getFirst().keySet()) {
            List<Object> cells = new ArrayList<>(List.of(kind));
            Rounds<Round> all = new Rounds<>(List.of(), 0);
            for (Map<String, Rounds<Round>> size : found) {
                Rounds<Round> rounds = Objects.requireNonNull(size.get(kind));
                Rounds<Round> near = Objects.requireNonNull(size.get(NEAR));
                cells.add(rounds.spread(Round::perCpuSecond) + "; × "
                        + Spread.text(rounds.beside(near, Round::perCpuSecond).median()));
                all = all.and(rounds);
            }
            cells.add(all);
            report.row(cells.toArray());
        }
        report.end().write();
    }
}
