package dev.freshet.bench;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.ProtocolVersion;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * The floor of an acknowledgement: the way that it takes through processes and Redis, with nothing done on it. Who is asked by HTTP
 * publishes a line, each of the others answers with one, and when all have, the request is answered.
 */
public final class Hops {
    private static final String EVERYBODY = "everybody";
    private static final String ASKED = "asked";

    private final RedisConnection commands;
    private final int others;
    private final Queue<HttpServerResponse> waiting = new ArrayDeque<>();
    private int heard;

    private Hops(RedisConnection commands, int others) {
        this.commands = commands;
        this.others = others;
    }

    /** Serves on the loopback interface: port, Redis's URL, how many others there are; 0 for one of them. */
    public static void main(String[] args) {
        Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
        Redis redis = Redis.createClient(
                vertx,
                new RedisOptions().setConnectionString(args[1]).setPreferredProtocolVersion(ProtocolVersion.RESP2));
        RedisConnection bus = redis.connect().await();
        Hops hops = new Hops(redis.connect().await(), Integer.parseInt(args[2]));
        boolean isAsked = hops.others > 0;
        bus.handler(push -> {
            if (push.get(0).toString().equals("message")) {
                hops.hear();
            }
        });
        bus.send(Request.cmd(Command.SUBSCRIBE).arg(isAsked ? ASKED : EVERYBODY))
                .onFailure(Throwable::printStackTrace);
        vertx.createHttpServer()
                .requestHandler(request -> request.endHandler(read -> hops.ask(request.response())))
                .listen(Integer.parseInt(args[0]), "127.0.0.1")
                .await();
    }

    private void ask(HttpServerResponse response) {
        waiting.add(response);
        publish(EVERYBODY);
    }

    private void hear() {
        if (others == 0) {
            publish(ASKED);
        } else if (++heard % others == 0) {
            waiting.remove().end().onFailure(Throwable::printStackTrace);
        }
    }

    private void publish(String channel) {
        commands.send(Request.cmd(Command.PUBLISH).arg(channel).arg("1")).onFailure(Throwable::printStackTrace);
    }
}
