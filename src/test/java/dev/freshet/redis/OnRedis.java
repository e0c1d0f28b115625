package dev.freshet.redis;

import dev.freshet.store.Store;
import dev.freshet.store.StoreContract;
import io.vertx.core.Vertx;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** The contract on a Redis of the test's own, with a store for each test. */
abstract class OnRedis extends StoreContract {
    static Vertx vertx;
    RedisStore store;

    @BeforeAll
    static void startVertx() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void stopVertx() {
        now(vertx.close());
    }

    /** Where the store's Redis is. */
    abstract RedisConfig config();

    @BeforeEach
    void open() {
        store = new RedisStore(vertx, config(), RULES);
    }

    @AfterEach
    void close() {
        now(store.close());
    }

    @Override
    protected Store store() {
        return store;
    }
}
