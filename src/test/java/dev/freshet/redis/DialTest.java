package dev.freshet.redis;

import static dev.freshet.testing.Futures.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.store.StoreException;
import dev.freshet.testing.OnVertx;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.ProtocolVersion;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A dial, and a server that greets whoever connects, or does not. */
class DialTest extends OnVertx {
    private final Context loop = vertx.getOrCreateContext();
    private NetServer server;
    private boolean greets;

    @BeforeEach
    void open() {
        server = await(vertx.createNetServer().connectHandler(this::serve).listen(0, "127.0.0.1"));
    }

    @AfterEach
    void close() {
        await(server.close());
    }

    private void serve(NetSocket connection) {
        connection.handler(said -> {
            if (greets && said.toString().contains("hello")) {
                connection.write("*0\r\n");
            }
        });
    }

    /** Whoever asks has state that one loop alone may touch. */
    @Test
    void connect_notAnsweredInTime_isToldOnTheLoopThatAsked() {
        assertThat(onLoop(() -> dial().connect().timeout(20, TimeUnit.MILLISECONDS)))
                .isInstanceOf(TimeoutException.class);
    }

    @Test
    void command_notAnsweredInTime_isToldOnTheLoopThatAsked() {
        greets = true;

        assertThat(onLoop(() -> dial().connect()
                        .compose(connection -> connection.send(Request.cmd(Command.PING)))
                        .timeout(200, TimeUnit.MILLISECONDS)))
                .isInstanceOf(TimeoutException.class);
    }

    @Test
    void connect_givenUpBefore_fails() {
        Dial dial = dial();
        dial.close();

        assertThat(onLoop(dial::connect)).isInstanceOf(StoreException.class);
    }

    private interface Asking {
        Future<?> begin();
    }

    /** What something that is asked on the loop fails with, told on that loop. */
    private Throwable onLoop(Asking asking) {
        Promise<Throwable> failed = Promise.promise();
        Thread[] thread = new Thread[1];
        loop.runOnContext(run -> {
            thread[0] = Thread.currentThread();
            asking.begin().onComplete(done -> {
                if (Thread.currentThread().equals(thread[0])) {
                    failed.complete(done.cause());
                } else {
                    failed.fail("told by " + Thread.currentThread().getName());
                }
            });
        });
        return await(failed.future());
    }

    private Dial dial() {
        String uri = "redis://127.0.0.1:" + server.actualPort();
        return Dial.toAnybody(
                vertx,
                () -> Future.succeededFuture(new RedisOptions()
                        .setConnectionString(uri)
                        .setPreferredProtocolVersion(ProtocolVersion.RESP2)));
    }
}
