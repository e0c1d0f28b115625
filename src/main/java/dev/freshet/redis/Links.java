package dev.freshet.redis;

import dev.freshet.store.StoreException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The way of each command to the Redis that has its keys: to the one there is, or to a node of a cluster. Any thread may call. */
abstract sealed class Links permits Node, Cluster {
    private static final Logger LOG = LoggerFactory.getLogger(Links.class);

    /**
     * Sends a command on the caller's event loop where it has one, so that a reply needs no hop.
     *
     * @param key one of those that it names, which all have one hash tag
     */
    abstract Future<Reply> on(String key, Request request, Link.Way way);

    /** Every Redis that has keys. */
    abstract List<Node> nodes();

    /** Whether keys that do not have one hash tag may be on several of them, so that no script takes both. */
    final boolean isSpread() {
        return this instanceof Cluster;
    }

    /** Gives all connections up, and what waits for them: the master is another. */
    abstract void connectAnew();

    /** Closes all connections. */
    abstract Future<Void> close();

    /** Sends a command that changes nothing. */
    final Future<Reply> read(String key, Request request) {
        return on(key, request, Link.Way.TOGETHER);
    }

    /**
     * Runs a script by its hash; Redis forgets scripts when it restarts, and is then told the text again. If one of the keys holds
     * what Freshet does not keep there, the script fails, and the next one finds the key removed.
     */
    final Future<Reply> run(Script script, List<String> keys, List<?> arguments) {
        return tell(script, keys, arguments)
                .recover(failed -> isOfAnotherType(failed)
                        ? mend(keys).transform(mended -> Future.failedFuture(failed))
                        : Future.failedFuture(failed));
    }

    /** Whether a command failed since a key holds what Freshet does not keep there. */
    static boolean isOfAnotherType(Throwable failed) {
        return said(failed).contains("WRONGTYPE");
    }

    /** Removes what stands at some keys and is not Freshet's. */
    final Future<Void> mend(List<String> keys) {
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
        Link.Way way = script.isVital() ? Link.Way.VITAL : Link.Way.ALONE;
        return on(keys.getFirst(), request.apply(Command.EVALSHA, script.sha()), way)
                .recover(failed -> said(failed).startsWith("NOSCRIPT")
                        ? on(keys.getFirst(), request.apply(Command.EVAL, script.source()), way)
                        : Future.failedFuture(failed));
    }

    /** What Redis has said, word for word, when it refused a command; empty if it did not. */
    static String said(Throwable failed) {
        return failed.getCause() instanceof ErrorType error ? String.valueOf(error.getMessage()) : "";
    }

    /** What Redis answers, or a {@link StoreException}. */
    static Future<Reply> reply(Future<@Nullable Response> response) {
        return response.map(Reply::new).recover(failed -> Future.failedFuture(ofStore(failed)));
    }

    /** What failed, as a {@link StoreException} that says why. */
    static StoreException ofStore(Throwable failed) {
        return failed instanceof StoreException told ? told : new StoreException(refusal(failed), failed);
    }

    private static String refusal(Throwable failed) {
        if (failed instanceof TimeoutException) {
            return "Redis does not answer";
        }
        String said = String.valueOf(failed.getMessage());
        return said.startsWith("MOVED ") || said.startsWith("ASK ")
                ? "this Redis is a node of a cluster, and redis.url does not say so: it is redis+cluster://host[:port],…"
                : "Redis refuses: " + said;
    }
}
