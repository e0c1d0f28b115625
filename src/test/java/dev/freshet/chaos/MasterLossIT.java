package dev.freshet.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.chaos.Client.Wish;
import dev.freshet.chaos.Operation.Kind;
import dev.freshet.chaos.Verdict.Broken;
import dev.freshet.testing.RedisGroup;
import dev.freshet.testing.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/**
 * Three replicas, a Redis, its standby and three Sentinels, each a process, under load: the master is killed, frozen, and killed
 * after its standby has missed the end of the history. G1, G2 and G6.
 */
class MasterLossIT {
    private static final Duration SERVED = Duration.ofSeconds(2);
    private static final Duration MOST = Duration.ofSeconds(30);
    private static final long RESUMED_MS_MAX = 5_000;
    private static final String CLOCK = "freshet:{chaos}:clock";

    private final List<Long> acknowledgedMs = new ArrayList<>();
    private final List<Demotion> demotions = new ArrayList<>();

    /** How a master is lost. */
    private enum Loss {
        /** kill -9. */
        KILLED,
        /** SIGSTOP; it is woken when the other one is the master, and takes itself for the master until the Sentinels tell it. */
        FROZEN,
        /** kill -9, when its standby has not heard of the last invalidations. */
        TORN
    }

    @Test
    void masterIsLost_noAcknowledgedInvalidationIs() {
        Path folder = Tools.repository().resolve("target/failover/short");

        Verdict verdict = run(folder, Map.of(), List.of(Loss.KILLED, Loss.FROZEN, Loss.TORN));

        assertThat(verdict.broken()).as("%s", verdict.told()).isEmpty();
        assertThat(verdict.judged()).isPositive();
        assertThat(acknowledgedMs).allSatisfy(ms -> assertThat(ms).isLessThan(RESUMED_MS_MAX));
    }

    /** A replica whose window is still open when the next master is named knows what that has missed, and says so. */
    @Test
    void masterIsLostWithItsTail_replicasGiveBackTheMarks() throws IOException {
        Path folder = Tools.repository().resolve("target/failover/long");

        Verdict verdict = run(folder, Map.of("FRESHET_COHERENCE_WINDOW", "8s"), List.of(Loss.TORN));

        for (Broken promise : List.of(Broken.STALE, Broken.RESURRECTED, Broken.FOREIGN, Broken.OVERWRITTEN)) {
            assertThat(verdict.of(promise)).as("%s", verdict.told()).isZero();
        }
        assertThat(verdict.judged()).isPositive();
        StringBuilder logs = new StringBuilder();
        for (String name : Site.names()) {
            logs.append(Files.readString(folder.resolve(name + ".log")));
        }
        assertThat(logs).contains("this replica gives back what it lacks").contains("has its history back");
    }

    private Verdict run(Path folder, Map<String, String> settings, List<Loss> losses) {
        History history = new History(folder.resolve("history"));
        Metronome metronome = new Metronome(history);
        try (history;
                metronome;
                RedisGroup group = new RedisGroup(folder.resolve("sentinels"), RedisGroup.Secrets.NONE);
                Site site = new Site(folder, group, settings)) {
            site.replicas().forEach(replica -> site.warmUp(replica, history));
            try (Load load = new Load(site, history, 1, 1_200)) {
                for (Loss loss : losses) {
                    serve(load, SERVED);
                    lose(loss, group, site, history);
                }
                serve(load, SERVED);
            }
        }
        Verdict verdict = Checker.check(history.file());
        System.out.println(verdict);
        demotions.forEach(demotion -> System.out.printf(
                Locale.ROOT, "failover: %,d invalidations acknowledged since%n", demotion.check(history)));
        return verdict;
    }

    /* Long enough for reads that would show what is wrong. */
    static void serve(Load load, Duration time) {
        long before = load.reads();
        Awaitility.await().pollDelay(time).atMost(MOST).until(() -> load.reads() > before + 500);
    }

    private void lose(Loss loss, RedisGroup group, Site site, History history) {
        RedisGroup.await(() -> group.named() >= 0 && group.isSynced(1 - group.named()));
        int old = group.named();
        long start = history.now();
        if (loss == Loss.TORN) {
            try (Client client = new Client(site, history)) {
                /* When the quiet period is over: of a standby that has been alone for long the Sentinels make no master. */
                Awaitility.await().atMost(MOST).until(() -> invalidates(client, 0));
                group.tell(1 - old, "REPLICAOF", "127.0.0.1", "1");
                Awaitility.await().atMost(MOST).until(() -> invalidates(client, 0));
            }
        }
        long behind = stamp(group, old) - stamp(group, 1 - old);
        final String epoch = group.tell(old, "HGET", CLOCK, "epoch").toString();
        final long scripts = Tally.scripts(group.tell(old, "INFO", "commandstats"));
        long lostNanos = history.now();
        if (loss == Loss.FROZEN) {
            group.server(old).freeze();
        } else {
            group.server(old).kill();
        }
        RedisGroup.await(() -> group.named() == 1 - old);
        long namedNanos = history.now();
        Optional<Probes> probes = Optional.empty();
        if (loss == Loss.FROZEN) {
            group.server(old).thaw();
            probes = Optional.of(new Probes(site, history, "woken"));
        }
        await(site, history, MasterLossIT::writes);
        final long writtenNanos = history.now();
        await(site, history, MasterLossIT::invalidates);
        final long acknowledgedNanos = history.now();
        history.add(new Operation(
                Kind.FAULT, start, writtenNanos, "redis", Fault.REDIS_TORN.name(), "", 0, 0, 0, loss.name()));
        probes.ifPresent(woken -> follow(old, group, history, namedNanos, new Before(epoch, scripts), woken));
        if (loss != Loss.FROZEN) {
            group.server(old).restart();
        }
        long writtenMs = TimeUnit.NANOSECONDS.toMillis(writtenNanos - namedNanos);
        acknowledgedMs.add(TimeUnit.NANOSECONDS.toMillis(acknowledgedNanos - namedNanos));
        System.out.printf(
                Locale.ROOT,
                "failover, %s: the standby was %,d stamps behind; another was named after %,d ms; by every replica an entry"
                        + " was written %,d ms after that, and an invalidation acknowledged %,d ms after that%n",
                loss,
                behind,
                TimeUnit.NANOSECONDS.toMillis(namedNanos - lostNanos),
                writtenMs,
                acknowledgedMs.getLast());
        assertThat(writtenMs).as("%s", loss).isLessThan(RESUMED_MS_MAX);
        assertThat(behind > 0 || loss != Loss.TORN).isTrue();
    }

    /** Of the old master, when it was one. */
    private record Before(String epoch, long scripts) {}

    /* Returns when the old master has followed the new one, to whom alone anything was written meanwhile. */
    private void follow(int old, RedisGroup group, History history, long namedNanos, Before before, Probes probes) {
        try (probes) {
            demotions.add(Demotion.at(
                    namedNanos,
                    before.epoch,
                    group.tell(1 - old, "HGET", CLOCK, "epoch").toString()));
            RedisGroup.await(() -> group.isSynced(old));
            int stored = probes.end();
            System.out.printf(
                    Locale.ROOT,
                    "failover: woken at once, the old master followed the new one %,d ms after that was named, and had run %,d"
                            + " scripts at most; %,d writes acknowledged meanwhile%n",
                    TimeUnit.NANOSECONDS.toMillis(history.now() - namedNanos),
                    Tally.scripts(group.tell(old, "INFO", "commandstats")) - before.scripts,
                    stored);
            assertThat(stored).isPositive();
            assertThat(probes.lost()).isEmpty();
        }
    }

    private static long stamp(RedisGroup group, int server) {
        return group.tell(server, "HGET", CLOCK, "last").toLong();
    }

    /* Returns when each replica has done it. */
    static void await(Site site, History history, BiPredicate<Client, Integer> step) {
        try (Client client = new Client(site, history)) {
            for (int i = 0; i < Site.REPLICAS; i++) {
                int replica = i;
                Awaitility.await()
                        .pollInterval(Duration.ofMillis(10))
                        .atMost(MOST)
                        .until(() -> step.test(client, replica));
            }
        }
    }

    static boolean writes(Client client, int replica) {
        int key = Origin.KEYS + replica;
        Value probe = new Value(-1 - replica, Map.of(Origin.TAGS, 0));
        String ticket = client.read(replica, key, Wish.NONE).header("freshet-as-of");
        return !ticket.isEmpty()
                && client.write(replica, key, probe, ticket, "", new Random(1)).status() < 300;
    }

    static boolean invalidates(Client client, int replica) {
        return client.invalidate(replica, new Value(0, Map.of(Origin.TAGS, 0)), "hard")
                        .status()
                == 200;
    }
}
