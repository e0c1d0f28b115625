package dev.freshet.bench;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.gateway.CoherenceConfig;
import dev.freshet.redis.RedisConfig;
import dev.freshet.redis.RedisStore;
import dev.freshet.store.Mode.Hard;
import dev.freshet.store.Position;
import dev.freshet.store.Store;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** {@code bench/run tags [entries]}: does it cost Redis more to invalidate a tag that more entries carry? */
final class TagsBench {
    private static final String APP = "shop";
    private static final int ENTRIES = 1_000_000;
    private static final int AT_ONCE = 2_000;
    private static final int CALLS = 500;
    private static final int ROUNDS = 5;

    private final Store store;
    private final Wire wire;

    private TagsBench(Store store, Wire wire) {
        this.store = store;
        this.wire = wire;
    }

    static void run(List<String> arguments) throws Exception {
        int most = arguments.isEmpty() ? ENTRIES : Integer.parseInt(arguments.getFirst());
        Report report = new Report(
                "tags",
                "What does it cost Redis to invalidate a tag that 10, 10,000 and 1,000,000 entries carry, and 100 tags in one call? "
                        + "By Redis's own count (INFO commandstats) of what the call takes; three replicas have their windows open. The goal: the same cost, at most 100 µs; no entry touched; one script call.",
                arguments);
        Vertx vertx = Vertx.vertx();
        try (Child redis = Child.redis(0);
                AutoCloseable storeFirst = () -> vertx.close().await();
                Wire wire = new Wire(vertx, redis.url())) {
            RedisConfig config = new RedisConfig(redis.url(), Duration.ofSeconds(30), 100_000);
            Store store = new RedisStore(vertx, config, CoherenceConfig.DEFAULT.rules());
            TagsBench bench = new TagsBench(store, wire);
            report.table(
                    "what",
                    "µs a call: min · **median** · max",
                    "calls of the script for each",
                    "what the script calls, each time",
                    "rounds");
            int written = 0;
            for (int entries : new int[] {10, 10_000, most}) {
                bench.write("carried-by-" + entries, written, entries);
                written += entries;
                bench.report(
                        report, "a tag of %,d entries".formatted(entries), List.of(new Tag("carried-by-" + entries)));
            }
            bench.report(
                    report,
                    "100 tags",
                    IntStream.range(0, 100)
                            .mapToObj(i -> new Tag("one-of-a-hundred-" + i))
                            .toList());
            report.end();
            report.text(
                    "%,d entries were stored; entries are hashes under keys of their own, and what is called works on the app's five control keys alone."
                            .formatted(written));
            store.close().await();
        }
        report.write();
    }

    private void write(String tag, int first, int count) {
        Draft draft = Draft.of(Body.of(Buffer.buffer("a body")), Lifetime.UNLIMITED, List.of(new Tag(tag)));
        for (int done = 0; done < count; done += AT_ONCE) {
            List<Future<?>> writes = new ArrayList<>();
            for (int i = done; i < Math.min(count, done + AT_ONCE); i++) {
                writes.add(store.write(Key.of(APP, "v1", "entry" + (first + i)), draft, new Ticket(1, 1)));
            }
            Future.all(writes).await();
        }
    }

    private void report(Report report, String what, List<Tag> tags) {
        double[] micros = new double[ROUNDS];
        Map<String, Long> called = new TreeMap<>();
        double scripts = 0;
        invalidate(tags);
        for (int round = 0; round < ROUNDS; round++) {
            beat();
            wire.send(Command.CONFIG, "RESETSTAT");
            invalidate(tags);
            Map<String, Wire.Cost> costs = wire.costs();
            Wire.Cost script = costs.getOrDefault("evalsha", new Wire.Cost(0, 0));
            micros[round] = script.micros() / (double) CALLS;
            scripts = script.calls() / (double) CALLS;
            costs.forEach((command, cost) -> called.put(command, cost.calls() / CALLS));
        }
        called.keySet().removeAll(List.of("evalsha", "config|resetstat", "info"));
        report.row(
                what,
                Spread.of(micros),
                Spread.text(scripts),
                called.entrySet().stream()
                        .filter(command -> command.getValue() > 0)
                        .map(command -> command.getValue() + " " + command.getKey())
                        .collect(Collectors.joining(", ")),
                ROUNDS + " × " + CALLS);
    }

    private void invalidate(List<Tag> tags) {
        for (int i = 0; i < CALLS; i++) {
            store.invalidate(APP, tags, new Hard(), 0).await();
        }
    }

    private void beat() {
        for (String replica : List.of("one", "two", "three")) {
            store.beat(APP, new Position(replica, "", 0, 60_000)).await();
        }
    }
}
