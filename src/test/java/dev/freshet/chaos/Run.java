package dev.freshet.chaos;

import dev.freshet.chaos.Client.Wish;
import dev.freshet.chaos.Connection.Answer;
import dev.freshet.chaos.Operation.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** One run: a site, its clients, a nemesis, and at the end the verdict on what the clients wrote down. */
final class Run {
    private static final int READS_PER_SECOND = 2_400;
    private static final int SUBSCRIBERS = 4;
    private static final int SETTLED_EVENTS_MAX = 10_000;
    private static final int ROAMING_EVENTS_MAX = 60;
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    /** Two windows. */
    private static final int COHERENT_MS = 2_000;

    private static final long COHERENT_NANOS_MAX = TimeUnit.SECONDS.toNanos(30);
    private static final long LAST_EVENT_NANOS_MAX = TimeUnit.SECONDS.toNanos(10);

    private final Site site;
    private final History history;
    private final long seed;

    /**
     * How long to run: until there were enough faults, reads and time, or far too much time.
     *
     * @param least the least time
     * @param most the most time
     */
    record Length(int faults, long reads, Duration least, Duration most) {
        boolean goesOn(int faultsSoFar, long readsSoFar, Duration soFar) {
            boolean enough = faultsSoFar >= faults && readsSoFar >= reads && soFar.compareTo(least) >= 0;
            return !enough && soFar.compareTo(most) < 0;
        }
    }

    private Run(Site site, History history, long seed) {
        this.site = site;
        this.history = history;
        this.seed = seed;
    }

    /**
     * Runs.
     *
     * @param folder gets the history and every log
     */
    static Verdict of(Path folder, long seed, Length length) {
        History history = new History(folder.resolve("history"));
        Metronome metronome = new Metronome(history);
        try (history;
                metronome;
                Site site = new Site(folder)) {
            new Run(site, history, seed).run(length);
        }
        return Checker.check(history.file());
    }

    private void run(Length length) {
        Random seeds = new Random(seed);
        List<Subscriber> subscribers = new ArrayList<>();
        for (int i = 0; i < SUBSCRIBERS; i++) {
            int eventsMax = i == 0 ? ROAMING_EVENTS_MAX : SETTLED_EVENTS_MAX;
            subscribers.add(new Subscriber("s" + i, site, history, seeds.nextLong(), eventsMax));
        }
        Nemesis nemesis = new Nemesis(site, history, seeds.nextLong());
        site.replicas().forEach(replica -> site.warmUp(replica, history));
        awaitCoherent(history.now());
        long start = history.now();
        try (Load load = new Load(site, history, seeds.nextLong(), READS_PER_SECOND)) {
            for (int round = 1;
                    length.goesOn(nemesis.faults(), load.reads(), Duration.ofNanos(history.now() - start));
                    round++) {
                nemesis.round();
                if (round % 4 == 0) {
                    recover();
                }
            }
            recover();
        }
        awaitLastEvent(subscribers);
        subscribers.forEach(Subscriber::close);
    }

    /** Waits until every replica is coherent, and writes down how long it took. */
    private void recover() {
        long start = history.now();
        awaitCoherent(start);
        history.add(new Operation(Kind.RECOVERY, start, history.now(), "", "", "", 0, 0, COHERENT_MS, ""));
    }

    private void awaitCoherent(long start) {
        try (ExecutorService threads = Executors.newFixedThreadPool(Site.REPLICAS)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < Site.REPLICAS; i++) {
                int replica = i;
                all.add(threads.submit(() -> awaitCoherent(replica, start)));
            }
            for (Future<?> one : all) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException(site.tails(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /* Coherent is a replica that says so and answers from its near copies. */
    private void awaitCoherent(int replica, long start) {
        try (Client client = new Client(site, history)) {
            Random random = new Random(seed);
            int key = Origin.KEYS + replica;
            while (!client.clock(replica).contains("\"coherent\":true") || !isNear(client, replica, key, random)) {
                if (history.now() - start > COHERENT_NANOS_MAX) {
                    throw new IllegalStateException(Site.name(replica) + " does not become coherent");
                }
                LockSupport.parkNanos(POLL_NANOS);
            }
        }
    }

    private static boolean isNear(Client client, int replica, int key, Random random) {
        Answer found = client.read(replica, key, Wish.NONE);
        if (found.status() == 404) {
            Value probe = new Value(-1 - key, Map.of(Origin.TAGS, 0));
            client.write(replica, key, probe, found.header("freshet-as-of"), "", random);
        }
        return found.header("cache-status").contains("detail=near");
    }

    /* Whoever was told of the last invalidation has been told of all, or has lost some. */
    private void awaitLastEvent(List<Subscriber> subscribers) {
        try (Client client = new Client(site, history)) {
            long start = history.now();
            long stamp = 0;
            while (stamp == 0 && history.now() - start < LAST_EVENT_NANOS_MAX) {
                stamp = Client.stamp(client.invalidate(0, new Value(0, Map.of(Origin.TAGS, 1)), "hard"));
            }
            long last = stamp;
            while (history.now() - start < LAST_EVENT_NANOS_MAX
                    && subscribers.stream().anyMatch(subscriber -> subscriber.position() < last)) {
                LockSupport.parkNanos(POLL_NANOS);
            }
        }
    }
}
