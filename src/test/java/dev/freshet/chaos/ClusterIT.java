package dev.freshet.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.chaos.Operation.Kind;
import dev.freshet.testing.RedisCluster;
import dev.freshet.testing.RedisGroup;
import dev.freshet.testing.Tools;
import io.vertx.redis.client.Response;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Three replicas on a Redis Cluster of three masters and three replicas of those, each a process, under load: slots move to other
 * masters, that of the app's control keys as well, and the master of that one is killed, or frozen until another has taken its
 * place. G1, G2 and G6.
 */
class ClusterIT {
    private static final Duration SERVED = Duration.ofSeconds(2);
    private static final Duration SERVED_LONG = Duration.ofSeconds(8);
    private static final long RESUMED_MS_MAX = 5_000;
    private static final int MOVED_MAX = 60;
    private static final String CLOCK = "freshet:{chaos}:clock";

    @Test
    void slotsMoveAndAMasterIsLost_noAnswerIsWrong() {
        Path folder = Tools.repository().resolve("target/cluster");
        History history = new History(folder.resolve("history"));
        Metronome metronome = new Metronome(history);
        try (history;
                metronome;
                RedisCluster cluster = new RedisCluster(folder.resolve("nodes"), RedisCluster.MASTERS, "", List.of());
                Site site = new Site(folder, cluster, Map.of())) {
            site.replicas().forEach(replica -> site.warmUp(replica, history));
            try (Load load = new Load(site, history, 1, 1_200)) {
                MasterLossIT.serve(load, SERVED);
                moveSlots(cluster);
                resumed("moving slots", site, history, history.now());
                MasterLossIT.serve(load, SERVED);
                loseMaster(cluster, site, history);
                MasterLossIT.serve(load, SERVED);
            }
        }
        Verdict verdict = Checker.check(history.file());
        System.out.println(verdict);

        assertThat(verdict.broken()).as("%s", verdict.told()).isEmpty();
        assertThat(verdict.judged()).isPositive();
    }

    /** At the very moment at which its successor is known, and long after. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void masterFreezesIsReplacedAndWakes_nothingItDoesIsAcknowledged(boolean late) {
        Path folder = Tools.repository().resolve("target/cluster-" + (late ? "late" : "early"));
        History history = new History(folder.resolve("history"));
        Metronome metronome = new Metronome(history);
        Demotion demotion;
        try (history;
                metronome;
                RedisCluster cluster = new RedisCluster(folder.resolve("nodes"), RedisCluster.MASTERS, "", List.of());
                Site site = new Site(folder, cluster, Map.of())) {
            site.replicas().forEach(replica -> site.warmUp(replica, history));
            try (Load load = new Load(site, history, 1, 1_200)) {
                MasterLossIT.serve(load, SERVED);
                demotion = freezeMaster(cluster, site, history, late);
                MasterLossIT.serve(load, SERVED_LONG);
            }
            site.replicas()
                    .forEach(replica -> assertThat(replica.process().metric("freshet_redis_master_changes_total"))
                            .isPositive());
        }
        Verdict verdict = Checker.check(history.file());
        System.out.println(verdict);
        System.out.printf(Locale.ROOT, "cluster: %,d invalidations acknowledged since%n", demotion.check(history));

        assertThat(verdict.broken()).as("%s", verdict.told()).isEmpty();
        assertThat(verdict.judged()).isPositive();
    }

    private static Demotion freezeMaster(RedisCluster cluster, Site site, History history, boolean late) {
        int control = cluster.slot(CLOCK);
        int old = cluster.owner(control, 0);
        int asked = (old + 1) % RedisCluster.MASTERS;
        final String epoch = cluster.tell(old, "HGET", CLOCK, "epoch").toString();
        final long scripts = Tally.scripts(cluster.tell(old, "INFO", "commandstats"));
        long start = history.now();
        cluster.server(old).freeze();
        RedisGroup.await(() -> cluster.owner(control, asked) != old);
        final int next = cluster.owner(control, asked);
        long replaced = history.now();
        if (!late) {
            cluster.server(old).thaw();
        }
        try (Probes probes = new Probes(site, history, "woken")) {
            long writtenNanos = resumed("freezing a master", site, history, replaced);
            history.add(
                    new Operation(Kind.FAULT, start, writtenNanos, "redis", Fault.REDIS_TORN.name(), "", 0, 0, 0, ""));
            if (late) {
                cluster.server(old).thaw();
            }
            RedisGroup.await(() -> {
                String info = cluster.tell(old, "INFO", "replication").toString();
                return info.contains("role:slave") && info.contains("master_link_status:up");
            });
            long followsNanos = history.now();
            int stored = probes.end();
            System.out.printf(
                    Locale.ROOT,
                    "cluster: replaced after %,d ms; woken %s, the old master followed the new one %,d ms after it was replaced,"
                            + " and had run %,d scripts at most; %,d writes acknowledged meanwhile%n",
                    TimeUnit.NANOSECONDS.toMillis(replaced - start),
                    late ? "late" : "at once",
                    TimeUnit.NANOSECONDS.toMillis(followsNanos - replaced),
                    Tally.scripts(cluster.tell(old, "INFO", "commandstats")) - scripts,
                    stored);
            assertThat(stored).isPositive();
            assertThat(probes.lost()).isEmpty();
        }
        return Demotion.at(
                replaced, epoch, cluster.tell(next, "HGET", CLOCK, "epoch").toString());
    }

    /* Every slot of one master that has something of the app, to the next one. */
    private static void moveSlots(RedisCluster cluster) {
        long start = System.nanoTime();
        int control = cluster.slot(CLOCK);
        int from = cluster.owner(control, 0);
        TreeSet<Integer> slots = new TreeSet<>();
        for (Response key : cluster.tell(from, "KEYS", "freshet:e:{chaos/*")) {
            if (slots.size() < MOVED_MAX) {
                slots.add(cluster.slot(key.toString()));
            }
        }
        assertThat(slots).isNotEmpty();
        slots.add(control);
        int to = (from + 1) % RedisCluster.MASTERS;
        slots.forEach(slot -> cluster.move(slot, from, to));
        System.out.printf(
                Locale.ROOT,
                "cluster: %d slots moved in %,d ms%n",
                slots.size(),
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
    }

    private static void loseMaster(RedisCluster cluster, Site site, History history) {
        int control = cluster.slot(CLOCK);
        int lost = cluster.owner(control, 0);
        int asked = (lost + 1) % RedisCluster.MASTERS;
        long start = history.now();
        cluster.server(lost).kill();
        RedisGroup.await(() -> cluster.owner(control, asked) != lost);
        long replaced = history.now();
        System.out.printf(
                Locale.ROOT,
                "cluster: its replica took a master's place after %,d ms%n",
                TimeUnit.NANOSECONDS.toMillis(replaced - start));
        long writtenNanos = resumed("losing a master", site, history, replaced);
        history.add(new Operation(Kind.FAULT, start, writtenNanos, "redis", Fault.REDIS_TORN.name(), "", 0, 0, 0, ""));
    }

    /* Returns when each replica writes and invalidates, and tells when it wrote. */
    private static long resumed(String after, Site site, History history, long sinceNanos) {
        MasterLossIT.await(site, history, MasterLossIT::writes);
        final long writtenNanos = history.now();
        MasterLossIT.await(site, history, MasterLossIT::invalidates);
        long writtenMs = TimeUnit.NANOSECONDS.toMillis(writtenNanos - sinceNanos);
        long acknowledgedMs = TimeUnit.NANOSECONDS.toMillis(history.now() - sinceNanos);
        System.out.printf(
                Locale.ROOT,
                "cluster, after %s: by every replica an entry was written %,d ms after that, and an invalidation acknowledged"
                        + " %,d ms after that%n",
                after,
                writtenMs,
                acknowledgedMs);
        assertThat(writtenMs).isLessThan(RESUMED_MS_MAX);
        assertThat(acknowledgedMs).isLessThan(RESUMED_MS_MAX);
        return writtenNanos;
    }
}
