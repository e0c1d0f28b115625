package dev.freshet.testing;

import io.vertx.core.Vertx;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A test with a Vert.x of its own, there before the test's fields are. */
public abstract class OnVertx {
    protected static Vertx vertx;

    @BeforeAll
    static void openVertx() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void closeVertx() {
        Futures.await(vertx.close());
    }
}
