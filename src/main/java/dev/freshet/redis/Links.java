package dev.freshet.redis;

import dev.freshet.store.StoreException;
import io.netty.channel.EventLoop;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.ContextInternal;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection for commands for each event loop. Any thread may call. */
final class Links {
    private static final Logger LOG = LoggerFactory.getLogger(Links.class);

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
    Links(Vertx vertx, RedisConfig config, Function<Vertx, Dial> dials, Runnable demoted) {
        this.vertx = vertx;
        this.config = config;
        this.dials = dials;
        this.demoted = demoted;
    }

    /**
     * Runs a script by its hash; Redis forgets scripts when it restarts, and is then told the text again. If one of the keys holds
     * what Freshet does not keep there, the script fails, and the next one finds the key removed.
     */
    Future<Reply> run(Script script, List<String> keys, List<?> arguments) {
        return tell(script, keys, arguments)
                .recover(failed -> isOfAnotherType(failed)
                        ? mend(keys).transform(mended -> Future.failedFuture(failed))
                        : Future.failedFuture(failed));
    }

    /** Whether a command failed since a key holds what Freshet does not keep there. */
    static boolean isOfAnotherType(Throwable failed) {
        return failed.getCause() instanceof ErrorType error
                && String.valueOf(error.getMessage()).contains("WRONGTYPE");
    }

    /** Removes what stands at some keys and is not Freshet's. */
    Future<Void> mend(List<String> keys) {
        return tell(Script.MEND, keys, keys.stream().map(Names::type).toList())
                .onSuccess(removed -> LOG.error(
                        "At {} of these keys stood what Freshet does not keep there, and is removed: {}",
                        removed.number(),
                        String.join(", ", keys)))
                .mapEmpty();
    }

    private Future<Reply> tell(Script script, List<String> keys, List<?> arguments) {
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
        return on(link -> link.send(request.apply(Command.EVALSHA, script.sha()), script.isVital())
                .recover(failed -> isUnknownScript(failed)
                        ? link.send(request.apply(Command.EVAL, script.source()), script.isVital())
                        : Future.failedFuture(failed)));
    }

    private static boolean isUnknownScript(Throwable failed) {
        return failed instanceof ErrorType error && error.is("NOSCRIPT");
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

    private static Future<Reply> reply(Future<@Nullable Response> response) {
        return response.map(Reply::new)
                .recover(failed -> Future.failedFuture(
                        failed instanceof StoreException
                                ? failed
                                : new StoreException("Redis refuses: " + failed.getMessage(), failed)));
    }

    /** Gives them all up, and what waits for them: the master is another. */
    void connectAnew() {
        links.values().forEach(link -> link.loop().runOnContext(run -> link.connectAnew()));
    }

    /** The same with those that are to another than this one. */
    void leaveUnless(String master) {
        links.values().forEach(link -> link.loop().runOnContext(run -> link.leaveUnless(master)));
    }

    /** Closes them. */
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
