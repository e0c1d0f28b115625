package dev.freshet.chaos;

import dev.freshet.chaos.FaultProxy.Rule;
import dev.freshet.chaos.FaultProxy.Way;
import dev.freshet.chaos.FaultProxy.Which;
import dev.freshet.fleet.Kind;
import dev.freshet.fleet.NextBuild;
import dev.freshet.fleet.NextServer;
import dev.freshet.fleet.Page;
import dev.freshet.testing.Web;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;

/**
 * Three Next.js processes in front of a site, who asks them for pages, and who ends what the pages show.
 *
 * <pre>
 *   readers ── next-0 ── line ── r0      each knows the next replica, too: next-0 asks r1 when r0 fails
 *   readers ── next-1 ── line ── r1
 *   readers ── next-2 ── line ── r2
 * </pre>
 *
 * <p>A page shows the origin's value of its key as it was when the page, or what it is made of, was computed. The value tells its
 * version, and whoever ends it has changed the origin's before.
 *
 * <p>Next has whoever asks a process for what it is computing wait for that, be it ended meanwhile or not, and until it is written, which
 * is after it was answered. No handler is asked then. So each process is asked for the pages of a key one after the other, and a page
 * counts as asked for with the earliest that it may have been computed with; but for {@code fetch} and {@code unstable_cache}, which
 * have nobody wait for another request.
 */
final class Pages implements AutoCloseable {
    private static final String APP = "pages";
    private static final int KEYS = 8;
    /** Of each process. Each reads keys of its own. */
    private static final int READERS = 4;

    private static final long READER_NANOS = 20_000_000;
    /** By key: how it is read most often. */
    private static final List<Kind> USUAL = List.of(
            Kind.FETCH,
            Kind.UNSTABLE_CACHE,
            Kind.USE_CACHE,
            Kind.ISR_PAGE,
            Kind.FETCH,
            Kind.UNSTABLE_CACHE,
            Kind.USE_CACHE_REMOTE,
            Kind.ROUTE_HANDLER);

    /** What each request computes for itself. */
    private static final Set<Kind> ALONE = Set.of(Kind.FETCH, Kind.UNSTABLE_CACHE);

    /** How long after its answer a value may be being written: two deadlines, on a machine that is busy. */
    private static final long WRITTEN_NANOS_MAX = 3_000_000_000L;

    /** So seldom that most keys have copies in the processes, which are not used for a while after each invalidation. */
    private static final long INVALIDATOR_NANOS = 2_000_000_000;

    /** More than a page may take whose leader and whose next leader have died. */
    private static final Duration PAGE_MAX = Duration.ofSeconds(60);

    private static final Duration ACKNOWLEDGED_MAX = Duration.ofSeconds(5);
    private static final Pattern STAMP = Pattern.compile(".*\"stamp\":(\\d+).*", Pattern.DOTALL);
    private static final int HARM_MS_MAX = 2_500;

    private final Site site;
    private final History history;
    private final dev.freshet.fleet.Origin origin = new dev.freshet.fleet.Origin();
    private final List<FaultProxy> lines = new ArrayList<>();
    private final List<NextServer> servers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final int[] versions = new int[KEYS];
    private final AtomicInteger values = new AtomicInteger();
    private final AtomicLong reads = new AtomicLong();
    private volatile boolean over;

    /** Starts the processes, and returns when they are ready. */
    Pages(Site site, History history, String coherence) {
        this.site = site;
        this.history = history;
        for (int key = 0; key < KEYS; key++) {
            change(key, 0);
        }
        for (int i = 0; i < Site.REPLICAS; i++) {
            FaultProxy line = new FaultProxy(site.replicas().get(i).port());
            lines.add(line);
            String next = site.replicas().get((i + 1) % Site.REPLICAS).process().url();
            Map<String, String> settings =
                    Map.of("FRESHET_APP", APP, "FRESHET_COHERENCE", coherence, "FRESHET_DEADLINE_MS", "300");
            servers.add(new NextServer(
                    "next-" + i,
                    NextBuild.Of.ALPHA,
                    "http://127.0.0.1:" + line.port() + "," + next,
                    origin.url(),
                    settings));
        }
        servers.forEach(NextServer::awaitReady);
    }

    /** Begins to read and to invalidate. */
    void start(Random seeds) {
        for (int i = 0; i < READERS * servers.size(); i++) {
            start("reader", new Reader(i / READERS, i % READERS, new Random(seeds.nextLong()))::read);
        }
        Random calm = new Random(seeds.nextLong());
        start("invalidator", () -> {
            invalidate(2 * calm.nextInt(KEYS / 2), calm);
            LockSupport.parkNanos(INVALIDATOR_NANOS);
        });
        Random harming = new Random(seeds.nextLong());
        start("lines", () -> harm(harming));
    }

    private void start(String name, Runnable step) {
        threads.add(Thread.ofPlatform().name(name).daemon().start(() -> {
            while (!over) {
                step.run();
            }
        }));
    }

    /** How many pages were asked for so far. */
    long reads() {
        return reads.get();
    }

    /** How often the origin was asked. */
    int computations() {
        int all = 0;
        for (int key = 0; key < KEYS; key++) {
            all += origin.calls(name(key));
        }
        return all;
    }

    private static String name(int key) {
        return "k" + key;
    }

    /** Who asks one process for some keys that nobody else asks it for. */
    private final class Reader {
        private final int server;
        private final int own;
        private final Random random;
        private final Map<Integer, Deque<Asked>> asked = new HashMap<>();

        /** When a page was asked for, and when it had come. */
        private record Asked(long startNanos, long endNanos) {}

        Reader(int server, int own, Random random) {
            this.server = server;
            this.own = own;
            this.random = random;
        }

        /* Most often in the one way in which this key is read most often. */
        void read() {
            int key = own + READERS * random.nextInt(KEYS / READERS);
            Kind kind = random.nextInt(4) == 0
                    ? Kind.all().get(random.nextInt(Kind.all().size()))
                    : USUAL.get(key % USUAL.size());
            long start = history.now();
            Deque<Asked> before = asked.computeIfAbsent(key, unused -> new ArrayDeque<>());
            before.removeIf(one -> one.endNanos < start - WRITTEN_NANOS_MAX);
            ask(server, key, kind, before.isEmpty() || ALONE.contains(kind) ? start : before.getFirst().startNanos);
            before.addLast(new Asked(start, history.now()));
            LockSupport.parkNanos(READER_NANOS);
        }
    }

    /**
     * Asks a process for a page.
     *
     * @param sinceNanos when the earliest was asked for that it may have been computed with
     */
    private void ask(int server, int key, Kind kind, long sinceNanos) {
        int status = 0;
        String value = "";
        reads.incrementAndGet();
        try {
            Page page = servers.get(server).get(kind.path(name(key)), PAGE_MAX);
            status = page.status();
            value = page.value();
        } catch (UncheckedIOException e) {
            // No answer is what is written down.
        }
        String detail = (status == 200 ? "fresh " : "") + kind;
        history.add(new Operation(
                Operation.Kind.READ,
                sinceNanos,
                history.now(),
                "next-" + server,
                name(key),
                value,
                0,
                status,
                0,
                detail));
    }

    /** Changes the origin's value of a key. */
    private Value change(int key, int version) {
        Value value = new Value(values.incrementAndGet(), Map.of(key, version));
        long start = history.now();
        origin.set(name(key), value.text());
        history.add(new Operation(
                Operation.Kind.WRITE,
                start,
                history.now(),
                "origin",
                name(key),
                value.text(),
                Long.MAX_VALUE,
                200,
                0,
                ""));
        return value;
    }

    /* Of one key one thread at a time. */
    private void invalidate(int key, Random random) {
        int version = ++versions[key];
        change(key, version);
        int replica = random.nextInt(Site.REPLICAS);
        String body = "{\"tags\":[\"" + name(key) + "\"],\"mode\":\"hard\"}";
        long start = history.now();
        int status = 0;
        long stamp = 0;
        try {
            HttpResponse<String> answer =
                    Web.send(Web.to(site.replicas().get(replica).process().url() + "/v1/apps/" + APP + "/invalidations")
                            .header("Content-Type", "application/json")
                            .timeout(ACKNOWLEDGED_MAX)
                            .POST(BodyPublishers.ofString(body)));
            status = answer.statusCode();
            var told = STAMP.matcher(answer.body());
            stamp = status == 200 && told.matches() ? Long.parseLong(told.group(1)) : 0;
        } catch (UncheckedIOException e) {
            // No answer is what is written down.
        }
        String ended = new Value(0, Map.of(key, version)).text();
        history.add(new Operation(
                Operation.Kind.INVALIDATE,
                start,
                history.now(),
                Site.name(replica),
                "",
                ended,
                stamp,
                status,
                (int) ACKNOWLEDGED_MAX.toMillis(),
                "hard"));
    }

    /**
     * Has the line of one process fail for a while: its answers and events are held back, or it is cut. Meanwhile something is
     * ended that the process has a copy of, and asked for.
     */
    private void harm(Random random) {
        int number = random.nextInt(lines.size());
        FaultProxy line = lines.get(number);
        int key = 1 + 2 * random.nextInt(KEYS / 2);
        ask(number, key, Kind.UNSTABLE_CACHE, history.now());
        long start = history.now();
        boolean cut = random.nextInt(3) == 0;
        if (cut) {
            line.cut(Which.ALL);
        } else {
            line.rule(Rule.held(Which.ALL, Way.TO_CLIENT));
        }
        invalidate(key, random);
        ask(number, key, Kind.UNSTABLE_CACHE, history.now());
        LockSupport.parkNanos(1_000_000L * random.nextInt(HARM_MS_MAX));
        line.rule(Rule.PASS);
        String what = cut ? "LINE_CUT" : "LINE_HELD";
        history.add(new Operation(Operation.Kind.FAULT, start, history.now(), "next-" + number, what, "", 0, 0, 0, ""));
        LockSupport.parkNanos(1_000_000L * random.nextInt(HARM_MS_MAX));
    }

    /** Ends who asks, once each has its answer, and the processes. */
    @Override
    public void close() {
        over = true;
        Load.await(threads);
        servers.forEach(NextServer::close);
        lines.forEach(FaultProxy::close);
        origin.close();
    }
}
