package dev.freshet.store;

import io.vertx.core.Future;

/** What a store knows of the replicas that share it. For who looks into it: nothing rests on it. */
public interface Fleets {
    /** The replicas of an app. Changes nothing, and fails as {@link Store} does. */
    Future<Fleet> fleet(String app);
}
