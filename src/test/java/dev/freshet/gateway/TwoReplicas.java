package dev.freshet.gateway;

import static dev.freshet.gateway.Replica.CALM;

import dev.freshet.store.MemoryStore;
import dev.freshet.testing.OnVertx;
import org.junit.jupiter.api.AfterEach;

/** A test of two replicas over one store. */
abstract class TwoReplicas extends OnVertx {
    final MemoryStore shared = new MemoryStore(16 << 20, CALM.rules());
    final Replica a = new Replica(vertx, shared, "a", CALM);
    final Replica b = new Replica(vertx, shared, "b", CALM);

    @AfterEach
    void stop() {
        a.stop();
        b.stop();
    }
}
