package dev.freshet.redis;

import dev.freshet.loop.Loops;
import dev.freshet.store.StoreException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.core.IntervalFunction;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop's connection for commands: held, pipelined, found again when it is lost. Every command ends within the timeout,
 * or fails with a {@link StoreException}.
 */
final class Link {
    /*
     * Every promise here belongs to the loop: one without a context would have its timeout told on a
     * thread of Netty's, and so would everyone who waits for it.
     *
     * Reads of one turn of the loop leave in one write. Vert.x fails a batch as a whole if one reply
     * is an error, so then each read is sent again by itself; which only reads may be.
     *
     * A lost connection opens the circuit: nothing is sent for a while, longer each time. Then one command makes a connection. Where
     * that takes longer than it does with a Redis that is well, whoever asks meanwhile fails at once; but not what keeps replicas
     * coherent. What that Redis answers first closes the circuit.
     *
     * A command that has had no answer in time condemns the connection: whatever follows on it
     * would wait behind it. So does a Redis that is no master, or is none yet: it is asked anew where the master is. While the connection is still being made it is given more time than the
     * commands that wait for it, which fail: the first one loads the client's classes. No push may ever arrive here, for the client would take it for the reply
     * to whatever command is under way; hence RESP2, and nothing that subscribes or tracks.
     */

    private static final Logger LOG = LoggerFactory.getLogger(Link.class);
    private static final int BATCH_MAX = 256;

    /** How many of what keeps replicas coherent may be under way beside {@code redis.waiting-max} others. */
    static final int VITAL_MAX = 1_024;

    /** What a Redis says first that is another's standby. */
    private static final String STANDBY = "READONLY";

    /** What those say that will not do for now: a standby, one without its standbys, one that is starting or without its cluster. */
    private static final List<String> NO_MASTER =
            List.of(STANDBY, "NOREPLICAS", "MASTERDOWN", "LOADING", "CLUSTERDOWN");

    private static final int CONNECT_TIMEOUTS = 4;
    private static final Duration RETRY_MIN = Duration.ofMillis(50);
    private static final Duration RETRY_MAX = Duration.ofSeconds(1);

    private static final CircuitBreakerConfig CIRCUIT = CircuitBreakerConfig.custom()
            .clock(new Monotonic())
            .slidingWindow(1, 1, SlidingWindowType.COUNT_BASED)
            .failureRateThreshold(100)
            .permittedNumberOfCallsInHalfOpenState(1)
            .waitIntervalFunctionInOpenState(IntervalFunction.ofExponentialBackoff(RETRY_MIN, 2, RETRY_MAX))
            .build();

    private final Vertx vertx;
    private final Context loop;
    private final RedisConfig config;
    private final Function<Vertx, Dial> dials;
    private final Runnable demoted;
    private final CircuitBreaker circuit = CircuitBreaker.of("redis", CIRCUIT);
    private final List<Read> reads = new ArrayList<>();

    private @Nullable Dial dial;
    private @Nullable Future<RedisConnection> connecting;
    private long triedNanos;
    private int underWay;

    /** How a command travels. */
    enum Way {
        /** It changes nothing, and leaves with the others of this turn. */
        TOGETHER,
        /** By itself. */
        ALONE,
        /** By itself, though as many others are under way as may be. */
        VITAL
    }

    private record Read(Request request, Promise<@Nullable Response> reply) {}

    /**
     * One that connects when it is first used.
     *
     * @param demoted is run when the Redis that it speaks to turns out to be another's standby
     */
    Link(Vertx vertx, Context loop, RedisConfig config, Function<Vertx, Dial> dials, Runnable demoted) {
        this.vertx = vertx;
        this.loop = loop;
        this.config = config;
        this.dials = dials;
        this.demoted = demoted;
    }

    /** The loop that every method is called on. */
    Context loop() {
        return loop;
    }

    /** Sends a command. */
    Future<@Nullable Response> tell(Request request, Way way) {
        return way == Way.TOGETHER
                ? read(request)
                : counted(way, () -> connection(way).compose(connection -> connection.send(request)));
    }

    /* Not a batch: that words the errors of what it holds otherwise. */

    /** Sends a command to a node that takes over the slot of its keys, and answers only who asks for it just before. */
    Future<@Nullable Response> asking(Request request, Way way) {
        return counted(
                way,
                () -> connection(way).compose(connection -> {
                    Future<@Nullable Response> leave = connection.send(Request.cmd(Command.ASKING));
                    Future<@Nullable Response> told = connection.send(request);
                    return leave.compose(given -> told);
                }));
    }

    private Future<@Nullable Response> read(Request request) {
        return counted(Way.TOGETHER, () -> {
            Read read = new Read(request, ((ContextInternal) loop).promise());
            reads.add(read);
            if (reads.size() == 1) {
                loop.runOnContext(turn -> flush());
            }
            return read.reply.future();
        });
    }

    private void flush() {
        List<Read> all = List.copyOf(reads);
        reads.clear();
        connection(Way.TOGETHER)
                .onSuccess(connection -> {
                    for (int from = 0; from < all.size(); from += BATCH_MAX) {
                        flush(connection, all.subList(from, Math.min(all.size(), from + BATCH_MAX)));
                    }
                })
                .onFailure(failed -> all.forEach(read -> read.reply.tryFail(failed)));
    }

    private static void flush(RedisConnection connection, List<Read> some) {
        connection
                .batch(some.stream().map(Read::request).toList())
                .onSuccess(replies -> {
                    for (int i = 0; i < some.size(); i++) {
                        some.get(i).reply.tryComplete(replies.get(i));
                    }
                })
                .onFailure(failed -> {
                    if (failed instanceof ErrorType) {
                        some.forEach(read -> connection.send(read.request).onComplete(read.reply::handle));
                    } else {
                        some.forEach(read -> read.reply.tryFail(failed));
                    }
                });
    }

    private Future<@Nullable Response> counted(Way way, Supplier<Future<@Nullable Response>> command) {
        if (underWay >= config.waitingMax() + (way == Way.VITAL ? VITAL_MAX : 0)) {
            return Future.failedFuture(new StoreException("redis.waiting-max commands wait for Redis already"));
        }
        underWay++;
        Future<@Nullable Response> begun = command.get();
        Dial used = dial;
        return Loops.within(vertx, config.timeout().toMillis(), begun)
                .onComplete(done -> underWay--)
                .onSuccess(done -> answered())
                .recover(failed -> {
                    boolean refused = failed instanceof ErrorType;
                    if (refused && !isNoMaster(failed)) {
                        return Future.failedFuture(failed);
                    }
                    if (used != null && used.equals(dial) && connecting != null && connecting.isComplete()) {
                        drop(failed);
                    }
                    if (refused && says(failed, STANDBY)) {
                        demoted.run();
                    }
                    return Future.failedFuture(
                            failed instanceof StoreException
                                    ? failed
                                    : new StoreException(
                                            refused
                                                    ? "Redis takes no writes: " + failed.getMessage()
                                                    : "Redis does not answer",
                                            failed));
                });
    }

    private void answered() {
        if (circuit.getState() != State.CLOSED) {
            circuit.onSuccess(0, TimeUnit.NANOSECONDS);
        }
    }

    /** Whether a Redis says that it will not do for now. */
    static boolean isNoMaster(Throwable failed) {
        return NO_MASTER.stream().anyMatch(word -> says(failed, word));
    }

    /* As the first word; or, of an error in a script, after others, by Redis before 7. */
    private static boolean says(Throwable failed, String word) {
        String said = String.valueOf(failed.getMessage());
        return said.startsWith(word + " ") || said.contains(" -" + word + " ");
    }

    private Future<RedisConnection> connection(Way way) {
        Future<RedisConnection> made = connecting;
        if (made != null) {
            return made.isComplete() || !isTriedInVain() || way == Way.VITAL ? made : unreachable();
        }
        if (!circuit.tryAcquirePermission()) {
            return unreachable();
        }
        Dial mine = dials.apply(vertx);
        dial = mine;
        triedNanos = System.nanoTime();
        long mostMs = CONNECT_TIMEOUTS * config.timeout().toMillis();
        Future<RedisConnection> attempt = Loops.within(vertx, mostMs, mine.connect())
                .onSuccess(connection -> {
                    connection.endHandler(ended -> dropIf(mine, "the connection ended"));
                    connection.exceptionHandler(failed -> dropIf(mine, String.valueOf(failed.getMessage())));
                })
                .onFailure(failed -> dropIf(mine, String.valueOf(failed.getMessage())));
        connecting = mine.equals(dial) ? attempt : null;
        return attempt;
    }

    private boolean isTriedInVain() {
        return circuit.getState() != State.CLOSED && System.nanoTime() - triedNanos > RETRY_MIN.toNanos();
    }

    private static Future<RedisConnection> unreachable() {
        return Future.failedFuture(new StoreException("Redis cannot be reached"));
    }

    private void dropIf(Dial lost, String why) {
        if (lost.equals(dial)) {
            drop(new StoreException(why));
        }
    }

    private void drop(Throwable why) {
        Dial lost = dial;
        if (lost == null) {
            return;
        }
        LOG.info("A connection to Redis is lost: {}", why.getMessage());
        dial = null;
        connecting = null;
        circuit.onError(0, TimeUnit.NANOSECONDS, why);
        lost.close();
    }

    /** Gives up the connection, and all that waits for it, since the master is another; the next command makes one at once. */
    void connectAnew() {
        drop(new StoreException("the master is another"));
        circuit.reset();
    }

    /** The same, if the connection is to another than this one, as {@link Dial} tells them apart. */
    void leaveUnless(String master) {
        if (dial != null && dial.isToAnother(master)) {
            connectAnew();
        }
    }

    /** Closes the connection. */
    void close() {
        Dial last = dial;
        dial = null;
        connecting = null;
        circuit.transitionToForcedOpenState();
        if (last != null) {
            last.close();
        }
    }

    /** Time that nobody sets: what a circuit waits for is not over sooner, or never, because a clock is put right. */
    private static final class Monotonic extends Clock {
        @Override
        public Instant instant() {
            return Instant.ofEpochSecond(0, System.nanoTime());
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
