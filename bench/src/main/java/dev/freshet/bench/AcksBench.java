package dev.freshet.bench;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.SynchronousQueue;
import org.HdrHistogram.Histogram;

/** {@code bench/run acks [samples] [rounds]}: how long does an acknowledged invalidation take, and until when is the ended entry served? */
final class AcksBench {
    private static final int REPLICAS = 3;
    private static final int SAMPLES = 1_000;
    private static final int ROUNDS = 5;
    private static final int WARMING = 12;
    private static final String ENTRY = "/v1/apps/shop/deployments/v1/entries/page";
    private static final byte[] PUT =
            Loopback.request("PUT", ENTRY, "hello", "Content-Type: text/plain", "Cache-Groups: \"posts\"");
    private static final byte[] GET = Loopback.request("GET", ENTRY, "");
    private static final byte[] INVALIDATE = Loopback.request(
            "POST",
            "/v1/apps/shop/invalidations",
            "{\"tags\":[\"posts\"],\"mode\":\"hard\"}",
            "Content-Type: application/json");

    /** What is measured, each in turn, so that all see the same machine. */
    private enum What {
        PUBLISH("plain PUBLISH until a subscriber has it"),
        HOPS("the way of an acknowledgement with nothing done on it, request to answer"),
        ACKNOWLEDGED("acknowledged invalidation, request to answer"),
        REFUSED("invalidation until every replica refuses the entry");

        private final String text;

        What(String text) {
            this.text = text;
        }
    }

    private final List<Loopback> replicas = new ArrayList<>();
    private final Wire publisher;
    private final SynchronousQueue<Long> heard;
    private final Loopback hops;

    private AcksBench(List<Child> processes, Child hops, Wire publisher, Wire subscriber) throws Exception {
        for (Child process : processes) {
            replicas.add(new Loopback(process.port()));
        }
        this.hops = new Loopback(hops.port());
        this.publisher = publisher;
        this.heard = subscriber.subscribe("bench");
    }

    static void run(List<String> arguments) throws Exception {
        int samples = Arguments.number(arguments, 0, SAMPLES);
        int rounds = Arguments.number(arguments, 1, ROUNDS);
        Report report = new Report(
                "acks",
                "How long does an acknowledged invalidation take with three replicas on one Redis in calm, and how long is the entry it ended served by any of them? "
                        + "Beside it, in the same run, in turn: a plain PUBLISH by the same client, and the way alone, three processes on the same stack that only hand the word on ([`Hops`](../src/main/java/dev/freshet/bench/Hops.java)): from who is asked by Redis to the others, and back. The goal: refused everywhere p99 2 ms; acknowledged p50 0.6 ms and p99 3 ms on a quiet machine, and at most 3 times the PUBLISH. Warmed by "
                        + WARMING + " rounds.",
                arguments);
        Vertx vertx = Vertx.vertx();
        List<Child> processes = new ArrayList<>();
        try (Child redis = Child.redis(0);
                Wire publisher = new Wire(vertx, redis.url());
                Wire subscriber = new Wire(vertx, redis.url())) {
            for (int i = 0; i < REPLICAS; i++) {
                processes.add(Child.replica(redis, -1));
            }
            List<Child> hops = new ArrayList<>();
            for (int i = 0; i < REPLICAS; i++) {
                hops.add(hops(redis, i == 0 ? REPLICAS - 1 : 0));
            }
            AcksBench bench = new AcksBench(processes, hops.getFirst(), publisher, subscriber);
            processes.addAll(hops);
            bench.round(WARMING * samples);
            tell(report, Rounds.of(rounds, () -> bench.round(samples)), samples);
        } finally {
            processes.forEach(Child::close);
            vertx.close();
        }
        report.write();
    }

    private static Child hops(Child redis, int others) throws IOException, InterruptedException {
        return Child.serving(
                -1,
                port -> List.of(
                        Processes.java(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Hops.class.getName(),
                        port,
                        redis.url(),
                        Integer.toString(others)));
    }

    private Map<What, Histogram> round(int samples) throws Exception {
        Map<What, Histogram> micros = new EnumMap<>(What.class);
        for (What what : What.values()) {
            micros.put(what, new Histogram(60_000_000, 3));
        }
        for (int i = 0; i < samples; i++) {
            for (What what : What.values()) {
                long nanos = switch (what) {
                    case PUBLISH -> publish();
                    case HOPS -> hops();
                    case ACKNOWLEDGED -> acknowledged();
                    case REFUSED -> refused();
                };
                Objects.requireNonNull(micros.get(what)).recordValue(nanos / 1_000);
            }
        }
        return micros;
    }

    private long publish() throws InterruptedException {
        long begun = System.nanoTime();
        publisher.publish("bench", "invalidate {\"stamp\":\"1700000000000000\",\"tags\":[\"posts\"]}");
        return heard.take() - begun;
    }

    private long hops() throws IOException {
        long begun = System.nanoTime();
        check(200, hops.ask(INVALIDATE));
        return System.nanoTime() - begun;
    }

    private long acknowledged() throws IOException {
        long begun = System.nanoTime();
        check(200, replicas.getFirst().ask(INVALIDATE));
        return System.nanoTime() - begun;
    }

    /* The replicas are polled one after the other, each until it refuses: what one says for the last time is never too early. */
    private long refused() throws IOException {
        replicas.getFirst().ask(PUT);
        for (Loopback replica : replicas) {
            for (int looks = 0; !replica.ask(GET).isNear(); looks++) {
                if (looks > 10_000) {
                    throw new IOException("no near copy");
                }
            }
        }
        long begun = System.nanoTime();
        replicas.getFirst().send(INVALIDATE);
        for (int i = REPLICAS - 1; i > 0; i--) {
            while (replicas.get(i).ask(GET).status() != 404) {
                Thread.onSpinWait();
            }
        }
        check(200, replicas.getFirst().answer());
        check(404, replicas.getFirst().ask(GET));
        return System.nanoTime() - begun;
    }

    private static void check(int status, Loopback.Answer answer) throws IOException {
        if (answer.status() != status) {
            throw new IOException("not " + status + ": " + answer.head());
        }
    }

    private static void tell(Report report, Rounds<Map<What, Histogram>> rounds, int samples) {
        report.table("what", "p50 ms: min · **median** · max", "p99 ms", "max ms", "rounds of " + samples);
        for (What what : What.values()) {
            report.row(what.text, ms(rounds, what, 50), ms(rounds, what, 99), ms(rounds, what, 100), rounds);
        }
        report.end();
        report.text(
                "At p50 an acknowledged invalidation takes %s times a PUBLISH, and %s times the way alone, which takes %s times a PUBLISH. At p99 it is %s, %s and %s."
                        .formatted(
                                times(rounds, What.ACKNOWLEDGED, What.PUBLISH, 50),
                                times(rounds, What.ACKNOWLEDGED, What.HOPS, 50),
                                times(rounds, What.HOPS, What.PUBLISH, 50),
                                times(rounds, What.ACKNOWLEDGED, What.PUBLISH, 99),
                                times(rounds, What.ACKNOWLEDGED, What.HOPS, 99),
                                times(rounds, What.HOPS, What.PUBLISH, 99)));
    }

    private static String times(Rounds<Map<What, Histogram>> rounds, What one, What other, double percentile) {
        return Spread.text(ms(rounds, one, percentile).median()
                / ms(rounds, other, percentile).median());
    }

    private static Spread ms(Rounds<Map<What, Histogram>> rounds, What what, double percentile) {
        return rounds.spread(
                round -> Objects.requireNonNull(round.get(what)).getValueAtPercentile(percentile) / 1_000.0);
    }
}
