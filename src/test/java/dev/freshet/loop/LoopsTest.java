package dev.freshet.loop;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.failure;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.OnVertx;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class LoopsTest extends OnVertx {
    private final Context here = ((VertxInternal) vertx).createEventLoopContext();
    private final Context there = ((VertxInternal) vertx).createEventLoopContext();

    @Test
    void call_fromAnotherLoop_worksThereAndTellsHere() {
        Context[] worked = new Context[1];
        Context told = await(on(
                here,
                () -> Loops.call(vertx, there, () -> {
                            worked[0] = Vertx.currentContext();
                            return Future.succeededFuture();
                        })
                        .map(done -> Vertx.currentContext())));

        assertThat(worked[0]).isEqualTo(there);
        assertThat(told).isEqualTo(here);
    }

    @Test
    void call_fromTheSameLoop_worksAtOnce() {
        assertThat(await(on(
                        there,
                        () -> Future.succeededFuture(Loops.call(vertx, there, () -> Future.succeededFuture(1))
                                .isComplete()))))
                .isTrue();
    }

    @Test
    void call_workFails_failsHere() {
        RuntimeException fault = new IllegalStateException("no");

        assertThat(failure(on(here, () -> Loops.call(vertx, there, () -> Future.failedFuture(fault)))))
                .isSameAs(fault);
    }

    @Test
    void within_inTime_tellsWhatItCameTo() {
        Promise<Integer> answer = Promise.promise();
        Future<Integer> told = on(here, () -> Loops.within(vertx, 60_000, answer.future()));
        answer.complete(1);

        assertThat(await(told)).isEqualTo(1);
    }

    @Test
    void within_never_failsOnTheCallersLoop() {
        Future<Context> told = on(
                here,
                () -> Loops.within(vertx, 1, Promise.promise().future())
                        .recover(late -> late instanceof TimeoutException
                                ? Future.succeededFuture(Vertx.currentContext())
                                : Future.failedFuture(late))
                        .map(Context.class::cast));

        assertThat(await(told)).isEqualTo(here);
    }

    /** What keeps the loop is what it reads, so that the time is up in the same round, with the answer there but not read. */
    @Test
    void within_answerArrivesWhileTheLoopIsBusy_isInTime() {
        CountDownLatch answered = new CountDownLatch(1);
        NetServer server = await(on(
                there,
                () -> vertx.createNetServer()
                        .connectHandler(peer -> peer.handler(asked -> {
                            if (asked.toString().equals("begin")) {
                                peer.write("now");
                            } else {
                                peer.write("answer").onComplete(written -> answered.countDown());
                            }
                        }))
                        .listen(0, "127.0.0.1")));
        Supplier<Future<NetSocket>> connecting =
                () -> vertx.createNetClient().connect(server.actualPort(), "127.0.0.1");
        NetSocket busy = await(on(here, connecting));
        NetSocket asking = await(on(here, connecting));
        Promise<String> answer = Promise.promise();
        Promise<String> told = Promise.promise();
        asking.handler(read -> answer.tryComplete(read.toString()));
        busy.handler(begun -> {
            long dueNanos = System.nanoTime() + 5_000_000;
            Loops.within(vertx, 1, answer.future()).onComplete(told);
            asking.write("ask");
            hold(answered, dueNanos);
        });
        busy.write("begin");

        assertThat(await(told.future())).isEqualTo("answer");
    }

    private static void hold(CountDownLatch until, long nanos) {
        try {
            until.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        while (System.nanoTime() < nanos) {
            Thread.onSpinWait();
        }
    }

    /** G6: a fault in the work must not leave its caller waiting for ever. */
    @Test
    void call_workThrows_failsHere() {
        RuntimeException fault = new IllegalStateException("no");
        Supplier<Future<Void>> work = () -> {
            throw fault;
        };

        assertThat(failure(on(here, () -> Loops.call(vertx, there, work)))).isSameAs(fault);
        assertThat(failure(on(there, () -> Loops.call(vertx, there, work)))).isSameAs(fault);
    }

    @Test
    void back_completedElsewhere_tellsHere() {
        Promise<Integer> promise = Promise.promise();
        Future<Context> told =
                on(here, () -> Loops.back(vertx, promise.future()).map(one -> Vertx.currentContext()));
        there.runOnContext(run -> promise.complete(1));

        assertThat(await(told)).isEqualTo(here);
    }

    @Test
    void back_failedElsewhere_failsHere() {
        RuntimeException fault = new IllegalStateException("no");
        Promise<Integer> promise = Promise.promise();
        Future<Integer> told = on(here, () -> Loops.back(vertx, promise.future()));
        there.runOnContext(run -> promise.fail(fault));

        assertThat(failure(told)).isSameAs(fault);
    }

    @Test
    void back_complete_tellsAtOnce() {
        assertThat(Loops.back(vertx, Future.succeededFuture(1)).result()).isEqualTo(1);
    }

    private static <T> Future<T> on(Context context, Supplier<Future<T>> work) {
        return Future.future(told -> context.runOnContext(run -> work.get().onComplete(told)));
    }
}
