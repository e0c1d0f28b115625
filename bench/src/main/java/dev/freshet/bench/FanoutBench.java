package dev.freshet.bench;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** {@code bench/run fanout [subscribers [samples [rounds]]]}: how long until every event stream of a replica has told of an invalidation? */
final class FanoutBench {
    private static final int WARM_SAMPLES = 200;
    private static final long HEARD_S_MAX = 30;
    private static final byte[] EVENT = "event: invalidate".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SUBSCRIBE =
            Loopback.request("GET", "/v1/apps/shop/invalidations", "", "Accept: text/event-stream");
    private static final byte[] INVALIDATE = Loopback.request(
            "POST",
            "/v1/apps/shop/invalidations",
            "{\"tags\":[\"posts\"],\"mode\":\"hard\"}",
            "Content-Type: application/json");

    private final Semaphore heard = new Semaphore(0);
    private final int subscribers;

    private FanoutBench(int subscribers) {
        this.subscribers = subscribers;
    }

    /** One round: from the sending of an invalidation until it is answered, and until the last stream has told of it. */
    private record Round(Histogram answered, Histogram last, double cpuMicros) {}

    /** Finds what is looked for across pieces of a stream: no prefix of it begins again within it. */
    private static final class Finder {
        private int at;

        int count(Buffer piece) {
            int found = 0;
            for (int i = 0; i < piece.length(); i++) {
                byte octet = piece.getByte(i);
                at = octet == EVENT[at] ? at + 1 : octet == EVENT[0] ? 1 : 0;
                if (at == EVENT.length) {
                    at = 0;
                    found++;
                }
            }
            return found;
        }
    }

    static void run(List<String> arguments) throws Exception {
        int subscribers = arguments.isEmpty() ? 1_000 : Integer.parseInt(arguments.getFirst());
        int samples = arguments.size() < 2 ? 200 : Integer.parseInt(arguments.get(1));
        int rounds = arguments.size() < 3 ? 5 : Integer.parseInt(arguments.get(2));
        Vertx vertx = Vertx.vertx();
        List<Round> found = new ArrayList<>();
        try (Child redis = Child.redis(-1);
                Child replica = Child.replica(
                        redis, -1, Map.of("FRESHET_LIMITS_EVENT_STREAMS", Integer.toString(4 * subscribers)));
                Loopback client = new Loopback(replica.port())) {
            FanoutBench bench = new FanoutBench(subscribers);
            bench.subscribe(vertx, replica.port());
            bench.round(replica, client, WARM_SAMPLES);
            for (int i = 0; i < rounds; i++) {
                found.add(bench.round(replica, client, samples));
            }
        } finally {
            vertx.close().await();
        }
        report(subscribers, samples, found, arguments);
    }

    private void subscribe(Vertx vertx, int port) {
        NetClient client = vertx.createNetClient();
        for (int i = 0; i < subscribers; i++) {
            NetSocket socket = client.connect(port, "127.0.0.1").await();
            Finder finder = new Finder();
            socket.handler(piece -> heard.release(finder.count(piece)));
            socket.write(Buffer.buffer(SUBSCRIBE));
        }
    }

    private Round round(Child replica, Loopback client, int samples) throws Exception {
        Histogram answered = new Histogram(60_000_000, 3);
        Histogram last = new Histogram(60_000_000, 3);
        double before = replica.cpuSeconds();
        for (int i = 0; i < samples; i++) {
            long begun = System.nanoTime();
            client.ask(INVALIDATE, 200);
            answered.recordValue((System.nanoTime() - begun) / 1_000);
            if (!heard.tryAcquire(subscribers, HEARD_S_MAX, TimeUnit.SECONDS)) {
                throw new IllegalStateException(
                        heard.availablePermits() + " of " + subscribers + " streams told of it");
            }
            last.recordValue((System.nanoTime() - begun) / 1_000);
        }
        double cpu = replica.cpuSeconds() - before;
        return new Round(answered, last, cpu * 1_000_000 / samples / subscribers);
    }

    private static void report(int subscribers, int samples, List<Round> found, List<String> arguments) {
        Report report = new Report(
                "fanout",
                String.format(
                        Locale.ROOT,
                        "How long does it take from an invalidation until each of %,d event streams of one replica has told of it, beside the answer to its caller? Client, replica and Redis share the cores.",
                        subscribers),
                arguments);
        report.table("what", "p50 ms: min · **median** · max", "p99 ms", "samples");
        String size = found.size() + " × " + samples;
        report.row("the caller is answered", ms(found, Round::answered, 50), ms(found, Round::answered, 99), size);
        report.row("the last stream has told", ms(found, Round::last, 50), ms(found, Round::last, 99), size);
        report.end();
        Spread cpu = Rounds.spread(found, Round::cpuMicros);
        report.text("Processor time of the replica for each stream and invalidation: " + cpu + " µs.")
                .write();
    }

    private interface Figure {
        Histogram of(Round round);
    }

    private static Spread ms(List<Round> found, Figure figure, double percentile) {
        return Rounds.spread(found, round -> figure.of(round).getValueAtPercentile(percentile) / 1_000.0);
    }
}
