package dev.freshet.redis;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.failure;
import static dev.freshet.testing.Futures.until;
import static dev.freshet.testing.Texts.found;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.OnVertx;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A link to a server that answers, or greets nobody, as a Redis that hangs. */
class LinkTest extends OnVertx {
    private static final Duration TIMEOUT = Duration.ofSeconds(1);

    private final Context loop = vertx.getOrCreateContext();
    private final List<NetSocket> sockets = new CopyOnWriteArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private NetServer server;
    private volatile boolean hangs;
    private Link link;

    @BeforeEach
    void open() {
        server = await(vertx.createNetServer().connectHandler(this::serve).listen(0, "127.0.0.1"));
        String uri = "redis://127.0.0.1:" + server.actualPort();
        RedisConfig config = new RedisConfig(uri, TIMEOUT, 64);
        link = new Link(
                vertx,
                loop,
                config,
                each -> Dial.toAnybody(each, () -> Future.succeededFuture(config.heldOptions(uri))),
                () -> {});
    }

    @AfterEach
    void close() {
        loop.runOnContext(run -> link.close());
        await(server.close());
    }

    private void serve(NetSocket connection) {
        connections.incrementAndGet();
        sockets.add(connection);
        connection.handler(said -> {
            if (!hangs) {
                found("(hello|ping)\r\n", said.toString())
                        .forEach(command -> connection.write(command.equals("hello") ? "*0\r\n" : "+PONG\r\n"));
            }
        });
    }

    /** What it comes to, and whether that was known at once. */
    private record Asked(Future<Response> answer, boolean atOnce) {}

    /* Whether each of two commands of one turn is answered. */
    private List<Boolean> askTwice() {
        Promise<List<Boolean>> told = Promise.promise();
        loop.runOnContext(run -> {
            Future<Response> first = link.tell(Request.cmd(Command.PING), Link.Way.ALONE);
            Future<Response> second = link.tell(Request.cmd(Command.PING), Link.Way.ALONE);
            Future.join(first, second)
                    .onComplete(both -> told.complete(List.of(first.succeeded(), second.succeeded())));
        });
        return await(told.future());
    }

    private Asked ask(Link.Way way) {
        Promise<Asked> asked = Promise.promise();
        loop.runOnContext(run -> {
            Future<Response> answer = link.tell(Request.cmd(Command.PING), way);
            asked.complete(new Asked(answer, answer.isComplete()));
        });
        return await(asked.future());
    }

    /* One command was not answered, and another has begun to connect. */
    private void hang() {
        await(ask(Link.Way.ALONE).answer);
        hangs = true;
        failure(ask(Link.Way.ALONE).answer);
        until(() -> {
            ask(Link.Way.ALONE);
            return connections.get() > 1;
        });
    }

    @Test
    void tell_whileAConnectionIsTriedAgain_failsAtOnce() {
        hang();
        int tried = connections.get();

        until(() -> ask(Link.Way.ALONE).atOnce);
        assertThat(failure(ask(Link.Way.ALONE).answer)).hasMessage("Redis cannot be reached");
        assertThat(connections).as("nor is another made").hasValue(tried);
    }

    /** As one that says that a deployment is in use, and the read that follows. */
    @Test
    void tell_inTheTurnOfTheOneThatConnectsAgain_waitsWithIt() {
        await(ask(Link.Way.ALONE).answer);
        sockets.forEach(NetSocket::close);

        List<Boolean> answered = new ArrayList<>();
        until(() -> {
            answered.clear();
            answered.addAll(askTwice());
            return answered.getFirst();
        });
        assertThat(answered).containsExactly(true, true);
    }

    @Test
    void tell_vitalWhileAConnectionIsTriedAgain_waitsForIt() {
        hang();

        Asked beat = ask(Link.Way.VITAL);

        assertThat(beat.atOnce).isFalse();
        assertThat(failure(beat.answer)).hasMessage("Redis does not answer");
    }

    @Test
    void tell_hungAndAnswersAgain_isAnsweredAsBefore() {
        hang();
        hangs = false;

        until(() -> await(ask(Link.Way.ALONE).answer.map(true).otherwise(false)));
        assertThat(await(ask(Link.Way.TOGETHER).answer)).hasToString("PONG");
    }

    @Test
    void tell_neverConnectedYet_waitsForTheFirstConnection() {
        Asked first = ask(Link.Way.ALONE);
        Asked second = ask(Link.Way.ALONE);

        assertThat(second.atOnce).isFalse();
        assertThat(await(first.answer)).hasToString("PONG");
        assertThat(await(second.answer)).hasToString("PONG");
    }
}
