package dev.freshet;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/** What the process takes, and until when its certificate holds: what alerts need beside the cache's own meters. */
final class ProcessMeters {
    private ProcessMeters() {}

    /** Shows it in {@code registry}. What is read costs microseconds, at each scrape. */
    static void show(MeterRegistry registry, Checks checks) {
        Gauge.builder("freshet.heap.bytes", Checks::heapBytes)
                .description(
                        "Bytes of the heap that the last collections left in use. Near freshet_heap_bytes_limit: runbook"
                                + " \"Memory runs out\"")
                .register(registry);
        Gauge.builder("freshet.heap.bytes.limit", () -> Runtime.getRuntime().maxMemory())
                .description("The most bytes of the heap (-Xmx)")
                .register(registry);
        FunctionCounter.builder("freshet.collection.seconds", registry, all -> collectedMs() / 1_000.0)
                .description(
                        "Time in which garbage was collected. A tenth of the time: a larger heap, or smaller near.bytes")
                .register(registry);
        Gauge.builder("freshet.certificate.end.timestamp.seconds", checks, ProcessMeters::certificateEnd)
                .description(
                        "When the certificate of tls.cert ends, as Unix time; 0 without one. Two weeks ahead: renew it:"
                                + " runbook \"The certificate ends\"")
                .strongReference(true)
                .register(registry);
        FunctionCounter.builder("process.cpu.seconds", registry, all -> cpuSeconds())
                .description("Time of processors that the process took. Near one for each core: more replicas")
                .register(registry);
        Gauge.builder(
                        "process.start.time.seconds",
                        () -> ManagementFactory.getRuntimeMXBean().getStartTime() / 1_000.0)
                .description(
                        "When the process was started, as Unix time. Changes by itself: look at its exit code: runbook"
                                + " \"A replica is down\"")
                .register(registry);
    }

    private static long collectedMs() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionTime)
                .sum();
    }

    private static double certificateEnd(Checks checks) {
        return checks.certificateEnd().map(Instant::getEpochSecond).orElse(0L);
    }

    private static double cpuSeconds() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? (double) system.getProcessCpuTime() / TimeUnit.SECONDS.toNanos(1)
                : 0;
    }
}
