package dev.freshet.testing;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;

/** Waiting for what ends soon, and failing when it does not. */
public final class Futures {
    private static final Duration DEADLINE = Duration.ofSeconds(5);

    private Futures() {}

    /** The result of a future. */
    public static <T> T await(Future<T> future) {
        return await(future, DEADLINE);
    }

    /** The result of a future that may take longer. */
    public static <T> T await(Future<T> future, Duration max) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(max.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("not told within " + max, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** What a future fails with. */
    public static Throwable failure(Future<?> future) {
        return await(future.transform(result -> result.failed()
                ? Future.succeededFuture(result.cause())
                : Future.failedFuture("told " + result.result() + ", and should have failed")));
    }

    /** Returns when a condition holds. */
    public static void until(Callable<Boolean> condition) {
        Awaitility.await()
                .atMost(DEADLINE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(condition);
    }
}
