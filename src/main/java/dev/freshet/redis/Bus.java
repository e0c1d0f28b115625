package dev.freshet.redis;

import dev.freshet.loop.Loops;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A subscription: one connection that carries SUBSCRIBE and nothing else, found again when it is lost. */
final class Bus {
    /*
     * A channel is live from Redis's own confirmation, which arrives here as the first push. The
     * future of send() is no substitute: it succeeds once the command is written to the socket.
     */

    private static final Logger LOG = LoggerFactory.getLogger(Bus.class);
    private static final long CONNECT_MS_MAX = 5_000;
    private static final long RETRY_MS_MIN = 50;
    private static final long RETRY_MS_MAX = 1_000;

    /** Who hears some channels, and is live when all of them are. All are told on the bus's loop. */
    @FunctionalInterface
    interface Listener {
        /** From now on every message is told. */
        default void live() {}

        /** Messages may be missed until it is live again. */
        default void lost() {}

        /** One of the channels says this. */
        void message(String line);
    }

    /** A listener with its channels, and those of them that Redis has confirmed. */
    private record Ear(Set<String> channels, Set<String> confirmed, Listener listener) {
        boolean isLive() {
            return confirmed.size() == channels.size();
        }
    }

    private final Vertx vertx;
    private final Function<Vertx, Dial> dials;
    private final Map<String, Ear> ears = new HashMap<>();
    private @Nullable Context loop;
    private @Nullable Dial dial;
    private @Nullable RedisConnection connection;
    private long retryMs = RETRY_MS_MIN;
    private boolean closed;

    Bus(Vertx vertx, Function<Vertx, Dial> dials) {
        this.vertx = vertx;
        this.dials = dials;
    }

    /** The loop of whoever is the first to subscribe: what it hears needs no hop to get there. */
    private synchronized Context loop() {
        Context here = loop != null ? loop : vertx.getOrCreateContext();
        loop = here;
        return here;
    }

    /** Hears some channels from now on. Any thread may call. */
    void subscribe(Set<String> channels, Listener listener) {
        loop().runOnContext(run -> {
            Ear ear = new Ear(channels, new HashSet<>(), listener);
            channels.forEach(channel -> ears.put(channel, ear));
            if (dial == null) {
                connect();
            } else if (connection != null) {
                send(connection, channels);
            }
        });
    }

    /** Gives up the connection, which seems dead, and makes another. Any thread may call. */
    void connectAnew() {
        loop().runOnContext(run -> lost(dial));
    }

    /** The same, if the connection is to another than this one. Any thread may call. */
    void leaveUnless(String master) {
        loop().runOnContext(run -> {
            if (dial != null && dial.isToAnother(master)) {
                lost(dial);
            }
        });
    }

    private void connect() {
        if (closed || ears.isEmpty()) {
            return;
        }
        Dial mine = dials.apply(vertx);
        dial = mine;
        Loops.within(vertx, CONNECT_MS_MAX, mine.connect())
                .onSuccess(found -> {
                    connection = found;
                    found.endHandler(ended -> lost(mine));
                    found.exceptionHandler(failed -> lost(mine));
                    found.handler(this::pushed);
                    send(found, ears.keySet());
                })
                .onFailure(failed -> lost(mine));
    }

    private void send(RedisConnection to, Set<String> channels) {
        Request subscribe = Request.cmd(Command.SUBSCRIBE);
        channels.forEach(subscribe::arg);
        Dial used = dial;
        to.send(subscribe).onFailure(failed -> lost(used));
    }

    private void pushed(Response push) {
        String kind = push.get(0).toString();
        String channel = push.get(1).toString();
        Ear ear = ears.get(channel);
        if (ear == null) {
            return;
        }
        switch (kind) {
            case "message" -> told(ear.listener, push.get(2).toString());
            case "subscribe" -> {
                retryMs = RETRY_MS_MIN;
                if (ear.confirmed.add(channel) && ear.isLive()) {
                    ear.listener.live();
                }
            }
            default -> {
                LOG.warn("The bus says {} of a channel that is still wanted", kind);
                lost(dial);
            }
        }
    }

    /* A line that cannot be read may have been anything: what it was is found by starting anew. */
    private void told(Listener listener, String line) {
        try {
            listener.message(line);
        } catch (RuntimeException e) {
            LOG.error("The bus says what this version does not know", e);
            lost(dial);
        }
    }

    private void lost(@Nullable Dial which) {
        if (closed || which == null || !which.equals(dial)) {
            return;
        }
        dial = null;
        connection = null;
        which.close();
        Set.copyOf(ears.values()).forEach(ear -> {
            boolean was = ear.isLive();
            ear.confirmed.clear();
            if (was) {
                ear.listener.lost();
            }
        });
        vertx.setTimer(retryMs, again -> connect());
        retryMs = Math.min(RETRY_MS_MAX, 2 * retryMs);
    }

    /** Hears nothing more. */
    void close() {
        loop().runOnContext(run -> {
            closed = true;
            if (dial != null) {
                dial.close();
            }
        });
    }
}
