package dev.freshet.chaos;

import dev.freshet.chaos.Client.Wish;
import dev.freshet.chaos.Connection.Answer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The clients: some read, some compute what is missing, some change the data and invalidate. Each is a thread. */
final class Load implements AutoCloseable {
    private static final int READERS_PER_REPLICA = 3;
    private static final int WRITERS = 5;
    private static final int INVALIDATORS = 5;
    private static final double WRITER_HZ = 80;
    private static final double INVALIDATOR_HZ = 4;
    private static final int WRITES_PER_INVALIDATION = 6;
    private static final int MISSED_MAX = 256;
    private static final long LATE_MAX_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final Pattern LEADER = Pattern.compile("leader; token=\"([^\"]*)\".*");

    private final Site site;
    private final History history;
    private final Origin origin = new Origin();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicLong reads = new AtomicLong();

    /** Writes that were stored and not yet spent on an invalidation, which ends about as many. */
    private final AtomicLong unspent = new AtomicLong();

    /** Keys that a reader missed or found stale, for the writers. */
    private final BlockingQueue<Integer> missed = new ArrayBlockingQueue<>(MISSED_MAX);

    private volatile boolean over;

    /**
     * Starts them all.
     *
     * @param readsPerSecond of all readers together, where the replicas keep up
     */
    Load(Site site, History history, long seed, int readsPerSecond) {
        this.site = site;
        this.history = history;
        Random seeds = new Random(seed);
        double readerHz = (double) readsPerSecond / (READERS_PER_REPLICA * Site.REPLICAS);
        for (int i = 0; i < READERS_PER_REPLICA * Site.REPLICAS; i++) {
            int replica = i % Site.REPLICAS;
            start("reader", readerHz, new Reader(replica, new Random(seeds.nextLong()))::read);
        }
        for (int i = 0; i < WRITERS; i++) {
            start("writer", WRITER_HZ, new Writer(new Random(seeds.nextLong()))::work);
        }
        for (int i = 0; i < INVALIDATORS; i++) {
            start("invalidator", INVALIDATOR_HZ, new Invalidator(new Random(seeds.nextLong()))::invalidate);
        }
    }

    /** How many reads were answered so far. */
    long reads() {
        return reads.get();
    }

    /* A client that cannot keep up leaves out what it missed, but for a little. */
    private void start(String name, double hz, Runnable step) {
        long periodNanos = (long) (1e9 / hz);
        threads.add(Thread.ofPlatform().name(name).daemon().start(() -> {
            long due = System.nanoTime();
            while (!over) {
                long early = due - System.nanoTime();
                if (early > 0) {
                    LockSupport.parkNanos(early);
                } else {
                    step.run();
                    due = Math.max(due + periodNanos, System.nanoTime() - LATE_MAX_NANOS);
                }
            }
        }));
    }

    /** Ends them all, once each has its answer. */
    @Override
    public void close() {
        over = true;
        await(threads);
    }

    /** Returns when threads that have been told to end have ended, or this one is interrupted. */
    static void await(List<Thread> threads) {
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Answer read(Client client, int replica, int key, Wish wish) {
        Answer answer = client.read(replica, key, wish);
        if (answer.status() == 200 || answer.status() == 404) {
            reads.incrementAndGet();
        }
        return answer;
    }

    /** Reads from one replica. */
    private final class Reader {
        private final Client client = new Client(site, history);
        private final int replica;
        private final Random random;

        Reader(int replica, Random random) {
            this.replica = replica;
            this.random = random;
        }

        void read() {
            int key = origin.anyKey(random);
            Answer found = Load.this.read(client, replica, key, Wish.NONE);
            if (found.status() == 404 || found.header("freshet-state").equals("stale")) {
                missed.offer(key);
            }
        }
    }

    /** Computes what is missing or stale: at once, or so late that the data is another by then. */
    private final class Writer {
        private final Client client = new Client(site, history);
        private final Random random;
        private final PriorityQueue<Computed> computed = new PriorityQueue<>(Comparator.comparingLong(Computed::due));

        /** A value that is written when it is due. */
        private record Computed(long due, int key, Value value, String ticket, String token) {}

        Writer(Random random) {
            this.random = random;
        }

        void work() {
            if (!computed.isEmpty() && computed.peek().due - System.nanoTime() <= 0) {
                write(computed.poll());
                return;
            }
            int replica = random.nextInt(Site.REPLICAS);
            Integer wanted = missed.poll();
            int key = wanted == null ? origin.anyKey(random) : wanted;
            boolean lease = random.nextInt(10) < 6;
            int waitMs = lease && random.nextInt(10) == 0 ? 300 : 0;
            Answer found = read(client, replica, key, new Wish(lease, waitMs));
            String ticket = found.header("freshet-as-of");
            if ((found.status() == 200 || found.status() == 404) && !ticket.isEmpty()) {
                compute(replica, key, ticket, found.header("freshet-lease"));
            }
        }

        private void compute(int replica, int key, String ticket, String lease) {
            Matcher leader = LEADER.matcher(lease);
            String token = leader.matches() ? leader.group(1) : "";
            boolean follows = !lease.isEmpty() && token.isEmpty();
            if (follows && random.nextInt(10) < 8) {
                return;
            }
            if (!token.isEmpty() && random.nextInt(30) == 0) {
                client.release(replica, token);
                return;
            }
            long due = System.nanoTime() + TimeUnit.MICROSECONDS.toNanos(computingMicros());
            String used = random.nextInt(5) == 0 ? "" : token;
            computed.add(new Computed(due, key, origin.compute(key), ticket, used));
        }

        private long computingMicros() {
            int chance = random.nextInt(100);
            if (chance < 60) {
                return 0;
            }
            return chance < 88
                    ? random.nextInt(30_000)
                    : chance < 98 ? random.nextInt(1_500_000) : random.nextInt(6_000_000);
        }

        private void write(Computed ready) {
            int replica = random.nextInt(Site.REPLICAS);
            if (client.write(replica, ready.key, ready.value, ready.ticket, ready.token, random)
                            .status()
                    < 300) {
                unspent.incrementAndGet();
            }
        }
    }

    /** Changes the data of a tag or two, and then invalidates. */
    private final class Invalidator {
        private final Client client = new Client(site, history);
        private final Random random;

        Invalidator(Random random) {
            this.random = random;
        }

        void invalidate() {
            if (unspent.addAndGet(-WRITES_PER_INVALIDATION) < 0) {
                unspent.addAndGet(WRITES_PER_INVALIDATION);
                return;
            }
            int one = origin.anyTag(random);
            int other = origin.anyTag(random);
            List<Integer> tags = one == other || random.nextInt(4) > 0 ? List.of(one) : List.of(one, other);
            int chance = random.nextInt(10);
            String mode =
                    chance < 6 ? "hard" : chance < 8 ? "soft" : chance < 9 ? "soft 0" : "soft " + random.nextInt(3_000);
            Value ended = origin.update(tags);
            if (client.invalidate(random.nextInt(Site.REPLICAS), ended, mode).status() == 200) {
                origin.ended(tags);
            }
        }
    }
}
