package dev.freshet.redis;

import dev.freshet.store.StoreException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.impl.types.ErrorType;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One attempt to connect, and the connection that comes of it. Of one event loop. */
final class Dial {
    /*
     * Whoever named the address, Sentinels, a DNS or an operator, may name a standby for a while. That answers reads and
     * refuses writes, so a replica would connect, fail and connect again as fast as it can. Hence it is asked what it is. Not by
     * ROLE, which users of least privilege may not send; and whoever may not send INFO learns it by the first write.
     */

    private static final Pattern REPLICATION_ID = Pattern.compile("master_replid:(\\w+)");

    private final Vertx vertx;
    private final Supplier<Future<RedisOptions>> where;
    private final @Nullable Consumer<String> met;
    private @Nullable Redis client;
    private String master = "";
    private boolean closed;

    private Dial(Vertx vertx, Supplier<Future<RedisOptions>> where, @Nullable Consumer<String> met) {
        this.vertx = vertx;
        this.where = where;
        this.met = met;
    }

    /**
     * One that has not begun.
     *
     * @param where finds out where to connect to
     */
    static Dial toAnybody(Vertx vertx, Supplier<Future<RedisOptions>> where) {
        return new Dial(vertx, where, null);
    }

    /**
     * One that fails for a Redis that says that it is another's standby.
     *
     * @param met is told which history of replication the master has, once connected; empty if that may not be asked
     */
    static Dial toMaster(Vertx vertx, Supplier<Future<RedisOptions>> where, Consumer<String> met) {
        return new Dial(vertx, where, met);
    }

    /*
     * A future that is of no context has its timeout, and all that hangs on it, told by a thread that is no event loop's. So what
     * begins here, and every command on the connection, is of the loop that asks for it.
     */

    /** Connects, and tells so on the caller's event loop. To be called once. */
    Future<RedisConnection> connect() {
        ContextInternal here = ((ContextInternal) vertx.getOrCreateContext()).unwrap();
        return here.succeededFuture()
                .compose(begun -> where.get())
                .compose(options -> {
                    if (closed) {
                        return Future.failedFuture(new StoreException("given up"));
                    }
                    Redis mine = Redis.createClient(vertx, options);
                    client = mine;
                    return mine.connect();
                })
                .compose(connection -> met == null ? Future.succeededFuture(connection) : greeted(connection, met));
    }

    private Future<RedisConnection> greeted(RedisConnection connection, Consumer<String> told) {
        return connection
                .send(Request.cmd(Command.INFO).arg("replication"))
                .map(String::valueOf)
                .recover(failed ->
                        failed instanceof ErrorType ? Future.succeededFuture("") : Future.failedFuture(failed))
                .compose(info -> {
                    if (info.contains("role:slave")) {
                        return Future.failedFuture(new StoreException("this Redis is the standby of another"));
                    }
                    Matcher id = REPLICATION_ID.matcher(info);
                    master = id.find() ? id.group(1) : "";
                    told.accept(master);
                    return Future.succeededFuture(connection);
                });
    }

    /** Whether it leads to another master than that one: false when either is not known. */
    boolean isToAnother(String other) {
        return !master.isEmpty() && !other.isEmpty() && !master.equals(other);
    }

    /** Gives up the attempt, or closes the connection. */
    void close() {
        closed = true;
        if (client != null) {
            client.close();
        }
    }
}
