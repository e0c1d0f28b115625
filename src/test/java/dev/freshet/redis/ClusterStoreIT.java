package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.entry.Key;
import dev.freshet.entry.Ticket;
import dev.freshet.store.Mode;
import dev.freshet.store.Position;
import dev.freshet.store.Pulse;
import dev.freshet.store.Written;
import dev.freshet.tag.Tag;
import dev.freshet.testing.RedisCluster;
import dev.freshet.testing.RedisGroup;
import dev.freshet.testing.Tools;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract on a Redis Cluster of three masters, by the user of {@code conf/redis.acl}, and what becomes of slots that move. */
class ClusterStoreIT extends OnRedis {
    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    @TempDir
    static Path folder;

    private static RedisCluster cluster;

    @BeforeAll
    static void start() throws IOException {
        cluster =
                new RedisCluster(folder, 0, "", List.of("--aclfile", acl(folder).toString()));
    }

    /** The user of {@code conf/redis.acl}, and an administrator. */
    static Path acl(Path folder) throws IOException {
        String acl = Files.readString(Tools.repository().resolve("conf/redis.acl"))
                .replace("user default off", "user default on nopass ~* &* +@all");
        return Files.writeString(folder.resolve("redis.acl"), acl);
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Override
    RedisConfig config() {
        return new RedisConfig(cluster.uri().replace("://", "://freshet:change-me@"), TIMEOUT, 4_096);
    }

    /** A slot with the node that has it, and another node. */
    private record Place(int slot, int from, int to) {
        static Place of(String key) {
            int slot = cluster.slot(key);
            int from = cluster.owner(slot, 0);
            return new Place(slot, from, (from + 1) % RedisCluster.MASTERS);
        }

        void beginMove() {
            cluster.beginMove(slot, from, to);
        }

        void moveKeys() {
            cluster.moveKeys(slot, from, to);
        }

        void endMove() {
            cluster.endMove(slot, from, to);
        }
    }

    private String body() {
        return now(store.read(key, Optional.empty()))
                .orElseThrow()
                .body()
                .bytes()
                .toString();
    }

    @Test
    void write_manyKeys_spreadsThemOverAllMasters() {
        List<Future<?>> all = new ArrayList<>();
        IntStream.range(0, 60)
                .forEach(i -> all.add(store.write(Key.of(app, "v1", "k" + i), draft("one"), new Ticket(1, 0))));
        now(Future.all(all));

        for (int node = 0; node < RedisCluster.MASTERS; node++) {
            assertThat(cluster.tell(node, "KEYS", "freshet:e:{" + app + "/*").size())
                    .isPositive();
        }
    }

    @Test
    void read_slotHasMoved_followsOnceAndRemembers() {
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        Place place = Place.of(Names.entry(key));
        cluster.move(place.slot, place.from, place.to);
        long before = store.redirects().moved();

        assertThat(body()).isEqualTo("one");
        assertThat(store.redirects().moved()).isEqualTo(before + 1);
        assertThat(body()).isEqualTo("one");
        assertThat(store.redirects().moved()).isEqualTo(before + 1);
    }

    @Test
    void read_keyHasLeftOfASlotThatMoves_isAskedForThere() {
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        Place place = Place.of(Names.entry(key));
        place.beginMove();
        try {
            assertThat(body()).isEqualTo("one");
            assertThat(store.redirects().asked()).isZero();
            place.moveKeys();

            assertThat(body()).isEqualTo("one");
            assertThat(body()).isEqualTo("one");
            assertThat(store.redirects().asked()).isEqualTo(2);
            assertThat(store.redirects().moved())
                    .as("the slot is still the first one's")
                    .isZero();
            cluster.tell(place.to, "SCRIPT", "FLUSH");
            assertThat(now(store.remove(key)))
                    .as("by a script that is not known there")
                    .isTrue();
        } finally {
            place.moveKeys();
            place.endMove();
        }
    }

    /** A script of two keys of which one does not exist: no node can tell whether that one has left. */
    @Test
    void write_whileTheSlotMoves_waitsUntilItHas() {
        now(store.write(key, draft("one"), new Ticket(1, 0)));
        Place place = Place.of(Names.entry(key));
        place.beginMove();

        Future<Written> write = store.write(key, draft("two"), new Ticket(2, 0));
        RedisGroup.await(
                () -> cluster.tell(place.from, "INFO", "errorstats").toString().contains("errorstat_TRYAGAIN"));
        place.moveKeys();
        place.endMove();

        assertThat(now(write)).isInstanceOf(Written.Stored.class);
        assertThat(body()).isEqualTo("two");
    }

    /** The Redis that has the control keys is another, and may have lost their end for all it knows. */
    @Test
    void beat_controlSlotHasMoved_beginsAnEpochThatIsInDoubtUntilMarksAreGivenBack() {
        Pulse before = now(store.beat(app, new Position("r1", "", 0, 1)));
        long stamp = now(store.invalidate(app, List.of(new Tag("posts")), new Mode.Hard(), 0))
                .stamp();
        Place place = Place.of(Names.clock(app));
        cluster.move(place.slot, place.from, place.to);

        Pulse after = now(store.beat(app, new Position("r1", before.epoch(), stamp, 2)));
        assertThat(after.epoch()).isNotEqualTo(before.epoch());
        assertThat(after.kept()).as("nothing was lost").isEqualTo(stamp);
        assertThat(after.changed()).containsOnlyKeys(new Tag("posts"));
    }

    @Test
    void retire_entriesOnAllMasters_removesThem() {
        List<Future<?>> all = new ArrayList<>();
        IntStream.range(0, 300)
                .forEach(i -> all.add(store.write(Key.of(app, "v1", "k" + i), draft("one"), new Ticket(1, 0))));
        now(Future.all(all));
        Place place = Place.of(Names.deployments(app));
        cluster.tell(place.from, "ZADD", Names.deployments(app), "1", "v1");

        assertThat(now(store.retire(app))).isTrue();
        assertThat(store.retired().entries()).isEqualTo(300);
        assertThat(store.retired().bytes()).isGreaterThan(300 * 10L);
        for (int node = 0; node < RedisCluster.MASTERS; node++) {
            assertThat(cluster.tell(node, "KEYS", Names.entries(app, "v1")).size())
                    .isZero();
        }
        assertThat(cluster.tell(place.from, "EXISTS", Names.deployments(app), Names.retiring(app))
                        .toInteger())
                .isZero();
    }

    @Test
    void read_aNodeIsNamedAsIfItWereAlone_saysWhatToWrite() {
        RedisStore alone =
                new RedisStore(vertx, new RedisConfig(cluster.server(0).uri(), TIMEOUT, 64), RULES);
        List<Key> keys =
                IntStream.range(0, 20).mapToObj(i -> Key.of(app, "v1", "k" + i)).toList();

        assertThatThrownBy(() -> keys.forEach(each -> now(alone.read(each, Optional.empty()))))
                .hasMessageContaining("redis+cluster://");
        now(alone.close());
    }
}
