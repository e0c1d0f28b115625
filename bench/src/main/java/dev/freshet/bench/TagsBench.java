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
import dev.freshet.store.Rules;
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
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** {@code bench/run tags [most]}: does it cost Redis more to invalidate a tag that more entries carry, or one of more tags? */
final class TagsBench {
    private static final String APP = "shop";
    private static final int MOST = 1_000_000;
    private static final int TAGS_MIN = 1_000;
    private static final int TAGS_AT_ONCE = 250;

    /** Deletes, one by one as it has to be done in a cluster, what a pattern matches. */
    private static final String DELETE = """
            local cursor = '0'
            repeat
              local found = redis.call('SCAN', cursor, 'MATCH', ARGV[1], 'COUNT', 1000)
              cursor = found[1]
              for _, key in ipairs(found[2]) do redis.call('DEL', key) end
            until cursor == '0'
            """;

    private static final int AT_ONCE = 2_000;
    private static final int CALLS = 500;
    private static final int ROUNDS = 5;
    private static final Set<String> BESIDE = Set.of("evalsha", "config|resetstat", "info");

    private final Store store;
    private final Wire wire;

    private TagsBench(Store store, Wire wire) {
        this.store = store;
        this.wire = wire;
    }

    static void run(List<String> arguments) throws Exception {
        int most = Arguments.number(arguments, 0, MOST);
        Report report = new Report(
                "tags",
                "What does it cost Redis to invalidate a tag that 10 to 1,000,000 entries carry, and 100 tags in one call? "
                        + "By Redis's own count (INFO commandstats) of what the call takes; three replicas have their windows open. The goal: the same cost, at most 100 µs; no entry touched; one script call; a thousandth of deleting the million keys.",
                arguments);
        ask(most, bench -> bench.byEntries(report, most));
        ask(most, bench -> bench.byTags(report, most));
        report.write();
    }

    /** One question, of a Redis of its own. */
    private interface Question {
        void of(TagsBench bench) throws Exception;
    }

    private static void ask(int most, Question question) throws Exception {
        Vertx vertx = Vertx.vertx();
        try (Child redis = Child.redis(0);
                AutoCloseable storeFirst = () -> vertx.close().await();
                Wire wire = new Wire(vertx, redis.url())) {
            RedisConfig config = new RedisConfig(redis.url(), Duration.ofSeconds(30), 100_000);
            Rules rules = CoherenceConfig.DEFAULT.rules();
            Store store = new RedisStore(
                    vertx,
                    config,
                    new Rules(rules.windowMs(), rules.marginMs(), 2 * most, rules.acks(), rules.outageMs()));
            question.of(new TagsBench(store, wire));
            store.close().await();
        }
    }

    private void byEntries(Report report, int most) throws Exception {
        report.table(
                "what",
                "µs a call: min · **median** · max",
                "calls of the script for each",
                "what the script calls, each time",
                "rounds of " + CALLS);
        int written = 0;
        double micros = 0;
        for (int entries : new int[] {10, 1_000, 10_000, 100_000, most}) {
            write("carried-by-" + entries, written, entries);
            written += entries;
            micros = report(
                    report, "a tag of %,d entries".formatted(entries), List.of(new Tag("carried-by-" + entries)));
        }
        report(
                report,
                "100 tags",
                IntStream.range(0, 100)
                        .mapToObj(i -> new Tag("one-of-a-hundred-" + i))
                        .toList());
        report.end();
        wire.send(Command.CONFIG, "RESETSTAT");
        wire.send(Command.EVAL, DELETE, "0", "freshet:e:*");
        double deleting = Objects.requireNonNull(wire.costs().get("del")).micros();
        report.text(
                "%,d entries were stored; entries are hashes under keys of their own, and what is called works on the app's five control keys alone. To delete all of them takes %s ms of Redis, by DEL alone: %s times the invalidation of the tag that most of them carry."
                        .formatted(written, Spread.text(deleting / 1_000), Spread.text(deleting / micros)));
    }

    private void byTags(Report report, int most) throws Exception {
        report.text(
                "And when so many tags are remembered already: the invalidation of one of them, and what Redis needs for each (of 24 characters, by used_memory). Expected: the same, but for the search of an ordered set.");
        report.table("tags remembered", "µs a call: min · **median** · max", "bytes a tag", "rounds of " + CALLS);
        costs(List.of(name(-1)));
        double before = usedBytes();
        int told = 0;
        for (int tags = TAGS_MIN; tags <= most; tags *= 10) {
            for (; told < tags; told += TAGS_AT_ONCE) {
                List<Tag> some = IntStream.range(told, told + TAGS_AT_ONCE)
                        .mapToObj(TagsBench::name)
                        .toList();
                store.invalidate(APP, some, new Hard(), 0).await();
            }
            double bytes = (usedBytes() - before) / tags;
            List<Tag> one = List.of(name(tags / 2));
            Rounds<Map<String, Wire.Cost>> rounds = Rounds.of(ROUNDS, () -> costs(one));
            report.row("%,d".formatted(tags), rounds.spread(TagsBench::scriptMicros), Spread.text(bytes), rounds);
        }
        report.end();
    }

    private static Tag name(int tag) {
        return new Tag("product-number-" + (100_000_000 + tag));
    }

    private double usedBytes() {
        return Double.parseDouble(wire.send(Command.INFO, "memory").replaceAll("(?s).*used_memory:(\\d+).*", "$1"));
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

    /** A row. The median of the microseconds of a call. */
    private double report(Report report, String what, List<Tag> tags) throws Exception {
        invalidate(tags);
        Rounds<Map<String, Wire.Cost>> rounds = Rounds.of(ROUNDS, () -> costs(tags));
        Spread micros = rounds.spread(TagsBench::scriptMicros);
        report.row(
                what,
                micros,
                rounds.median(costs -> script(costs).calls() / (double) CALLS),
                rounds.all().getLast().entrySet().stream()
                        .filter(command -> !BESIDE.contains(command.getKey()))
                        .filter(command -> command.getValue().calls() >= CALLS)
                        .map(command -> command.getValue().calls() / CALLS + " " + command.getKey())
                        .collect(Collectors.joining(", ")),
                rounds);
        return micros.median();
    }

    /** What one round's calls cost, by command. */
    private Map<String, Wire.Cost> costs(List<Tag> tags) {
        for (String replica : List.of("one", "two", "three")) {
            store.beat(APP, new Position(replica, "", 0, 60_000)).await();
        }
        wire.send(Command.CONFIG, "RESETSTAT");
        invalidate(tags);
        return wire.costs();
    }

    private static Wire.Cost script(Map<String, Wire.Cost> costs) {
        return costs.getOrDefault("evalsha", new Wire.Cost(0, 0));
    }

    private static double scriptMicros(Map<String, Wire.Cost> costs) {
        return script(costs).micros() / (double) CALLS;
    }

    private void invalidate(List<Tag> tags) {
        for (int i = 0; i < CALLS; i++) {
            store.invalidate(APP, tags, new Hard(), 0).await();
        }
    }
}
