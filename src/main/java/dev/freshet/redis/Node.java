package dev.freshet.redis;

import io.netty.channel.EventLoop;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One Redis: a connection for commands for each event loop. */
final class Node extends Links {
    private final Vertx vertx;
    private final RedisConfig config;
    private final Function<Vertx, Dial> dials;
    private final Runnable demoted;
    private final Map<EventLoop, Link> links = new ConcurrentHashMap<>();

    /**
     * None yet: each is made when it is first used.
     *
     * @param demoted is run when the Redis that one speaks to turns out to be another's standby
     */
    Node(Vertx vertx, RedisConfig config, Function<Vertx, Dial> dials, Runnable demoted) {
        this.vertx = vertx;
        this.config = config;
        this.dials = dials;
        this.demoted = demoted;
    }

    @Override
    Future<Reply> on(String key, Request request, Link.Way way) {
        return on(link -> link.tell(request, way));
    }

    @Override
    List<Node> nodes() {
        return List.of(this);
    }

    /** Sends a command on the caller's event loop where it has one, so that a reply needs no hop. */
    Future<Reply> on(Function<Link, Future<@Nullable Response>> command) {
        ContextInternal here = ((ContextInternal) vertx.getOrCreateContext()).unwrap();
        EventLoop eventLoop = here.nettyEventLoop();
        Link link = links.computeIfAbsent(eventLoop, loop -> new Link(vertx, here, config, dials, demoted));
        if (eventLoop.inEventLoop()) {
            return reply(command.apply(link));
        }
        Promise<Reply> told = Promise.promise();
        link.loop().runOnContext(run -> reply(command.apply(link)).onComplete(told::handle));
        return told.future();
    }

    @Override
    void connectAnew() {
        links.values().forEach(link -> link.loop().runOnContext(run -> link.connectAnew()));
    }

    /** Gives up those connections that are to another master than this one. */
    void leaveUnless(String master) {
        links.values().forEach(link -> link.loop().runOnContext(run -> link.leaveUnless(master)));
    }

    @Override
    Future<Void> close() {
        List<Future<Void>> closed = new ArrayList<>();
        links.values()
                .forEach(link -> closed.add(Future.future(told -> link.loop().runOnContext(run -> {
                    link.close();
                    told.complete();
                }))));
        return Future.all(closed).mapEmpty();
    }
}
