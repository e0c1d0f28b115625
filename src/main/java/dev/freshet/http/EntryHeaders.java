package dev.freshet.http;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.http.Fields.Item;
import dev.freshet.http.Problem.Kind;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** An entry in headers: of one that is written by hand, and of one that is read. */
final class EntryHeaders {
    private static final CharSequence AS_OF = HttpHeaders.createOptimized("Freshet-As-Of");
    private static final CharSequence LEASE = HttpHeaders.createOptimized("Freshet-Lease");
    private static final Set<String> LIFETIME = Set.of("revalidate", "expire");

    private static final List<CharSequence> OF_AN_ENTRY = List.of(
            HttpHeaders.AGE,
            HttpHeaders.ETAG,
            HttpHeaders.VARY,
            HttpHeaders.CONTENT_ENCODING,
            EntryHead.STATE,
            EntryHead.LIFETIME,
            EntryHead.CACHE_STATUS,
            EntryHead.GROUPS,
            AS_OF,
            LEASE);

    private EntryHeaders() {}

    /** What headers want stored, but for its body. */
    static Draft draft(Key key, Asked asked) {
        String type = asked.header("Content-Type").orElse(Draft.OCTETS);
        if (!Values.isType(type)) {
            throw new Problem(Kind.UNSUPPORTED_MEDIA_TYPE, "a Content-Type is a media type like text/plain");
        }
        List<String> tags = asked.header("Cache-Groups")
                .map(groups -> Fields.strings("Cache-Groups", groups))
                .orElse(List.of());
        return Meta.fitting(new Draft(
                Values.tags(tags, Draft.TAGS_MAX),
                lifetime(asked.dictionary("Freshet-Lifetime")),
                asked.header("Freshet-Age").map(EntryHeaders::ageMs).orElse(0L),
                ticket(asked),
                token(asked).map(token -> Values.lease(key, token)),
                type,
                "",
                Body.EMPTY));
    }

    private static Lifetime lifetime(Map<String, Item> members) {
        for (String name : members.keySet()) {
            if (!LIFETIME.contains(name)) {
                throw new Problem(Kind.INVALID_ENTRY, "Freshet-Lifetime has revalidate and expire, not " + name);
            }
        }
        return new Lifetime(lifetimeMs(members, "revalidate"), lifetimeMs(members, "expire"));
    }

    private static long lifetimeMs(Map<String, Item> members, String name) {
        Item value = members.get(name);
        if (value == null) {
            return Lifetime.NEVER;
        }
        if (value instanceof Item.Decimal seconds && seconds.thousandths() >= 0) {
            return Seconds.ms(seconds.thousandths() / 1e3);
        }
        throw new Problem(Kind.INVALID_ENTRY, "Freshet-Lifetime: " + name + " is a number of seconds, 0 or more");
    }

    private static long ageMs(String text) {
        return Values.ageMs(Seconds.ms(Fields.decimal("Freshet-Age", text).thousandths() / 1e3));
    }

    private static Optional<Ticket> ticket(Asked asked) {
        return asked.header("Freshet-As-Of").map(text -> Values.ticket(text.strip()));
    }

    private static Optional<String> token(Asked asked) {
        Map<String, Item> lease = asked.dictionary("Freshet-Lease");
        if (lease.isEmpty()) {
            return Optional.empty();
        }
        if (lease.size() == 1 && lease.get("token") instanceof Item.Text token) {
            return Optional.of(token.text());
        }
        throw new Problem(Kind.INVALID_REQUEST, "Freshet-Lease of a PUT is: token=\"…\"");
    }

    /** Says what the reader is to do about what was found. */
    static void tellTurn(Found found, HttpServerResponse response) {
        found.ticket().ifPresent(ticket -> response.putHeader(AS_OF, ticket.toString()));
        found.lease().ifPresent(lease -> response.putHeader(LEASE, lease));
    }

    /** Takes back what was said of an entry: it is not sent. */
    static void forget(HttpServerResponse response) {
        OF_AN_ENTRY.forEach(response.headers()::remove);
    }
}
