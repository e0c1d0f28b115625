package dev.freshet.redis;

import dev.freshet.loop.Loops;
import dev.freshet.store.StoreException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.impl.types.ErrorType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A Redis Cluster: each command goes to the node that has the slot of its keys. Any thread may call. */
final class Cluster extends Links {
    /*
     * Who has which slot is asked of some node, and is not believed any further than a node's own word: one that does not have
     * a slot says who does (MOVED), which is taken for true at once, and the whole is asked anew, first of the node that was
     * named. So a map that a cut-off node gave costs a redirect and nothing more.
     *
     * It is asked anew as well when a node does not answer, for another may have taken its place; as often as commands fail,
     * but not more often than LEARN_MS. Without commands there is nothing to learn it for, so there is no timer.
     *
     * A slot on its way to another node is with both: keys that have left are asked for there, with leave (ASK), and of several
     * keys some may have left and some not, or not exist, which the nodes cannot tell apart: TRYAGAIN. So scripts that take more
     * than one key wait until the slot has arrived, or fail in time like any command. No script ever sees a part of its keys.
     *
     * Connections are not greeted as Dial does with a master: a node that is none answers MOVED, reads as well.
     */

    private static final Logger LOG = LoggerFactory.getLogger(Cluster.class);

    /** How many nodes a command is sent to, one after the other, before it fails. */
    private static final int REDIRECTS_MAX = 5;

    /** Nodes that no map names any more whose connections are kept, since commands may be under way there. */
    private static final int SPARE_MAX = 32;

    private static final long TRY_AGAIN_MS = 20;
    private static final long LEARN_MS = 100;

    private final Vertx vertx;
    private final RedisConfig config;
    private final ClusterUrl url;
    private final Runnable changed;
    private final Redirects redirects;
    private final Map<String, Node> nodes = new ConcurrentHashMap<>();

    /** The address of each slot's master, as far as it is known. */
    private final AtomicReferenceArray<@Nullable String> masters = new AtomicReferenceArray<>(Slots.ALL);

    /** Guarded by this. */
    private @Nullable Future<Void> learning;

    /** Guarded by this. */
    private long learnAtNanos = System.nanoTime();

    /** The newest answer. Written by whoever learns, one at a time. */
    private volatile Slots newest = new Slots(List.of());

    /** Guarded by this. Whom to ask first, so that not always the same one is. */
    private int turn;

    /**
     * One that connects when it is first used.
     *
     * @param redirects counts what it learns
     * @param changed is run when slots are found to have another master
     */
    Cluster(Vertx vertx, RedisConfig config, ClusterUrl url, Redirects redirects, Runnable changed) {
        this.vertx = vertx;
        this.config = config;
        this.url = url;
        this.redirects = redirects;
        this.changed = changed;
    }

    /** A command that is under way. */
    private record Call(String key, Request request, Link.Way way, long endNanos) {
        long leftMs() {
            return TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
        }
    }

    @Override
    Future<Reply> on(String key, Request request, Link.Way way) {
        long endNanos = System.nanoTime() + config.timeout().toNanos();
        String master = masters.get(Slots.of(key));
        if (master == null) {
            return known(key).compose(found -> again(new Call(key, request, way, endNanos), found, false, 0));
        }
        return node(master)
                .on(link -> link.tell(request, way))
                .recover(failed -> elsewhere(new Call(key, request, way, endNanos), master, failed, 0));
    }

    /* What a node said that did not do it; asked is the address of that node. */
    private Future<Reply> elsewhere(Call call, String asked, Throwable failed, int times) {
        String[] words = said(failed).split(" ", 3);
        boolean isRedirect = words.length == 3 && (words[0].equals("MOVED") || words[0].equals("ASK"));
        if (!isRedirect && !words[0].equals("TRYAGAIN")) {
            if (!(failed.getCause() instanceof ErrorType refused) || Link.isNoMaster(refused)) {
                learn("");
            }
            return Future.failedFuture(failed);
        }
        if (call.leftMs() <= 0 || times == REDIRECTS_MAX) {
            return Future.failedFuture(new StoreException(
                    "the nodes of the Redis Cluster do not agree in time on who has a slot: " + said(failed), failed));
        }
        if (!isRedirect) {
            return vertx.timer(TRY_AGAIN_MS, TimeUnit.MILLISECONDS)
                    .compose(later -> known(call.key))
                    .compose(master -> again(call, master, false, 0));
        }
        int colon = words[2].lastIndexOf(':');
        String named =
                Slots.address(words[2].substring(0, colon), Integer.parseInt(words[2].substring(colon + 1)), asked);
        if (words[0].equals("ASK")) {
            redirects.isAsked();
            return again(call, named, true, times + 1);
        }
        redirects.hasMoved();
        masters.set(Slots.of(call.key), named);
        learn(named);
        return again(call, named, false, times + 1);
    }

    private Future<Reply> again(Call call, String address, boolean asking, int times) {
        long leftMs = Math.max(1, call.leftMs());
        return node(address)
                .on(link -> Loops.within(
                        vertx,
                        leftMs,
                        asking ? link.asking(call.request, call.way) : link.tell(call.request, call.way)))
                .recover(failed -> elsewhere(call, address, failed, times));
    }

    private Node node(String address) {
        return nodes.computeIfAbsent(
                address,
                named -> new Node(vertx, config, each -> Dial.toAnybody(each, () -> options(named)), () -> learn("")));
    }

    private Future<RedisOptions> options(String address) {
        return Future.succeededFuture(config.heldOptions(url.of(address)));
    }

    /** The options for a connection to the node that has a key, or the channel that is named like one. */
    Future<RedisOptions> optionsFor(String key) {
        return known(key).compose(this::options);
    }

    /* The promise is the caller's: what is learned is told on whichever loop asked for it. */
    private Future<String> known(String key) {
        int slot = Slots.of(key);
        String master = masters.get(slot);
        if (master != null) {
            return Future.succeededFuture(master);
        }
        Promise<Void> learned = ((ContextInternal) vertx.getOrCreateContext()).promise();
        learn("").onComplete(learned::handle);
        Future<Void> inTime = Loops.within(vertx, config.timeout().toMillis(), learned.future())
                .recover(failed -> Future.failedFuture(ofStore(failed)));
        return inTime.compose(done -> {
            String found = masters.get(slot);
            return found == null
                    ? Future.failedFuture(new StoreException("no node of the Redis Cluster has slot " + slot))
                    : Future.succeededFuture(found);
        });
    }

    /**
     * Asks who has which slots; or does nothing, if that is being asked, or was not long ago.
     *
     * @param about the node to ask first, which was just named; empty for any
     */
    private synchronized Future<Void> learn(String about) {
        Future<Void> before = learning;
        if (before != null && (!before.isComplete() || System.nanoTime() - learnAtNanos < 0)) {
            return before;
        }
        SequencedSet<String> those = new LinkedHashSet<>();
        if (!about.isEmpty()) {
            those.add(about);
        }
        List<String> all = new ArrayList<>(nodes.keySet());
        all.addAll(url.seeds());
        turn++;
        for (int i = 0; i < all.size(); i++) {
            those.add(all.get(Math.floorMod(turn + i, all.size())));
        }
        learnAtNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LEARN_MS);
        Future<Void> begun = ask(List.copyOf(those), 0);
        learning = begun;
        return begun;
    }

    private Future<Void> ask(List<String> those, int at) {
        String address = those.get(at);
        return node(address)
                .on("", Request.cmd(Command.CLUSTER).arg("SLOTS"), Link.Way.VITAL)
                .map(reply -> {
                    install(Slots.parse(reply.whole(), address));
                    return (Void) null;
                })
                .recover(failed -> at + 1 < those.size()
                        ? ask(those, at + 1)
                        : Future.failedFuture(new StoreException(
                                "no node of the Redis Cluster answers: " + failed.getMessage(), failed)));
    }

    private void install(Slots slots) {
        boolean first = addresses().isEmpty();
        boolean other = false;
        for (int slot = 0; slot < Slots.ALL; slot++) {
            String master = slots.masters().get(slot);
            if (!master.isEmpty() && !master.equals(masters.getAndSet(slot, master))) {
                other = true;
            }
        }
        redirects.areReplaced(slots.replaced(newest));
        newest = slots;
        Set<String> named = addresses();
        named.addAll(url.seeds());
        if (nodes.size() > named.size() + SPARE_MAX) {
            nodes.entrySet().removeIf(node -> {
                boolean spare = !named.contains(node.getKey());
                if (spare) {
                    node.getValue().close();
                }
                return spare;
            });
        }
        if (other && !first) {
            LOG.info("Slots of the Redis Cluster have another master: {}", slots.counts());
            changed.run();
        }
    }

    @Override
    List<Node> nodes() {
        return addresses().stream().map(this::node).toList();
    }

    private SequencedSet<String> addresses() {
        SequencedSet<String> all = new LinkedHashSet<>();
        for (int slot = 0; slot < Slots.ALL; slot++) {
            String master = masters.get(slot);
            if (master != null) {
                all.add(master);
            }
        }
        return all;
    }

    /** Succeeds when every master answers. Fails with the name of one that does not. */
    Future<Void> reach() {
        return known("")
                .compose(found -> Future.all(addresses().stream()
                                .map(address -> node(address)
                                        .read("", Request.cmd(Command.PING))
                                        .onFailure(failed -> learn(""))
                                        .recover(failed -> Future.failedFuture(
                                                new StoreException(address + ": " + failed.getMessage(), failed))))
                                .toList())
                        .mapEmpty());
    }

    @Override
    void connectAnew() {
        learn("");
    }

    @Override
    Future<Void> close() {
        Collection<Node> all = nodes.values();
        return Future.all(all.stream().map(Node::close).toList()).mapEmpty();
    }
}
