package dev.freshet.http;

import dev.freshet.entry.Freshness;
import dev.freshet.gateway.Lookup.Source;
import dev.freshet.gateway.Wish;
import dev.freshet.http.Problem.Kind;
import dev.freshet.lease.Turn;
import dev.freshet.store.Mode;
import dev.freshet.store.Written;
import dev.freshet.trace.Attribute;
import dev.freshet.trace.RequestSpan;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a request's span, if it has one, is told of what the cache did. */
final class Noted {
    /** Why a client got no answer that had gone meanwhile. */
    private static final String GONE = "client-gone";

    private Noted() {}

    /** What a read found. */
    static void found(@Nullable RequestSpan span, Found found) {
        if (span != null) {
            span.tell(Attribute.RESULT, result(found));
            lease(found).ifPresent(lease -> span.tell(Attribute.LEASE, lease));
        }
    }

    /** What a lookup found, which is asked for only if there is a span. */
    static void found(@Nullable RequestSpan span, Supplier<List<Found>> looked) {
        if (span != null) {
            List<Found> found = looked.get();
            span.tell(Attribute.ENTRIES, found.size());
            span.tell(Attribute.RESULT, each(found, one -> Optional.of(result(one))));
            String leases = each(found, Noted::lease);
            if (!leases.isEmpty()) {
                span.tell(Attribute.LEASE, leases);
            }
        }
    }

    private static String each(List<Found> found, Function<Found, Optional<String>> word) {
        return found.stream()
                .flatMap(one -> word.apply(one).stream())
                .distinct()
                .sorted()
                .collect(Collectors.joining(","));
    }

    /* As in freshet_reads_total. */
    private static String result(Found found) {
        if (found.entry().isEmpty()) {
            return "miss";
        }
        return found.freshness().isStale() && found.source() != Source.OUTAGE ? found.state() : found.detail();
    }

    /* As in freshet_leases_total. */
    private static Optional<String> lease(Found found) {
        if (found.turn().isEmpty()) {
            return found.collapsed() ? Optional.of("collapsed") : Optional.empty();
        }
        boolean leads = found.turn().get() instanceof Turn.Lead;
        return Optional.of(leads ? found.freshness() == Freshness.FRESH ? "early" : "lead" : "follow");
    }

    /** What became of a write. */
    static void written(@Nullable RequestSpan span, Written written) {
        if (span != null) {
            span.tell(
                    Attribute.RESULT,
                    switch (written) {
                        case Written.Stored there -> "stored";
                        case Written.Older refused -> "older";
                        case Written.LeaseLost refused -> "lease_lost";
                        case Written.Full refused -> "full";
                    });
        }
    }

    /** What is invalidated. */
    static void wish(@Nullable RequestSpan span, Wish wish) {
        if (span != null) {
            span.tell(Attribute.MODE, wish.mode() instanceof Mode.Hard ? "hard" : "soft");
            span.tell(Attribute.TAGS, wish.tags().size());
        }
    }

    /** That it is over, and how. */
    static void end(@Nullable RequestSpan span, HttpServerResponse response, @Nullable Throwable failure) {
        if (span == null) {
            return;
        }
        Kind kind = failure == null ? null : Problem.of(failure).type();
        if (kind != null && response.closed()) {
            span.fail(GONE);
        } else {
            span.tell(Attribute.STATUS, response.getStatusCode());
            if (kind != null && kind.status >= 500) {
                span.fail(kind.text());
            }
        }
        span.end();
    }
}
