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
                "Deployments that nobody used, and that are removed",
                Retired::deployments);
        counter(registry, retired, "entries", "Entries that were removed with their deployment", Retired::entries);
        counter(registry, retired, "bytes", "Bytes of those entries", Retired::bytes);
    }

    private static void counter(
            MeterRegistry registry, Retired retired, String what, String description, ToDoubleFunction<Retired> count) {
        FunctionCounter.builder("freshet.retired." + what, retired, count)
                .description(description)
                .register(registry);
    }
}
