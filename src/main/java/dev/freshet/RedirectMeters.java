package dev.freshet;

import dev.freshet.redis.Redirects;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/** Shows how often nodes of a Redis Cluster name others, and how often the master was another. */
final class RedirectMeters {
    private RedirectMeters() {}

    static void register(MeterRegistry registry, Redirects redirects) {
        counter(registry, redirects, "moved", Redirects::moved);
        counter(registry, redirects, "ask", Redirects::asked);
        FunctionCounter.builder("freshet.redis.master.changes", redirects, Redirects::masters)
                .description(
                        "Masters in whose place this replica found another: failovers, and restarts of a Redis that keeps"
                                + " nothing on disk; in a cluster, masters that have no slots any more, of which one may count"
                                + " more than once while nodes do not agree. More than one now and then: runbook"
                                + " \"The master changes again and again\"")
                .register(registry);
    }

    private static void counter(
            MeterRegistry registry, Redirects redirects, String kind, ToDoubleFunction<Redirects> count) {
        FunctionCounter.builder("freshet.redis.redirects", redirects, count)
                .description(
                        "Commands that a node of a Redis Cluster sent on to another: `moved`, the slot has moved; `ask`, it is"
                                + " on its way. Goes on rising while no slots move: the nodes do not agree, see redis-cli"
                                + " --cluster check")
                .tag("kind", kind)
                .register(registry);
    }
}
