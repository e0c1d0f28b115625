package dev.freshet.bench;

import dev.freshet.tag.Mark;
import dev.freshet.tag.MarkTable;
import dev.freshet.tag.Tag;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code bench/run memory}: how many bytes does a tag take in the table of marks, in a JVM of -Xmx256m? */
final class MemoryBench {
    private static final int TAGS = 1_000_000;
    private static final int ROUNDS = 5;
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
        report.end().write();
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
            table.merge(new Tag("product-number-" + (100_000_000 + i)), mark, stamp);
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
