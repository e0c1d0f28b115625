package dev.freshet.ops;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;

/**
 * What a replica counted, second by second, for the last quarter of an hour: so that whoever comes late to an incident sees how it
 * began. Belongs to one event loop.
 */
final class Samples {
    /** Seconds that are remembered. */
    static final int SAMPLES_MAX = 900;

    /** How often {@link #take} is to be called, in ms. */
    static final long PERIOD_MS = 1_000;

    /** Requests are many: their quantiles are of so many seconds. */
    private static final int REQUESTS_SECONDS = 10;

    /** Invalidations are few. */
    private static final int SETTLE_SECONDS = 60;

    private final List<Column> columns = new ArrayList<>();
    private final List<Quantiles> quantiles = new ArrayList<>();
    private final Deque<Row> rows = new ArrayDeque<>();
    private long takenMs;

    /** Gives a column's value of the second that has passed. */
    private interface Reading {
        double over(double seconds);
    }

    private record Column(String name, Reading reading) {}

    /** A second, as it is sent. */
    private record Row(long timeMs, JsonArray cells) {}

    /**
     * Reads a registry that has every series already.
     *
     * @throws io.micrometer.core.instrument.search.MeterNotFoundException if one is not there
     */
    Samples(MeterRegistry registry) {
        for (String result : List.of("near", "store", "stale", "miss", "outage")) {
            rate(registry, result, "freshet.reads", "result", result);
        }
        rate(registry, "writes", "freshet.writes", "result", "stored");
        rate(registry, "hard", "freshet.invalidations", "mode", "hard");
        rate(registry, "soft", "freshet.invalidations", "mode", "soft");
        for (String outcome : List.of("lead", "early", "follow", "collapsed")) {
            rate(registry, outcome, "freshet.leases", "outcome", outcome);
        }
        rate(registry, "violations", "freshet.coherence.violations");
        rate(registry, "refused", "freshet.refused");
        quantiles(registry, "read", REQUESTS_SECONDS, "freshet.request", "kind", "read");
        quantiles(registry, "settle", SETTLE_SECONDS, "freshet.invalidation.settle");
        gauge(registry, "nearBytes", "freshet.near.bytes");
        gauge(registry, "nearEntries", "freshet.near.entries");
        gauge(registry, "waiters", "freshet.lease.waiters");
        gauge(registry, "streams", "freshet.streams");
        gauge(registry, "connections", "freshet.connections", "listener", "data");
    }

    private void rate(MeterRegistry registry, String column, String meter, String... tags) {
        List<Meter> meters = List.copyOf(registry.get(meter).tags(tags).meters());
        double[] last = {count(meters)};
        columns.add(new Column(column, seconds -> {
            double now = count(meters);
            double rate = (now - last[0]) / seconds;
            last[0] = now;
            return rate;
        }));
    }

    private static double count(List<Meter> meters) {
        return meters.stream().mapToDouble(Samples::count).sum();
    }

    private static double count(Meter meter) {
        return switch (meter) {
            case Counter counter -> counter.count();
            case FunctionCounter counter -> counter.count();
            default -> throw new IllegalArgumentException(meter.getId() + " is no counter");
        };
    }

    private void gauge(MeterRegistry registry, String column, String meter, String... tags) {
        Gauge gauge = registry.get(meter).tags(tags).gauge();
        columns.add(new Column(column, seconds -> gauge.value()));
    }

    private void quantiles(MeterRegistry registry, String column, int seconds, String meter, String... tags) {
        Quantiles of = new Quantiles(registry.get(meter).tags(tags).timer(), seconds);
        quantiles.add(of);
        Function<Double, Reading> ms = share -> over -> of.ms(share);
        columns.add(new Column(column + "P50", ms.apply(0.5)));
        columns.add(new Column(column + "P99", ms.apply(0.99)));
    }

    /** Takes another sample. */
    void take(long nowMs) {
        double seconds = takenMs == 0 ? 1 : Math.max(1, nowMs - takenMs) / 1_000.0;
        takenMs = nowMs;
        quantiles.forEach(Quantiles::turn);
        JsonArray cells = new JsonArray().add(nowMs);
        columns.forEach(column -> add(cells, column.reading.over(seconds)));
        rows.addLast(new Row(nowMs, cells));
        if (rows.size() > SAMPLES_MAX) {
            rows.removeFirst();
        }
    }

    /* Null where there is nothing to tell, such as the quantile of nothing. */
    private static void add(JsonArray cells, double value) {
        double rounded = Math.round(value * 1_000) / 1_000.0;
        if (!Double.isFinite(value)) {
            cells.addNull();
        } else if (rounded == Math.rint(rounded)) {
            cells.add((long) rounded);
        } else {
            cells.add(rounded);
        }
    }

    /** The samples after a time: the names of the columns, and a row for each second. */
    JsonObject after(long timeMs) {
        JsonArray names = new JsonArray().add("time");
        columns.forEach(column -> names.add(column.name));
        JsonArray told = new JsonArray();
        rows.stream().filter(row -> row.timeMs > timeMs).forEach(row -> told.add(row.cells));
        return new JsonObject().put("columns", names).put("rows", told);
    }
}
