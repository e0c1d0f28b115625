package dev.freshet.redis;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Ticket;
import dev.freshet.lease.Claim;
import dev.freshet.store.Change;
import dev.freshet.store.Invalidation;
import dev.freshet.store.Mode;
import dev.freshet.store.Position;
import dev.freshet.store.Pulse;
import dev.freshet.store.Store;
import dev.freshet.store.StoreException;
import dev.freshet.store.Written;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import io.netty.channel.EventLoop;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.net.NetClientOptions;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.ProtocolVersion;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The store in Redis 6.2 or newer, or what speaks as it does. */
public final class RedisStore implements Store {
    private static final Logger LOG = LoggerFactory.getLogger(RedisStore.class);

    /** The most tags that a beat answers; more than one invalidation names. */
    private static final int PAGE = 1_024;

    private final Vertx vertx;
    private final RedisConfig config;
    private final long windowMs;
    private final int marksMax;
    private final Function<Vertx, Redis> clients;
    private final Map<EventLoop, Link> links = new ConcurrentHashMap<>();
    private final Bus bus;

    /**
     * A store that connects when it is first asked.
     *
     * @param windowMs how long a replica may serve from its near cache after a beat, the same in the whole fleet
     * @param marksMax tags of an app whose invalidations are remembered
     */
    public RedisStore(Vertx vertx, RedisConfig config, long windowMs, int marksMax) {
        this.vertx = vertx;
        this.config = config;
        this.windowMs = windowMs;
        this.marksMax = marksMax;
        int timeoutMs = (int) config.timeout().toMillis();
        this.clients = each -> Redis.createClient(
                each,
                new RedisOptions()
                        .setConnectionString(config.url())
                        .setPreferredProtocolVersion(ProtocolVersion.RESP2)
                        .setMaxPoolSize(1)
                        .setMaxPoolWaiting(1)
                        .setMaxWaitingHandlers(config.waitingMax() + 1_024)
                        .setNetClientOptions(new NetClientOptions()
                                .setTcpNoDelay(true)
                                .setTcpKeepAlive(true)
                                .setConnectTimeout(timeoutMs)));
        this.bus = new Bus(vertx, vertx.getOrCreateContext(), clients);
    }

    @Override
    public String describe() {
        URI uri = URI.create(config.url());
        return "redis at " + uri.getHost() + ":" + (uri.getPort() < 0 ? 6379 : uri.getPort());
    }

    @Override
    public Future<Optional<Entry>> read(Key key) {
        Request request = Request.cmd(Command.HMGET).arg(Names.entry(key));
        for (String field : List.of("h", "b", "r", "a", "n")) {
            request.arg(field);
        }
        return on(link -> link.read(request)).map(reply -> entry(key, reply));
    }

    /*
     * The header names its key and its body's checksum. If either is another's, the client library
     * or Redis has mixed up replies, and serving this would hand one user another's data.
     */
    private static Optional<Entry> entry(Key key, Reply reply) {
        if (!reply.has(0) || !reply.has(1)) {
            return Optional.empty();
        }
        Header header = Header.parse(reply.bytes(0));
        Body body = Body.of(reply.bytes(1));
        if (!header.digest().equals(key.digest()) || header.crc() != body.crc()) {
            LOG.error("Redis answered another key's entry, or a damaged one, for {}", key);
            throw new StoreException("the store answered another entry, or a damaged one");
        }
        return Optional.of(new Entry(
                key,
                reply.number(2),
                reply.number(3),
                reply.number(4),
                header.tags(),
                header.lifetime(),
                header.type(),
                header.attributes(),
                body));
    }

    @Override
    public Future<Claim> claim(Key key, String token, long ttlMs) {
        return run(Script.CLAIM, List.of(Names.lease(key), Names.entry(key)), token, ttlMs)
                .map(reply -> {
                    long left = Math.max(1, reply.number(1));
                    long revision = reply.number(2);
                    return reply.number(0) == 1
                            ? new Claim.Lead(token, left, revision)
                            : new Claim.Follow(left, revision);
                });
    }

    @Override
    public Future<Boolean> release(Key key, String token) {
        return run(Script.RELEASE, List.of(Names.lease(key)), token, Names.bus(key.app()), Names.onBus(key))
                .map(reply -> reply.number() == 1);
    }

    @Override
    public Future<Written> write(Key key, Draft draft, Ticket ticket) {
        return run(
                        Script.WRITE,
                        List.of(Names.entry(key), Names.lease(key)),
                        draft.lease().orElse(""),
                        ticket.asOf(),
                        ticket.grantMicros(),
                        Header.of(key, draft).encode(),
                        draft.body().bytes(),
                        draft.ageMs(),
                        draft.lifetime().keptMs(),
                        Names.bus(key.app()),
                        Names.onBus(key))
                .map(reply -> switch (reply.text(0)) {
                    case "stored" -> new Written.Stored(reply.number(1), reply.number(2) == 1);
                    case "older" -> new Written.Older();
                    default -> new Written.LeaseLost();
                });
    }

    @Override
    public Future<Boolean> remove(Key key) {
        return run(Script.REMOVE, List.of(Names.entry(key)), Names.bus(key.app()), Names.onBus(key))
                .map(reply -> reply.number() == 1);
    }

    @Override
    public Future<Invalidation> invalidate(String app, List<Tag> tags, Mode mode) {
        Object[] arguments = new Object[5 + tags.size()];
        arguments[0] = windowMs;
        arguments[1] = marksMax;
        arguments[2] = Names.bus(app);
        arguments[3] = mode instanceof Mode.Hard ? "hard" : "soft";
        arguments[4] = mode instanceof Mode.Soft soft && soft.expireMs() < Mark.NEVER / 4 ? soft.expireMs() : "";
        for (int i = 0; i < tags.size(); i++) {
            arguments[5 + i] = tags.get(i).text();
        }
        return run(Script.INVALIDATE, control(app), arguments).map(reply -> {
            Map<String, Long> windows = new HashMap<>();
            for (int i = 4; i < reply.size(); i += 2) {
                windows.put(reply.text(i), (long) Double.parseDouble(reply.text(i + 1)));
            }
            return new Invalidation(reply.text(0), reply.number(1), reply.number(2), reply.number(3), windows);
        });
    }

    @Override
    public Future<Pulse> beat(String app, Position position) {
        return run(
                        Script.BEAT,
                        control(app),
                        position.windowMs(),
                        position.replica(),
                        position.epoch(),
                        position.applied(),
                        PAGE,
                        Names.bus(app))
                .map(reply -> {
                    Map<Tag, Mark> changed = new LinkedHashMap<>();
                    for (int i = 6; i < reply.size(); i += 2) {
                        changed.put(new Tag(reply.text(i)), Mark.unpack(reply.text(i + 1)));
                    }
                    return new Pulse(
                            reply.text(0),
                            reply.number(1),
                            reply.number(2),
                            reply.number(3),
                            reply.number(4),
                            reply.number(5),
                            changed);
                });
    }

    @Override
    public Future<Void> acknowledge(String app, Position position) {
        return run(
                        Script.ACK,
                        List.of(Names.clock(app), Names.live(app), Names.acks(app)),
                        position.replica(),
                        position.epoch(),
                        position.applied(),
                        Names.bus(app))
                .mapEmpty();
    }

    @Override
    public Future<Void> leave(String app, String replica) {
        return on(link ->
                        link.send(Request.cmd(Command.ZREM).arg(Names.live(app)).arg(replica)))
                .compose(gone -> on(link ->
                        link.send(Request.cmd(Command.ZREM).arg(Names.acks(app)).arg(replica))))
                .mapEmpty();
    }

    @Override
    public void listen(String app, Consumer<Change> heard) {
        bus.subscribe(Names.bus(app), new Hearing(app, heard));
    }

    @Override
    public Future<Void> close() {
        bus.close();
        List<Future<Void>> closed = new ArrayList<>();
        links.values()
                .forEach(link -> closed.add(Future.future(told -> link.loop().runOnContext(run -> {
                    link.close();
                    told.complete();
                }))));
        return Future.all(closed).mapEmpty();
    }

    private static List<String> control(String app) {
        return List.of(Names.clock(app), Names.tags(app), Names.marks(app), Names.live(app), Names.acks(app));
    }

    /* The script by its hash; Redis forgets scripts when it restarts, and is then told the text again. */
    private Future<Reply> run(Script script, List<String> keys, Object... arguments) {
        BiFunction<Command, String, Request> request = (command, name) -> {
            Request asked = Request.cmd(command).arg(name).arg(keys.size());
            keys.forEach(asked::arg);
            for (Object argument : arguments) {
                if (argument instanceof Buffer bytes) {
                    asked.arg(bytes);
                } else {
                    asked.arg(argument.toString());
                }
            }
            return asked;
        };
        return on(link -> link.send(request.apply(Command.EVALSHA, script.sha()))
                .recover(failed -> isUnknownScript(failed)
                        ? link.send(request.apply(Command.EVAL, script.source()))
                        : Future.failedFuture(failed)));
    }

    private static boolean isUnknownScript(Throwable failed) {
        return failed instanceof ErrorType error && error.is("NOSCRIPT");
    }

    /* Runs on the caller's event loop where it has one, so that a reply needs no hop. */
    private Future<Reply> on(Function<Link, Future<@Nullable Response>> command) {
        ContextInternal here = ((ContextInternal) vertx.getOrCreateContext()).unwrap();
        EventLoop eventLoop = here.nettyEventLoop();
        Link link = links.computeIfAbsent(eventLoop, loop -> new Link(vertx, here, config, clients));
        if (eventLoop.inEventLoop()) {
            return reply(command.apply(link));
        }
        Promise<Reply> told = Promise.promise();
        link.loop().runOnContext(run -> reply(command.apply(link)).onComplete(told::handle));
        return told.future();
    }

    private static Future<Reply> reply(Future<@Nullable Response> response) {
        return response.map(Reply::new)
                .recover(failed -> Future.failedFuture(
                        failed instanceof StoreException
                                ? failed
                                : new StoreException("Redis refuses: " + failed.getMessage(), failed)));
    }

    /** Reads the lines of one app's channel. */
    private record Hearing(String app, Consumer<Change> heard) implements Bus.Listener {
        @Override
        public void live() {
            heard.accept(new Change.Live());
        }

        @Override
        public void lost() {
            heard.accept(new Change.Lost());
        }

        @Override
        public void message(String line) {
            heard.accept(Line.parse(app, line));
        }
    }
}
