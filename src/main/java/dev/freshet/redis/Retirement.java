package dev.freshet.redis;

import dev.freshet.entry.Key;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes what is left of deployments that nobody uses any more: by one replica at a time, in small steps. */
final class Retirement {
    /*
     * Whoever reads or writes an entry in Redis says that its deployment is in use: before that, on the same connection, and
     * then not again for a tenth of the time that must pass. So a deployment that somebody may use without saying so was said to be
     * in use not long ago.
     *
     * There is no list of a deployment's entries, for that would take a write with each, and must be in the entry's slot. They are
     * found by SCAN, which costs Redis some 50 µs a step, only while there is something to remove. Each step of removing asks
     * anew, in the same atomic step, whether the deployment is in use; in a cluster, where entries are elsewhere, in the step before, so that what is written in between may
     * be lost, as any entry may. There each master is gone through in turn; an entry that moves meanwhile may be left, and waits for its own end. Whoever takes over from a replica that died begins with the
     * first step: what was removed is not found again.
     */

    private static final Logger LOG = LoggerFactory.getLogger(Retirement.class);

    /** Keys that a step looks at. */
    private static final int STEP_KEYS = 128;

    private static final long STEP_PAUSE_MS = 50;
    private static final long RIGHT_MS = 30_000;
    private static final long SWEEP_MS_MIN = 1_000;
    private static final long SWEEP_MS_MAX = 600_000;
    private static final long TOUCH_MS_MAX = 3_600_000;

    /** Deployments that are remembered, here of all apps and in Redis of one. */
    private static final int DEPLOYMENTS_MAX = 10_000;

    /** What outlives deployments. */
    private static final String SHARED = "_shared";

    private final Vertx vertx;
    private final Links links;
    private final long afterMs;
    private final long touchNanos;
    private final Retired retired = new Retired();
    private final String token = UUID.randomUUID().toString();

    /** When each deployment was last said to be in use here, in ns. Written by every event loop. */
    private final Map<Deployment, Long> touched = new ConcurrentHashMap<>();

    private final Context loop;
    private volatile boolean closed;

    private record Deployment(String app, String name) {}

    /** A deployment that is being removed. */
    private static final class Removal {
        final Deployment deployment;
        final Promise<Boolean> done = Promise.promise();
        List<Node> nodes = List.of();
        int node;
        String cursor = "0";
        long entries;
        long bytes;

        Removal(Deployment deployment) {
            this.deployment = deployment;
        }

        boolean isAtEnd() {
            return cursor.equals("0") && node == nodes.size() - 1;
        }

        void next() {
            node += cursor.equals("0") ? 1 : 0;
        }
    }

    /**
     * What a step has removed.
     *
     * @param entries -1 if it may not
     */
    private record Removed(long entries, long bytes) {
        static Removed of(Reply reply) {
            return new Removed(reply.number(0), reply.number(1));
        }

        Removed and(Removed other) {
            return new Removed(entries + other.entries, bytes + other.bytes);
        }
    }

    /**
     * Removes nothing yet.
     *
     * @param afterMs without use, after which a deployment is removed; 0 for never
     */
    Retirement(Vertx vertx, Links links, long afterMs) {
        this.vertx = vertx;
        this.links = links;
        this.afterMs = afterMs;
        this.touchNanos = TimeUnit.MILLISECONDS.toNanos(Math.min(TOUCH_MS_MAX, afterMs / 10));
        this.loop = vertx.getOrCreateContext();
        if (afterMs > 0) {
            loop.runOnContext(run -> sweepLater());
        }
    }

    /** What was removed. */
    Retired retired() {
        return retired;
    }

    /** The deployment of a key is used. Any thread may call, before each command that uses it. */
    void touch(Key key) {
        if (afterMs == 0 || key.deployment().equals(SHARED)) {
            return;
        }
        Deployment deployment = new Deployment(key.app(), key.deployment());
        long now = System.nanoTime();
        Long before = touched.get(deployment);
        if (before != null && now - before < touchNanos) {
            return;
        }
        if (touched.size() >= DEPLOYMENTS_MAX) {
            touched.clear();
        }
        touched.put(deployment, now);
        links.run(Script.TOUCH, List.of(Names.deployments(key.app())), List.of(key.deployment(), DEPLOYMENTS_MAX))
                .onFailure(failed -> touched.remove(deployment, now));
    }

    /** Another Redis may not know what was said to the one before. */
    void forget() {
        touched.clear();
    }

    private void sweepLater() {
        long sweepMs = Math.clamp(afterMs / 100, SWEEP_MS_MIN, SWEEP_MS_MAX);
        vertx.setTimer(sweepMs, due -> {
            if (!closed) {
                List<String> apps = touched.keySet().stream()
                        .map(Deployment::app)
                        .distinct()
                        .toList();
                sweep(apps).onComplete(swept -> sweepLater());
            }
        });
    }

    private Future<Void> sweep(List<String> apps) {
        Future<?> all = Future.succeededFuture();
        for (String app : apps) {
            all = all.transform(before -> retire(app)
                    .onFailure(failed -> LOG.warn(
                            "Nothing of app {} is retired, it is tried again later: {}", app, failed.getMessage())));
        }
        return all.mapEmpty();
    }

    /** Removes a deployment of an app, if there is one that nobody has used for long. Whether it is gone. */
    Future<Boolean> retire(String app) {
        return links.run(Script.SWEEP, keys(app), List.of(token, RIGHT_MS, afterMs))
                .map(reply -> reply.text())
                .compose(found -> {
                    if (found.isEmpty()) {
                        return Future.succeededFuture(false);
                    }
                    Removal removal = new Removal(new Deployment(app, found));
                    removal.nodes = links.nodes();
                    loop.runOnContext(run -> step(removal));
                    return removal.done.future();
                });
    }

    private static List<String> keys(String app) {
        return List.of(Names.deployments(app), Names.retiring(app));
    }

    private void step(Removal removal) {
        if (closed) {
            removal.done.complete(false);
            return;
        }
        Deployment deployment = removal.deployment;
        Request scan = Request.cmd(Command.SCAN)
                .arg(removal.cursor)
                .arg("MATCH")
                .arg(Names.entries(deployment.app, deployment.name))
                .arg("COUNT")
                .arg(STEP_KEYS);
        removal.nodes
                .get(removal.node)
                .on("", scan, Link.Way.ALONE)
                .compose(found -> {
                    removal.cursor = found.text(0);
                    return remove(removal, found.texts(1));
                })
                .onFailure(removal.done::tryFail)
                .onSuccess(removed -> removed(removal, removed));
    }

    private Future<Removed> remove(Removal removal, List<String> entries) {
        boolean last = removal.isAtEnd();
        if (!links.isSpread()) {
            return remove(removal.deployment, entries, last);
        }
        return remove(removal.deployment, List.of(), false)
                .compose(allowed -> allowed.entries < 0 ? Future.succeededFuture(allowed) : reap(entries))
                .compose(reaped -> reaped.entries < 0 || !last
                        ? Future.succeededFuture(reaped)
                        : remove(removal.deployment, List.of(), true).map(ended -> ended.entries < 0 ? ended : reaped));
    }

    private Future<Removed> remove(Deployment deployment, List<String> entries, boolean last) {
        List<String> keys = new ArrayList<>(keys(deployment.app));
        keys.addAll(entries);
        return links.run(Script.RETIRE, keys, List.of(token, RIGHT_MS, afterMs, deployment.name, last ? 1 : 0))
                .map(Removed::of);
    }

    private Future<Removed> reap(List<String> entries) {
        List<Future<Removed>> all = entries.stream()
                .map(entry -> links.run(Script.REAP, List.of(entry), List.of()).map(Removed::of))
                .toList();
        return Future.all(all).map(done -> all.stream().map(Future::result).reduce(new Removed(0, 0), Removed::and));
    }

    private void removed(Removal removal, Removed removed) {
        Deployment deployment = removal.deployment;
        if (removed.entries < 0) {
            LOG.info("Deployment {} of app {} is in use again, and stays", deployment.name, deployment.app);
            removal.done.complete(false);
            return;
        }
        retired.add(removed.entries, removed.bytes);
        removal.entries += removed.entries;
        removal.bytes += removed.bytes;
        if (!removal.isAtEnd()) {
            removal.next();
            vertx.setTimer(STEP_PAUSE_MS, due -> step(removal));
            return;
        }
        retired.whole();
        LOG.info(
                "Deployment {} of app {} was not used for retire.after, and is removed: {} entries, {} KiB",
                deployment.name,
                deployment.app,
                removal.entries,
                removal.bytes >> 10);
        removal.done.complete(true);
    }

    /** Removes no more. */
    void close() {
        closed = true;
    }
}
