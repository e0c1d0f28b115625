package dev.freshet;

import dev.freshet.redis.Retired;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/** Shows what was removed of deployments that nobody uses. */
final class RetiredMeters {
    private RetiredMeters() {}

    static void register(MeterRegistry registry, Retired retired) {
        counter(
                registry,
                retired,
                "deployments",
                "Deployments that nobody had used for retire.after, and of which this replica removed the last entry",
                Retired::deployments);
        counter(
                registry,
                retired,
                "entries",
                "Entries that this replica removed because nobody used their deployment",
                Retired::entries);
        counter(
                registry,
                retired,
                "bytes",
                "Bodies and headers of entries that were removed with their deployment. None for months, with a Redis that"
                        + " fills up: was +scan left out of the ACL? freshet doctor says so",
                Retired::bytes);
    }

    private static void counter(
            MeterRegistry registry, Retired retired, String what, String description, ToDoubleFunction<Retired> count) {
        FunctionCounter.builder("freshet.retired." + what, retired, count)
                .description(description)
                .register(registry);
    }
}
