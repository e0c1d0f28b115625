package dev.freshet.bench;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.loop.Clocks;
import dev.freshet.near.NearCache;
import dev.freshet.near.NearConfig;
import dev.freshet.tag.Mark;
import dev.freshet.tag.MarkTable;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** {@code bench/run memory}: how many bytes do a mark, a near copy and a replica take? */
final class MemoryBench {
    private static final List<Integer> STEPS = List.of(1_000, 10_000, 100_000, 1_000_000);
    private static final int MOST = STEPS.getLast();
    private static final int ROUNDS = 5;
    private static final int TAGS_AT_ONCE = 250;
    private static final int ENTRIES = 4_000;
    private static final int COPY_ROUNDS = 2;
    private static final int COPIES = 50_000;
    private static final int COPY_BYTES = 100;

    private MemoryBench() {}

    /** Starts a JVM for each case, or is one if there are arguments: what is to be held, and how many. */
    static void run(List<String> arguments) throws Exception {
        if (!arguments.isEmpty()) {
            int count = Integer.parseInt(arguments.get(1));
            System.out.println(
                    switch (arguments.getFirst()) {
                        case "copies" -> bytesPerCopyOf(count);
                        default -> bytesPerTag(arguments.getFirst(), count);
                    });
            return;
        }
        Report report = new Report(
                "memory",
                "How many bytes does each of so many tags of 24 characters take in the table of marks, after a full collection, in a JVM of -Xmx256m? "
                        + "The table is filled to its bound, and then again with other tags, so that each row was dropped once. The goal: 120.",
                arguments);
        report.table("marks", "of", "JVM", "bytes a tag: min · **median** · max", "rounds");
        for (int tags : STEPS) {
            tell(report, "hard", tags, "as it is", List.of("-Xmx256m"));
        }
        tell(report, "soft", MOST, "as it is", List.of("-Xmx256m"));
        tell(report, "hard", MOST, "compact object headers", List.of("-Xmx256m", "-XX:+UseCompactObjectHeaders"));
        report.end();
        report.text(String.format(
                Locale.ROOT,
                "And each of so many near copies beyond its body, of %d bytes, with 3 tags of its own of 24 characters? The goal: 250 beyond key and body.",
                COPY_BYTES));
        report.table("near copies", "of", "JVM", "bytes a copy: min · **median** · max", "rounds");
        for (int copies : STEPS) {
            tell(report, "copies", copies, "as it is", List.of("-Xmx3g"));
        }
        tell(report, "copies", MOST, "compact object headers", List.of("-Xmx3g", "-XX:+UseCompactObjectHeaders"));
        report.end();
        near(report);
        replica(report);
        resident(report);
        report.write();
    }

    private static void tell(Report report, String what, int count, String jvm, List<String> flags) throws Exception {
        Rounds<Double> rounds = Rounds.of(ROUNDS, () -> child(flags, what, count));
        report.row(what, "%,d".formatted(count), jvm, rounds.spread(Double::doubleValue), rounds);
    }

    private static void near(Report report) throws Exception {
        report.text(String.format(
                Locale.ROOT,
                "The same of %,d near copies of a whole replica, that were written and read by HTTP; the key is 56 of these, and with compact object headers 48:",
                COPIES));
        report.table("tags", "JVM", "bytes a copy: min · **median** · max", "rounds");
        for (boolean own : new boolean[] {false, true}) {
            near(report, own, "as it is", "");
            near(report, own, "compact object headers", "-XX:+UseCompactObjectHeaders");
        }
        report.end();
    }

    private static void near(Report report, boolean own, String jvm, String flags) throws Exception {
        Rounds<Double> rounds = Rounds.of(COPY_ROUNDS, () -> bytesPerCopy(own, flags));
        report.row(own ? "of the entry's own" : "the same three", jvm, rounds.spread(Double::doubleValue), rounds);
    }

    private static void resident(Report report) throws Exception {
        report.text(
                "What a whole replica of -Xmx128m with 48 MiB of near copies has resident at most, as the kernel counts it (VmHWM), while 64 connections ask for 5 s. The goal: 200 MiB.");
        report.table("load", "MiB: min · **median** · max", "rounds");
        resident(report, "near hits of 4 KiB", "get", 4 << 10, 1_000);
        resident(report, "95 GET and 5 PUT of a hundred, of 96 MiB in entries of 32 KiB", "mixed", 32 << 10, 3_072);
        report.end();
    }

    private static void resident(Report report, String load, String kind, int bytes, int keys) throws Exception {
        Rounds<Double> rounds = Rounds.of(ROUNDS, () -> {
            try (Servers servers = new Servers(bytes)) {
                Servers.Subject replica = servers.small();
                servers.fill(replica, kind, keys);
                Load.wrk(replica.at(Servers.DEPLOYMENT), Load.CONNECTIONS, 5, Servers.asking(kind, keys, bytes));
                return replica.server().residentMib();
            }
        });
        report.row(load, rounds.spread(Double::doubleValue), rounds);
    }

    private static double bytesPerCopy(boolean ownTags, String flags) throws Exception {
        try (Child redis = Child.redis(-1);
                Child replica =
                        Child.replica(redis, -1, Map.of("FRESHET_NEAR_BYTES", "160MiB", "JAVA_TOOL_OPTIONS", flags));
                Loopback client = new Loopback(replica.port())) {
            for (int i = 0; i < COPIES; i++) {
                int first = ownTags ? 3 * i : 0;
                String tags = IntStream.range(first, first + 3)
                        .mapToObj(tag -> '"' + name(tag) + '"')
                        .collect(Collectors.joining(", "));
                client.ask(Loopback.request("PUT", path(i), "x".repeat(COPY_BYTES), "Cache-Groups: " + tags), 201);
            }
            double before = heapKib(replica);
            for (int i = 0; i < COPIES; i++) {
                client.ask(Loopback.request("GET", path(i), ""), 200);
            }
            return (heapKib(replica) - before) * 1_024 / COPIES - COPY_BYTES;
        }
    }

    private static void replica(Report report) throws Exception {
        Map<String, String> environment =
                Map.of("FRESHET_LIMITS_MARKS", Integer.toString(MOST), "FRESHET_NEAR_BYTES", "32MiB");
        report.text("A whole replica of -Xmx256m, with 32 MiB of near copies, over Redis:");
        report.table("after a full collection", "heap used, MiB");
        try (Child redis = Child.redis(-1);
                Child replica = Child.replica(redis, -1, environment);
                Loopback client = new Loopback(replica.port())) {
            report.row("empty", heapMib(replica));
            for (int i = 0; i < MOST; i += TAGS_AT_ONCE) {
                client.ask(invalidation(i), 200);
            }
            report.row("a million tags, softly invalidated", heapMib(replica));
            for (int i = 0; i < ENTRIES; i++) {
                client.ask(put(i), 201);
                client.ask(Loopback.request("GET", path(i), ""), 200);
            }
            report.row("and near copies as many as fit", heapMib(replica));
            long begun = System.nanoTime();
            try (Child joining = Child.replica(redis, -1, environment);
                    Loopback its = new Loopback(joining.port())) {
                its.ask(Loopback.request("GET", path(ENTRIES - 1), ""), 200);
                long millis = (System.nanoTime() - begun) / 1_000_000;
                report.row("a replica that joins, " + millis + " ms after its start", heapMib(joining));
            }
        }
        report.end();
    }

    private static byte[] invalidation(int first) {
        String tags = IntStream.range(first, first + TAGS_AT_ONCE)
                .mapToObj(i -> "\"" + name(i) + "\"")
                .collect(Collectors.joining(","));
        return Loopback.request(
                "POST",
                "/v1/apps/shop/invalidations",
                "{\"tags\":[" + tags + "],\"mode\":\"soft\"}",
                "Content-Type: application/json");
    }

    private static String path(int entry) {
        return "/v1/apps/shop/deployments/v1/entries/entry" + entry;
    }

    private static byte[] put(int entry) {
        return Loopback.request("PUT", path(entry), "x".repeat(10_000), "Cache-Groups: \"" + name(entry) + "\"");
    }

    private static String heapMib(Child replica) throws Exception {
        return Spread.text(heapKib(replica) / 1_024);
    }

    private static double heapKib(Child replica) throws Exception {
        String jcmd = Processes.java().replaceFirst("java$", "jcmd");
        String pid = Long.toString(replica.pid());
        Processes.output(List.of(jcmd, pid, "GC.run"));
        String info = Processes.output(List.of(jcmd, pid, "GC.heap_info"));
        return Long.parseLong(info.replaceAll("(?s).*?used (\\d+)K.*", "$1"));
    }

    private static String name(int tag) {
        return "product-number-" + (100_000_000 + tag);
    }

    private static double child(List<String> flags, String what, int count) throws Exception {
        List<String> command = new ArrayList<>(List.of(Processes.java()));
        command.addAll(flags);
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Bench.class.getName()));
        command.addAll(List.of("memory", what, Integer.toString(count)));
        return Double.parseDouble(Processes.output(command));
    }

    /* A small one is made before, for all that is there but once. */
    private static double bytesPerTag(String marks, int tags) {
        table(marks, 10);
        long before = usedBytes();
        MarkTable table = table(marks, tags);
        long after = usedBytes();
        return (after - before) / (double) table.size();
    }

    private static MarkTable table(String marks, int tags) {
        MarkTable table = new MarkTable(tags);
        for (int i = 0; i < 2 * tags; i++) {
            long stamp = 1_700_000_000_000_000L + i;
            Mark mark = marks.equals("hard") ? Mark.hard(stamp) : Mark.soft(stamp, stamp / 1_000 + 31_536_000_000L);
            table.merge(new Tag(name(i)), mark, stamp);
        }
        if (table.size() != tags) {
            throw new IllegalStateException("the table holds " + table.size());
        }
        return table;
    }

    /* The first is there before, with all that a cache has but once. */
    private static double bytesPerCopyOf(int copies) {
        NearCache near = new NearCache(new NearConfig(1L << 40, Duration.ofHours(1)), Clocks.SYSTEM);
        keep(near, copies);
        long before = usedBytes();
        for (int i = 0; i < copies; i++) {
            keep(near, i);
        }
        long after = usedBytes();
        if (near.size() != copies + 1) {
            throw new IllegalStateException("the cache holds " + near.size());
        }
        return (after - before) / (double) copies - COPY_BYTES;
    }

    private static void keep(NearCache near, int number) {
        Key key = Key.of("shop", "v1", "entry" + number);
        long stamp = 1_700_000_000_000_000L + number;
        List<Tag> tags = IntStream.range(3 * number, 3 * number + 3)
                .mapToObj(tag -> new Tag(name(tag)))
                .toList();
        Body body = Body.of(Buffer.buffer(new byte[COPY_BYTES]));
        Entry entry =
                new Entry(key, stamp, "epoch", stamp, stamp / 1_000, tags, Lifetime.UNLIMITED, Draft.OCTETS, "", body);
        near.fetch(key, 1, known -> Future.succeededFuture(Optional.of(entry)));
    }

    private static long usedBytes() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
