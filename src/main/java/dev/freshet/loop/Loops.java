package dev.freshet.loop;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Moves work to an event loop, and its result back to the caller's; and has it done in time. */
public final class Loops {
    private Loops() {}

    /** Runs {@code work} on {@code there} and tells its result on the caller's own context. */
    public static <T> Future<T> call(Vertx vertx, Context there, Supplier<Future<T>> work) {
        Context here = vertx.getOrCreateContext();
        if (here.equals(there)) {
            return begin(work);
        }
        return Future.future(told -> there.runOnContext(run -> tell(here, begin(work), told)));
    }

    /* What work throws is its failure: nobody waits for it in vain. */
    private static <T> Future<T> begin(Supplier<Future<T>> work) {
        return Future.succeededFuture().compose(begun -> work.get());
    }

    /** Tells the result of {@code future} on the caller's own context, whoever completes it. */
    public static <T> Future<T> back(Vertx vertx, Future<T> future) {
        if (future.isComplete()) {
            return future;
        }
        Context here = vertx.getOrCreateContext();
        return Future.future(told -> tell(here, future, told));
    }

    private static <T> void tell(Context here, Future<T> future, Promise<T> told) {
        future.onComplete(result -> here.runOnContext(tell -> told.handle(result)));
    }

    /**
     * What {@code future} comes to, or a {@link TimeoutException} if that takes too long, told on the caller's loop.
     *
     * <p>A loop that was busy finds that the time is up before it reads what has arrived meanwhile. So it reads once more, and only
     * then has the last word: else everything that waits for an answer would fail whenever the loop is late.
     *
     * @param ms at least 1
     */
    public static <T extends @Nullable Object> Future<T> within(Vertx vertx, long ms, Future<T> future) {
        if (future.isComplete()) {
            return future;
        }
        Promise<T> told = ((ContextInternal) vertx.getOrCreateContext()).promise();
        long timer = vertx.setTimer(
                ms, due -> vertx.setTimer(1, over -> told.tryFail(new TimeoutException("no answer in " + ms + " ms"))));
        future.onComplete(result -> {
            vertx.cancelTimer(timer);
            if (result.succeeded()) {
                told.tryComplete(result.result());
            } else {
                told.tryFail(result.cause());
            }
        });
        return told.future();
    }
}
