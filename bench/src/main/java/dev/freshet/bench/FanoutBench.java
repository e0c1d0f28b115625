package dev.freshet.bench;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** {@code bench/run fanout [streams [samples [rounds]]]}: how long until every one of up to 10,000 event streams of a replica has told of an invalidation? */
final class FanoutBench {
    private static final int STREAMS_MIN = 10;

    /** Streams are told so often in a round, and so long as it has samples. */
    private static final int TELLINGS = 100_000;

    private static final int SAMPLES_MIN = 10;
    private static final long HEARD_S_MAX = 30;
    private static final byte[] LIVE = "event: hello".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] EVENT = "event: invalidate".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SUBSCRIBE =
            Loopback.request("GET", "/v1/apps/shop/invalidations", "", "Accept: text/event-stream");
    private static final byte[] INVALIDATE = Loopback.request(
            "POST",
            "/v1/apps/shop/invalidations",
            "{\"tags\":[\"posts\"],\"mode\":\"hard\"}",
            "Content-Type: application/json");

    private final Semaphore heard = new Semaphore(0);
    private final NetClient streams;
    private final Child replica;
    private final Loopback client;
    private int subscribers;

    private FanoutBench(NetClient streams, Child replica, Loopback client) {
        this.streams = streams;
        this.replica = replica;
        this.client = client;
    }

    /** One round: from the sending of an invalidation until it is answered, and until the last stream has told of it. */
    private record Round(Histogram answered, Histogram last, double cpuMicros) {}

    /** Finds what is looked for across pieces of a stream: no prefix of it begins again within it. */
    private static final class Finder {
        private final byte[] text;
        private int at;

        Finder(byte[] text) {
            this.text = text;
        }

        int count(Buffer piece) {
            int found = 0;
            for (int i = 0; i < piece.length(); i++) {
                byte octet = piece.getByte(i);
                at = octet == text[at] ? at + 1 : octet == text[0] ? 1 : 0;
                if (at == text.length) {
                    at = 0;
                    found++;
                }
            }
            return found;
        }
    }

    static void run(List<String> arguments) throws Exception {
        int most = Arguments.number(arguments, 0, 10_000);
        int samplesMax = Arguments.number(arguments, 1, 200);
        int rounds = Arguments.number(arguments, 2, 5);
        Report report = new Report(
                "fanout",
                "How long does it take from an invalidation until each of so many event streams of one replica has told of it, beside the answer to its caller? "
                        + "And how much of the processor does the replica take for each? Client, replica and Redis share the cores. Expected: as long for each stream however many there are.",
                arguments);
        report.table(
                "streams",
                "the last has told, p50 ms: min · **median** · max",
                "p99 ms",
                "the caller is answered, p50 ms",
                "p99 ms, answered",
                "CPU µs for each stream",
                "samples",
                "rounds");
        Vertx vertx = Vertx.vertx();
        try (Child redis = Child.redis(-1);
                Child replica =
                        Child.replica(redis, -1, Map.of("FRESHET_LIMITS_EVENT_STREAMS", Integer.toString(4 * most)));
                Loopback client = new Loopback(replica.port())) {
            FanoutBench bench = new FanoutBench(vertx.createNetClient(), replica, client);
            for (int streams = STREAMS_MIN; streams <= most; streams *= 10) {
                int samples = Math.min(samplesMax, Math.max(SAMPLES_MIN, TELLINGS / streams));
                bench.subscribe(streams);
                bench.round(samples);
                Rounds<Round> found = Rounds.of(rounds, () -> bench.round(samples));
                report.row(
                        String.format(Locale.ROOT, "%,d", streams),
                        found.spread(round -> ms(round.last, 50)),
                        found.spread(round -> ms(round.last, 99)),
                        found.spread(round -> ms(round.answered, 50)),
                        found.spread(round -> ms(round.answered, 99)),
                        found.spread(Round::cpuMicros),
                        samples,
                        found);
            }
        } finally {
            vertx.close().await();
        }
        report.end().write();
    }

    private static double ms(Histogram micros, double percentile) {
        return micros.getValueAtPercentile(percentile) / 1_000.0;
    }

    /** Opens streams until there are so many, and each is live. */
    private void subscribe(int count) throws InterruptedException {
        Semaphore live = new Semaphore(0);
        for (int i = subscribers; i < count; i++) {
            NetSocket socket = streams.connect(replica.port(), "127.0.0.1").await();
            Finder hello = new Finder(LIVE);
            Finder event = new Finder(EVENT);
            socket.handler(piece -> {
                live.release(hello.count(piece));
                heard.release(event.count(piece));
            });
            socket.write(Buffer.buffer(SUBSCRIBE));
        }
        await(live, count - subscribers, "are live");
        subscribers = count;
    }

    private static void await(Semaphore told, int count, String what) throws InterruptedException {
        if (!told.tryAcquire(count, HEARD_S_MAX, TimeUnit.SECONDS)) {
            throw new IllegalStateException(told.availablePermits() + " of " + count + " streams " + what);
        }
    }

    private Round round(int samples) throws Exception {
        Histogram answered = new Histogram(60_000_000, 3);
        Histogram last = new Histogram(60_000_000, 3);
        double before = replica.cpuSeconds();
        for (int i = 0; i < samples; i++) {
            long begun = System.nanoTime();
            client.ask(INVALIDATE, 200);
            answered.recordValue((System.nanoTime() - begun) / 1_000);
            await(heard, subscribers, "told of it");
            last.recordValue((System.nanoTime() - begun) / 1_000);
        }
        double cpu = replica.cpuSeconds() - before;
        return new Round(answered, last, cpu * 1_000_000 / samples / subscribers);
    }
}
