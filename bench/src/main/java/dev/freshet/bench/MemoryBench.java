package dev.freshet.bench;

import dev.freshet.tag.Mark;
import dev.freshet.tag.MarkTable;
import dev.freshet.tag.Tag;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** {@code bench/run memory}: how many bytes does a tag take in the table of marks, in a JVM of -Xmx256m? */
final class MemoryBench {
    private static final int TAGS = 1_000_000;
    private static final int ROUNDS = 5;
    private static final int TAGS_AT_ONCE = 250;
    private static final int ENTRIES = 4_000;
    private static final int COPY_ROUNDS = 2;
    private static final int COPIES = 50_000;
    private static final int COPY_BYTES = 100;
    private static final Map<String, List<String>> JVMS =
            Map.of("as it is", List.of(), "compact object headers", List.of("-XX:+UseCompactObjectHeaders"));

    private MemoryBench() {}

    /** Starts a JVM for each case, or is one if there are arguments. */
    static void run(List<String> arguments) throws Exception {
        if (!arguments.isEmpty()) {
            System.out.println(bytesPerTag(arguments.getFirst()));
            return;
        }
        Report report = new Report(
                "memory",
                "How many bytes does each of a million tags of 24 characters take in the table of marks, in a JVM of -Xmx256m, after a full collection? "
                        + "The table is filled to its bound, and then again with other tags, so that each row was dropped once.",
                arguments);
        report.table("marks", "JVM", "bytes a tag: min · **median** · max", "rounds");
        for (String marks : List.of("hard", "soft")) {
            for (var jvm : JVMS.entrySet()) {
                double[] rounds = new double[ROUNDS];
                for (int round = 0; round < ROUNDS; round++) {
                    rounds[round] = child(jvm.getValue(), marks);
                }
                report.row(marks, jvm.getKey(), Spread.of(rounds), ROUNDS);
            }
        }
        report.end();
        near(report);
        replica(report);
        report.write();
    }

    private static void near(Report report) throws Exception {
        report.text(String.format(
                Locale.ROOT,
                "What each of %,d near copies of entries with a body of %d bytes and 3 tags of 24 characters takes, beyond that body:",
                COPIES,
                COPY_BYTES));
        report.table("tags", "bytes a copy: min · **median** · max", "rounds");
        for (boolean own : new boolean[] {false, true}) {
            double[] rounds = new double[COPY_ROUNDS];
            for (int round = 0; round < COPY_ROUNDS; round++) {
                rounds[round] = bytesPerCopy(own);
            }
            report.row(own ? "of the entry's own" : "the same three", Spread.of(rounds), COPY_ROUNDS);
        }
        report.end();
    }

    private static double bytesPerCopy(boolean ownTags) throws Exception {
        try (Child redis = Child.redis(-1);
                Child replica = Child.replica(redis, -1, Map.of("FRESHET_NEAR_BYTES", "160MiB"));
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
                Map.of("FRESHET_LIMITS_MARKS", Integer.toString(TAGS), "FRESHET_NEAR_BYTES", "32MiB");
        report.text("A whole replica of -Xmx256m, with 32 MiB of near copies, over Redis:");
        report.table("after a full collection", "heap used, MiB");
        try (Child redis = Child.redis(-1);
                Child replica = Child.replica(redis, -1, environment);
                Loopback client = new Loopback(replica.port())) {
            report.row("empty", heapMib(replica));
            for (int i = 0; i < TAGS; i += TAGS_AT_ONCE) {
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

    private static double child(List<String> flags, String marks) throws Exception {
        List<String> command = new ArrayList<>(List.of(Processes.java(), "-Xmx256m"));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Bench.class.getName(), "memory", marks));
        return Double.parseDouble(Processes.output(command));
    }

    private static double bytesPerTag(String marks) {
        long before = usedBytes();
        MarkTable table = new MarkTable(TAGS);
        for (int i = 0; i < 2 * TAGS; i++) {
            long stamp = 1_700_000_000_000_000L + i;
            Mark mark = marks.equals("hard") ? Mark.hard(stamp) : Mark.soft(stamp, stamp / 1_000 + 31_536_000_000L);
            table.merge(new Tag(name(i)), mark, stamp);
        }
        long after = usedBytes();
        if (table.size() != TAGS) {
            throw new IllegalStateException("the table holds " + table.size());
        }
        return (after - before) / (double) TAGS;
    }

    private static long usedBytes() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
