package dev.freshet.bench;

import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.ProtocolVersion;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.SynchronousQueue;

/** A plain connection to Redis, by the client that the product uses. */
final class Wire implements AutoCloseable {
    private final Redis client;
    private final RedisConnection connection;

    Wire(Vertx vertx, String url) {
        client = Redis.createClient(
                vertx,
                new RedisOptions()
                        .setConnectionString(url)
                        .setPreferredProtocolVersion(ProtocolVersion.RESP2)
                        .setNetClientOptions(new NetClientOptions().setTcpNoDelay(true)));
        connection = client.connect().await();
    }

    String send(Command command, String... arguments) {
        Request request = Request.cmd(command);
        for (String argument : arguments) {
            request.arg(argument);
        }
        return String.valueOf(connection.send(request).await());
    }

    /** Has each message of a channel put into the queue that is returned: when it came, by this process's clock. */
    SynchronousQueue<Long> subscribe(String channel) throws InterruptedException {
        SynchronousQueue<Long> told = new SynchronousQueue<>();
        SynchronousQueue<Boolean> live = new SynchronousQueue<>();
        connection.handler(push -> {
            long nanos = System.nanoTime();
            boolean message = push.get(0).toString().equals("message");
            Thread.ofVirtual().start(() -> {
                try {
                    if (message) {
                        told.put(nanos);
                    } else {
                        live.put(true);
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        });
        connection.send(Request.cmd(Command.SUBSCRIBE).arg(channel)).onFailure(Throwable::printStackTrace);
        live.take();
        return told;
    }

    /** Publishes. When it was asked to, by this process's clock, on the loop that writes. */
    void publish(String channel, String text) {
        connection.send(Request.cmd(Command.PUBLISH).arg(channel).arg(text)).onFailure(Throwable::printStackTrace);
    }

    /** How often each command was called, and the microseconds it took in all, since the figures were reset. */
    Map<String, Cost> costs() {
        Map<String, Cost> costs = new TreeMap<>();
        for (String line : send(Command.INFO, "commandstats").split("\r?\n", -1)) {
            if (line.startsWith("cmdstat_")) {
                String[] figures = line.substring(line.indexOf(':') + 1).split("[=,]", -1);
                costs.put(
                        line.substring("cmdstat_".length(), line.indexOf(':')),
                        new Cost(Long.parseLong(figures[1]), Long.parseLong(figures[3])));
            }
        }
        return costs;
    }

    /** What a command cost in Redis. */
    record Cost(long calls, long micros) {}

    @Override
    public void close() {
        connection.close();
        client.close();
    }
}
