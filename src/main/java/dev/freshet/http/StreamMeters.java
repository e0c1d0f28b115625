package dev.freshet.http;

import dev.freshet.http.Event.Kind;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** What the event streams of a replica count. Every event loop counts here. */
public final class StreamMeters {
    private final AtomicInteger open = new AtomicInteger();
    private final Map<Kind, List<Counter>> counters = new EnumMap<>(Kind.class);

    /** Counts in {@code registry}, where every series exists from the start. */
    public StreamMeters(MeterRegistry registry) {
        Gauge.builder("freshet.streams", open, AtomicInteger::get)
                .description(
                        "Event streams that are open, of clients and consoles. Near limits.event-streams: raise it, or more"
                                + " replicas")
                .strongReference(true)
                .register(registry);
        for (Kind kind : Kind.values()) {
            Counter events = counter(
                    registry,
                    "freshet.stream.events",
                    "Events sent: `hello`, `invalidate`, `write`, `reset`, `bye`",
                    "event",
                    kind.event);
            counters.put(kind, kind.reason.isEmpty() ? List.of(events) : List.of(events, reasons(registry, kind)));
        }
    }

    private static Counter reasons(MeterRegistry registry, Kind kind) {
        return kind.event.equals("reset")
                ? counter(
                        registry,
                        "freshet.stream.resets",
                        "Clients told to forget every copy: `behind` were away too long, `slow` do not read, `epoch` Redis"
                                + " lost its history, `lost` the bus. `slow`: the client or its network; `behind`: raise"
                                + " limits.marks",
                        "reason",
                        kind.reason)
                : counter(
                        registry,
                        "freshet.stream.byes",
                        "Streams ended by this replica: of `age`, or at its `stop`",
                        "reason",
                        kind.reason);
    }

    private static Counter counter(MeterRegistry registry, String name, String what, String label, String value) {
        return Counter.builder(name).description(what).tag(label, value).register(registry);
    }

    void opened() {
        open.incrementAndGet();
    }

    void closed() {
        open.decrementAndGet();
    }

    void sent(Kind kind) {
        counters.getOrDefault(kind, List.of()).forEach(Counter::increment);
    }
}
