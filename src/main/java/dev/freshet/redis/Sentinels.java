package dev.freshet.redis;

import dev.freshet.store.StoreException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The Sentinels that watch over a Redis and its standbys, and say which of them is the master. */
public final class Sentinels {
    /*
     * All are asked at once, and of their answers the newest counts: each change of the master has a higher epoch
     * than the one before, and a Sentinel that is cut off, or has not heard of the change yet, names the old one. The
     * first answer would do most of the time, and send writes to a demoted master the rest of it.
     *
     * The epoch is asked before the address. If the master changes in between, the address is newer than its
     * epoch says, and may lose to an older one, which the next attempt mends; the other way round the old address
     * would have the new epoch, and win.
     */

    private static final Logger LOG = LoggerFactory.getLogger(Sentinels.class);
    private static final String SWITCHED = "+switch-master";

    private final Vertx vertx;
    private final RedisConfig config;
    private final SentinelUrl url;
    private final List<Bus> buses = new ArrayList<>();

    /** What one of them says. */
    public sealed interface Answer {
        /** Who says it, as {@code host:port}. */
        String sentinel();

        /**
         * It names the master.
         *
         * @param epoch of the configuration: the higher, the newer
         */
        record Named(String sentinel, long epoch, String host, int port) implements Answer {
            /** Whether another names the same. */
            public boolean agreesWith(Named other) {
                return port == other.port && host.equals(other.host);
            }
        }

        /** It names none. */
        record None(String sentinel, String why) implements Answer {}
    }

    /** They are asked when it matters, and not before. */
    public Sentinels(Vertx vertx, RedisConfig config, SentinelUrl url) {
        this.vertx = vertx;
        this.config = config;
        this.url = url;
    }

    /** The URL of the master, as the newest of their answers has it. Fails if none is given within {@code redis.timeout}. */
    Future<String> master() {
        return ask().compose(answers -> newest(answers)
                .map(named -> Future.succeededFuture(url.of(named.host, named.port)))
                .orElseGet(() -> Future.failedFuture(new StoreException("no Sentinel names the master " + url.master()
                        + ": " + answers.stream().map(Object::toString).collect(Collectors.joining(", "))))));
    }

    /** What each of them says, in their order. Never fails; told within {@code redis.timeout}. */
    public Future<List<Answer>> ask() {
        List<Future<Answer>> answers = url.sentinels().stream().map(this::ask).toList();
        return Future.join(answers)
                .map(all -> answers.stream().map(Future::result).toList());
    }

    /** The newest of some answers, if any names a master. */
    public static Optional<Answer.Named> newest(List<Answer> answers) {
        return answers.stream()
                .filter(Answer.Named.class::isInstance)
                .map(Answer.Named.class::cast)
                .max(Comparator.comparingLong(Answer.Named::epoch));
    }

    private Future<Answer> ask(String sentinel) {
        Redis client = Redis.createClient(vertx, config.sentinelOptions(url.of(sentinel)));
        return client.connect()
                .compose(connection -> ask(sentinel, connection))
                .timeout(config.timeout().toMillis(), TimeUnit.MILLISECONDS)
                .recover(failed ->
                        Future.succeededFuture(new Answer.None(sentinel, String.valueOf(failed.getMessage()))))
                .onComplete(answered -> client.close());
    }

    private Future<Answer> ask(String sentinel, RedisConnection connection) {
        Future<@Nullable Response> about =
                connection.send(Request.cmd(Command.SENTINEL).arg("MASTER").arg(url.master()));
        Future<@Nullable Response> address = connection.send(
                Request.cmd(Command.SENTINEL).arg("GET-MASTER-ADDR-BY-NAME").arg(url.master()));
        return Future.all(about, address).map(both -> {
            Reply where = new Reply(address.result());
            return new Answer.Named(sentinel, epoch(new Reply(about.result())), where.text(0), (int) where.number(1));
        });
    }

    /* It tells names and values in turns. */
    private static long epoch(Reply about) {
        for (int i = 0; i + 1 < about.size(); i += 2) {
            if (about.text(i).equals("config-epoch")) {
                return about.number(i + 1);
            }
        }
        return 0;
    }

    /** Has {@code switched} run, on some event loop, when they say that the master is another: once, though each of them says so. */
    void watch(Runnable switched) {
        AtomicReference<String> latest = new AtomicReference<>("");
        for (String sentinel : url.sentinels()) {
            Supplier<Future<RedisOptions>> where =
                    () -> Future.succeededFuture(config.sentinelOptions(url.of(sentinel)));
            Bus bus = new Bus(vertx, each -> Dial.toAnybody(each, where));
            buses.add(bus);
            bus.subscribe(Set.of(SWITCHED), line -> {
                String[] words = line.split(" ", -1);
                String next = words[words.length - 2] + ":" + words[words.length - 1];
                if (words[0].equals(url.master()) && !latest.getAndSet(next).equals(next)) {
                    LOG.warn("Sentinel {} says that the master {} is at {} now", sentinel, words[0], next);
                    switched.run();
                }
            });
        }
    }

    /** Hears nothing more. */
    void close() {
        buses.forEach(Bus::close);
    }
}
