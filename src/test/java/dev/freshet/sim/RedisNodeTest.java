package dev.freshet.sim;

import dev.freshet.store.Store;
import dev.freshet.store.StoreContract;
import java.util.concurrent.TimeUnit;

/** The model does what every store must do, so that what is shown over it is shown over Redis. */
class RedisNodeTest extends StoreContract {
    private final Store store = new DirectStore(new RedisNode(
            RULES, Lapses.NONE, "10001111", 1_024, () -> TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis())));

    @Override
    protected Store store() {
        return store;
    }
}
