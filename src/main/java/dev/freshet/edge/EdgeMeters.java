package dev.freshet.edge;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What one listener counts. Every event loop counts here. */
public final class EdgeMeters {
    /** Why something is not let in. */
    public enum Refusal {
        /** It names no token, or none that is known. */
        UNAUTHENTICATED,
        /** Its token is not good for it. */
        SCOPE,
        /** It is not HTTP as it should be. */
        MALFORMED,
        /** It takes too long to arrive, or to leave. */
        SLOW,
        /** There are too many connections. */
        CONNECTIONS,
        /** Too many requests wait for something. */
        REQUESTS,
        /** Too much of bodies is under way. */
        BODIES
    }

    private static final Duration[] BUCKETS = {
        Duration.ofNanos(100_000),
        Duration.ofNanos(250_000),
        Duration.ofNanos(500_000),
        Duration.ofMillis(1),
        Duration.ofNanos(2_500_000),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofMillis(2_500),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
    };

    private static final String REFUSED =
            "What was not let in: without a known token (`unauthenticated`), with one that is"
                    + " not good for it (`scope`), no proper HTTP (`malformed`), arriving or leaving too slowly (`slow`), one too"
                    + " many `connections` or `requests`, too much of `bodies` at a time. `requests`: the store or the pages are"
                    + " slow, else raise http.requests-max; `bodies`: clients read large entries slowly, else raise"
                    + " limits.bodies-bytes; `unauthenticated`: a token was not rolled out, or somebody tries";

    private final AtomicInteger connections = new AtomicInteger();
    private final Map<Refusal, Counter> refused = new EnumMap<>(Refusal.class);
    private final Counter repeated;
    private final Map<Scope, Timer> requests = new EnumMap<>(Scope.class);

    /** Counts in {@code registry}, where every series exists from the start. */
    public EdgeMeters(MeterRegistry registry, String listener) {
        Gauge.builder("freshet.connections", connections, AtomicInteger::get)
                .description("Connections that are open, of the HTTP API (`data`) and of the `operations`. Near"
                        + " http.connections-max: find who opens so many")
                .tag("listener", listener)
                .strongReference(true)
                .register(registry);
        for (Refusal refusal : Refusal.values()) {
            refused.put(
                    refusal,
                    Counter.builder("freshet.refused")
                            .description(REFUSED)
                            .tag("reason", refusal.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
        repeated = Counter.builder("freshet.requests.repeated")
                .description(
                        "Reads of fresh entries that were answered before a request was made of them, for they repeat what was sent"
                                + " on their connection before. Few beside the reads of `freshet_request`: something puts another"
                                + " id into each request, or opens a connection for each; or they are traced")
                .register(registry);
        time(registry, Scope.ENTRIES_READ, "read");
        time(registry, Scope.ENTRIES_WRITE, "write");
        time(registry, Scope.TAGS_INVALIDATE, "invalidate");
    }

    private void time(MeterRegistry registry, Scope scope, String kind) {
        requests.put(
                scope,
                Timer.builder("freshet.request")
                        .description(
                                "From the head of a request to the end of its answer, which a client that reads slowly"
                                        + " delays: a `read` (which may wait for a leader), a `write`, or an `invalidate` (which"
                                        + " waits until it is in force). `read` above some ms without many `collapsed` in"
                                        + " freshet_leases_total: Redis or this machine is slow")
                        .tag("kind", kind)
                        .serviceLevelObjectives(BUCKETS)
                        .register(registry));
    }

    /** Counts one that was answered, or failed, by what it needed; those of streams and operators are not timed. */
    public void answered(Scope scope, long nanos) {
        Timer timer = requests.get(scope);
        if (timer != null) {
            timer.record(nanos, TimeUnit.NANOSECONDS);
        }
    }

    /** Counts a read that was answered before it was parsed. */
    public void repeated(long nanos) {
        repeated.increment();
        answered(Scope.ENTRIES_READ, nanos);
    }

    /** Counts one that is not let in. */
    public void refused(Refusal why) {
        Objects.requireNonNull(refused.get(why)).increment();
    }

    /** Counts one that is not let in. */
    public void refused(Denied denied) {
        refused(denied.why() == Denied.Why.SCOPE ? Refusal.SCOPE : Refusal.UNAUTHENTICATED);
    }

    /** How many connections are open. */
    public int connections() {
        return connections.get();
    }

    /** Counts one more, unless there are as many as there may be. */
    boolean opened(int max) {
        if (connections.incrementAndGet() <= max) {
            return true;
        }
        connections.decrementAndGet();
        refused(Refusal.CONNECTIONS);
        return false;
    }

    void closed() {
        connections.decrementAndGet();
    }
}
