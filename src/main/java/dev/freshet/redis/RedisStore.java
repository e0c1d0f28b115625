package dev.freshet.redis;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Key;
import dev.freshet.entry.Ticket;
import dev.freshet.lease.Bid;
import dev.freshet.lease.Claim;
import dev.freshet.lease.Holder;
import dev.freshet.store.Change;
import dev.freshet.store.Evidence;
import dev.freshet.store.Fleet;
import dev.freshet.store.Fleets;
import dev.freshet.store.Invalidation;
import dev.freshet.store.Mode;
import dev.freshet.store.Position;
import dev.freshet.store.Pulse;
import dev.freshet.store.Restored;
import dev.freshet.store.Room;
import dev.freshet.store.Rules;
import dev.freshet.store.Store;
import dev.freshet.store.StoreException;
import dev.freshet.store.Written;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.impl.types.ErrorType;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The store in Redis 6.2 or newer, or what speaks as it does. */
public final class RedisStore implements Store, Fleets {
    private static final Logger LOG = LoggerFactory.getLogger(RedisStore.class);

    /** The most tags that a beat answers; more than one invalidation names. */
    private static final int PAGE = 1_024;

    private final RedisConfig config;
    private final Rules rules;
    private final Room room;
    private final Links links;
    private final Retirement retirement;
    private final Redirects redirects = new Redirects();
    /** A channel of the app that was the first to be heard. */
    private final AtomicReference<String> first = new AtomicReference<>("");

    private final Bus bus;
    private final Optional<Sentinels> sentinels;
    private final Optional<Cluster> cluster;
    /** The master that was met last. */
    private final AtomicReference<String> latest = new AtomicReference<>("");

    /**
     * A store that connects when it is first asked, and takes what memory it wants.
     *
     * @param rules the same in the whole fleet
     */
    public RedisStore(Vertx vertx, RedisConfig config, Rules rules) {
        this(vertx, config, rules, Room.ENDLESS);
    }

    /**
     * A store that connects when it is first asked.
     *
     * @param rules the same in the whole fleet
     * @param room for large bodies on their way from Redis
     */
    public RedisStore(Vertx vertx, RedisConfig config, Rules rules, Room room) {
        this.config = config;
        this.rules = rules;
        this.room = room;
        this.sentinels = config.sentinels().map(url -> new Sentinels(vertx, config, url));
        Function<Vertx, Dial> dials = each -> Dial.toMaster(each, this::where, this::met);
        this.cluster = config.cluster().map(url -> new Cluster(vertx, config, url, redirects, this::forget));
        this.links = cluster.<Links>map(all -> all).orElseGet(() -> new Node(vertx, config, dials, this::connectAnew));
        this.bus = new Bus(
                vertx,
                cluster.<Function<Vertx, Dial>>map(all -> each -> Dial.toAnybody(each, () -> where(all)))
                        .orElse(dials));
        this.retirement = new Retirement(vertx, links, config.retireAfter().toMillis());
        sentinels.ifPresent(all -> all.watch(this::connectAnew));
    }

    /* For each connection anew: the master may be another, and the files' secrets. */
    private Future<RedisOptions> where() {
        return sentinels
                .map(Sentinels::master)
                .orElseGet(() -> Future.succeededFuture(config.url()))
                .map(config::heldOptions);
    }

    /* The bus is where an app's invalidations are published, so that most need no hop from node to node to get here. */
    private Future<RedisOptions> where(Cluster all) {
        return all.optionsFor(first.get());
    }

    /* Connections are made one by one, and the name may have moved in between: those to another master are given up. */
    private void met(String master) {
        String before = latest.getAndSet(master);
        if (!before.isEmpty() && !before.equals(master)) {
            LOG.warn("Another Redis is the master, or the same with another history of replication");
            redirects.areReplaced(1);
            forget();
            links.nodes().forEach(node -> node.leaveUnless(master));
            bus.leaveUnless(master);
        }
    }

    private void forget() {
        retirement.forget();
    }

    private void connectAnew() {
        links.connectAnew();
        bus.connectAnew();
    }

    @Override
    public String describe() {
        return config.sentinels()
                .map(url -> "redis " + url.master() + ", by the Sentinels " + String.join(", ", url.sentinels()))
                .or(() -> config.cluster().map(url -> "redis cluster, by its nodes " + String.join(", ", url.seeds())))
                .orElseGet(this::address);
    }

    private String address() {
        URI uri = URI.create(config.url());
        return uri.getScheme().equals("unix")
                ? "redis at " + uri.getPath()
                : "redis at " + uri.getHost() + ":" + (uri.getPort() < 0 ? 6379 : uri.getPort());
    }

    /** In a cluster, every master. */
    @Override
    public Future<Void> reach() {
        return cluster.map(Cluster::reach).orElseGet(Store.super::reach);
    }

    @Override
    public Future<Optional<Entry>> read(Key key, Optional<Entry> copy) {
        retirement.touch(key);
        return copy.map(known -> confirmed(key, known))
                .orElseGet(() -> whole(key))
                .recover(failed -> Links.isOfAnotherType(failed)
                        ? links.mend(List.of(Names.entry(key))).map(mended -> Optional.empty())
                        : Future.failedFuture(failed));
    }

    private Future<Optional<Entry>> confirmed(Key key, Entry known) {
        return links.read(
                        Names.entry(key),
                        Request.cmd(Command.HMGET)
                                .arg(Names.entry(key))
                                .arg("r")
                                .arg("a"))
                .compose(reply -> {
                    if (!reply.has(0)) {
                        return Future.succeededFuture(Optional.empty());
                    }
                    return reply.number(0) == known.revision() && reply.number(1) == known.asOf()
                            ? Future.succeededFuture(Optional.of(known))
                            : whole(key);
                });
    }

    private Future<Optional<Entry>> whole(Key key) {
        return fields(key, Header.BODY).compose(reply -> {
            Header elsewhere = bodiless(reply);
            Integer large = elsewhere == null ? null : elsewhere.large();
            return large == null ? Future.succeededFuture(entry(key, reply)) : large(key, large);
        });
    }

    /*
     * A large body is asked for when there is room for it: while it arrives it is here twice. It may
     * be another one by then. If that is a small one, it is read as any other is; a large one that is
     * in neither place is lost, and not looked for again.
     */
    private Future<Optional<Entry>> large(Key key, int bytes) {
        long taken = 2L * bytes;
        room.take(taken);
        return fields(key, Header.LARGE_BODY)
                .onComplete(arrived -> room.giveBack(taken))
                .compose(reply -> {
                    Header elsewhere = bodiless(reply);
                    return elsewhere != null && elsewhere.large() == null
                            ? whole(key)
                            : Future.succeededFuture(entry(key, reply));
                });
    }

    /* The header of an entry whose body is not where it was looked for. */
    private static @Nullable Header bodiless(Reply reply) {
        return reply.has(0) && !reply.has(1) ? Header.parse(reply.bytes(0)) : null;
    }

    private Future<Reply> fields(Key key, String body) {
        Request request = Request.cmd(Command.HMGET).arg(Names.entry(key));
        for (String field : List.of("h", body, "r", "a", "n", "e")) {
            request.arg(field);
        }
        return links.read(Names.entry(key), request);
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
        Optional<Body> body = header.body(reply.bytes(1));
        if (!header.digest().equals(key.digest()) || body.isEmpty()) {
            LOG.error("Redis answered another key's entry, or a damaged one, for {}", key);
            throw new StoreException("the store answered another entry, or a damaged one");
        }
        return Optional.of(new Entry(
                key,
                reply.number(2),
                reply.has(5) ? reply.text(5) : "",
                reply.number(3),
                reply.number(4),
                header.tags(),
                header.lifetime(),
                header.type(),
                header.attributes(),
                body.get()));
    }

    @Override
    public Future<Claim> claim(Key key, Bid bid, long ttlMs) {
        return links.run(
                        Script.CLAIM,
                        List.of(Names.lease(key), Names.entry(key)),
                        List.of(bid.token(), ttlMs, bid.endedAt(), bid.successorToken()))
                .map(reply -> {
                    long left = Math.max(1, reply.number(1));
                    long revision = reply.number(2);
                    return switch ((int) reply.number(0)) {
                        case 1 -> new Claim.Lead(bid.token(), left, revision, false);
                        case 2 -> new Claim.Lead(bid.successorToken(), left, revision, true);
                        default -> new Claim.Follow(left, revision);
                    };
                });
    }

    @Override
    public Future<Boolean> release(Key key, String token) {
        return links.run(
                        Script.RELEASE,
                        List.of(Names.lease(key)),
                        List.of(token, Names.bus(key.app()), Names.onBus(key)))
                .map(reply -> reply.number() == 1);
    }

    /* Both reads leave in one batch. A lease that ends between them has no time left. */
    @Override
    public Future<Optional<Holder>> holder(Key key) {
        Future<Reply> token =
                links.read(Names.lease(key), Request.cmd(Command.MGET).arg(Names.lease(key)));
        Future<Reply> ttl =
                links.read(Names.lease(key), Request.cmd(Command.PTTL).arg(Names.lease(key)));
        return Future.all(token, ttl)
                .map(both -> token.result().has(0) && ttl.result().number() > 0
                        ? Optional.of(
                                Holder.of(token.result().text(0), ttl.result().number()))
                        : Optional.empty());
    }

    @Override
    public Future<Written> write(Key key, Draft draft, Ticket ticket) {
        retirement.touch(key);
        Header header = Header.of(key, draft);
        return links.run(
                        Script.WRITE,
                        List.of(Names.entry(key), Names.lease(key)),
                        List.of(
                                draft.lease().orElse(""),
                                ticket.asOf(),
                                ticket.grantMicros(),
                                header.encode(),
                                draft.body().bytes(),
                                draft.ageMs(),
                                draft.lifetime().keptMs(),
                                Names.bus(key.app()),
                                Names.onBus(key),
                                ticket.epoch(),
                                header.field()))
                .map(reply -> switch (reply.text(0)) {
                    case "stored" -> new Written.Stored(reply.number(1), reply.number(2) == 1);
                    case "older" -> (Written) new Written.Older();
                    default -> new Written.LeaseLost();
                })
                .recover(failed ->
                        isFull(failed) ? Future.succeededFuture(new Written.Full()) : Future.failedFuture(failed));
    }

    private static boolean isFull(Throwable failed) {
        return failed.getCause() instanceof ErrorType error
                && String.valueOf(error.getMessage()).contains("OOM command not allowed");
    }

    @Override
    public Future<Boolean> remove(Key key) {
        return links.run(Script.REMOVE, List.of(Names.entry(key)), List.of(Names.bus(key.app()), Names.onBus(key)))
                .map(reply -> reply.number() == 1);
    }

    @Override
    public Future<Invalidation> invalidate(String app, List<Tag> tags, Mode mode, long holdOffMs, String waiter) {
        List<Object> arguments = ruled(app);
        arguments.add(rules.acks() == Rules.Acks.WINDOW ? "" : waiter);
        arguments.add(mode instanceof Mode.Hard ? "hard" : "soft");
        arguments.add(mode instanceof Mode.Soft soft && soft.expireMs() < Mark.NEVER / 4 ? soft.expireMs() : "");
        arguments.add(holdOffMs > 0 ? holdOffMs : "");
        tags.forEach(tag -> arguments.add(tag.text()));
        return links.run(Script.INVALIDATE, control(app), arguments).map(reply -> {
            Map<String, Long> windows = new HashMap<>();
            int others = 5 + 2 * (int) reply.number(4);
            for (int i = 5; i < others; i += 2) {
                windows.put(reply.text(i), (long) Double.parseDouble(reply.text(i + 1)));
            }
            Set<String> away = new HashSet<>();
            for (int i = others; i < reply.size(); i++) {
                away.add(reply.text(i));
            }
            return new Invalidation(reply.text(0), reply.number(1), reply.number(2), reply.number(3), windows, away);
        });
    }

    @Override
    public Future<Pulse> beat(String app, Position position) {
        List<Object> arguments = ruled(app);
        arguments.add(Names.echo(app, position.replica()));
        arguments.add(position.replica());
        arguments.add(position.epoch());
        arguments.add(position.applied());
        arguments.add(position.beat());
        arguments.add(PAGE);
        arguments.add(rules.servedMsMax());
        return links.run(Script.BEAT, control(app), arguments).map(reply -> {
            Map<Tag, Mark> changed = new LinkedHashMap<>();
            for (int i = 8; i < reply.size(); i += 2) {
                changed.put(new Tag(reply.text(i)), Mark.unpack(reply.text(i + 1)));
            }
            return new Pulse(
                    reply.text(0),
                    reply.number(1),
                    reply.number(2),
                    reply.number(3),
                    reply.number(4),
                    reply.number(5),
                    reply.number(6),
                    reply.number(7),
                    changed);
        });
    }

    @Override
    public Future<Boolean> restore(String app, Restored given) {
        List<Object> arguments = ruled(app);
        arguments.add(given.epoch());
        arguments.add(given.floor());
        arguments.add(given.whole() ? 1 : 0);
        given.marks().forEach((tag, mark) -> {
            arguments.add(tag.text());
            arguments.add(mark.packed());
        });
        return links.run(Script.RESTORE, control(app), arguments).map(reply -> reply.number() == 1);
    }

    @Override
    public Future<Void> acknowledge(String app, Position position, Set<String> waiters) {
        String line = Line.applied(position);
        return Future.all(waiters.stream()
                        .map(waiter -> links.on(
                                Names.clock(app),
                                Request.cmd(Command.PUBLISH)
                                        .arg(Names.echo(app, waiter))
                                        .arg(line),
                                Link.Way.VITAL))
                        .toList())
                .mapEmpty();
    }

    @Override
    public Future<Set<String>> behind(String app, long stamp, Set<String> replicas) {
        if (replicas.isEmpty()) {
            return Future.succeededFuture(Set.of());
        }
        List<String> names = List.copyOf(replicas);
        Request request = Request.cmd(Command.ZMSCORE).arg(Names.acks(app));
        names.forEach(request::arg);
        return links.read(Names.acks(app), request).map(reply -> {
            Set<String> behind = new TreeSet<>();
            for (int i = 0; i < names.size(); i++) {
                if (!reply.has(i) || reply.number(i) < stamp) {
                    behind.add(names.get(i));
                }
            }
            return behind;
        });
    }

    /* Both reads leave in one batch, in this order. */
    @Override
    public Future<Evidence> evidence(String app, List<Tag> tags) {
        Request clock =
                Request.cmd(Command.HMGET).arg(Names.clock(app)).arg("epoch").arg("low");
        Request marks = Request.cmd(Command.HMGET).arg(Names.marks(app)).arg("");
        tags.forEach(tag -> marks.arg(tag.text()));
        Future<Reply> first = links.read(Names.clock(app), clock);
        Future<Reply> second = links.read(Names.marks(app), marks);
        return Future.all(first, second).map(both -> evidence(tags, first.result(), second.result()));
    }

    private static Evidence evidence(List<Tag> tags, Reply clock, Reply marks) {
        Map<Tag, Mark> known = new HashMap<>();
        for (int i = 0; i < tags.size(); i++) {
            if (marks.has(i + 1)) {
                known.put(tags.get(i), Mark.unpack(marks.text(i + 1)));
            }
        }
        boolean begun = clock.has(0) && clock.has(1);
        return new Evidence(begun ? clock.text(0) : "", begun ? clock.number(1) : 0, known);
    }

    @Override
    public Future<Fleet> fleet(String app) {
        return new FleetReads(links, app).read();
    }

    @Override
    public Future<Void> leave(String app, String replica) {
        return forget(Names.live(app), replica)
                .compose(gone -> forget(Names.acks(app), replica))
                .compose(gone -> forget(Names.away(app), replica))
                .mapEmpty();
    }

    private Future<Reply> forget(String name, String replica) {
        return links.on(name, Request.cmd(Command.ZREM).arg(name).arg(replica), Link.Way.ALONE);
    }

    @Override
    public void listen(String app, String replica, Consumer<Change> heard) {
        String channel = Names.echo(app, replica);
        first.compareAndSet("", channel);
        bus.subscribe(Set.of(Names.bus(app), channel), new Hearing(app, heard));
    }

    @Override
    public void listenAnew() {
        bus.connectAnew();
    }

    /** What was removed of deployments that nobody uses. */
    public Retired retired() {
        return retirement.retired();
    }

    /** How often commands were to go elsewhere. */
    public Redirects redirects() {
        return redirects;
    }

    /** For tests: at once, what else is done now and then. */
    Future<Boolean> retire(String app) {
        return retirement.retire(app);
    }

    @Override
    public Future<Void> close() {
        retirement.close();
        sentinels.ifPresent(Sentinels::close);
        bus.close();
        return links.close();
    }

    private static List<String> control(String app) {
        return List.of(
                Names.clock(app),
                Names.tags(app),
                Names.marks(app),
                Names.live(app),
                Names.acks(app),
                Names.later(app),
                Names.away(app));
    }

    /* What every script that may begin a new epoch is told first. */
    private List<Object> ruled(String app) {
        return new ArrayList<>(List.of(rules.windowMs(), rules.marginMs(), rules.marksMax(), Names.bus(app)));
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
