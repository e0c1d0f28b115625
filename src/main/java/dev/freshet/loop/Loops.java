package dev.freshet.loop;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.function.Supplier;

/** Moves work to an event loop, and its result back to the caller's. */
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
}
