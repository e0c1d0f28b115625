package dev.freshet.http;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Frame;
import dev.freshet.entry.Key;
import dev.freshet.gateway.Ask;
import dev.freshet.gateway.Gateway;
import dev.freshet.gateway.Place;
import dev.freshet.http.Problem.Kind;
import dev.freshet.store.StoreException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** Many entries at once, with what does not fit in headers. */
final class LookupRoute {
    private static final int BYTES_MAX = 1 << 20;
    private static final int ENTRIES_MAX = 64;
    private static final Set<String> MEMBERS = Set.of("entries", "lease", "early", "wait", "waitStale");
    private static final Set<String> ENTRY_MEMBERS = Set.of("digest", "key", "softTags", "etag");

    private final Gateway gateway;
    private final Bodies bodies;
    private final Codec codec;

    LookupRoute(Gateway gateway, Bodies bodies, Codec codec) {
        this.gateway = gateway;
        this.bodies = bodies;
        this.codec = codec;
    }

    /** One entry that is asked for. */
    private record Wanted(Key key, Ask ask, Optional<String> etag) {}

    /** What was found, as it is told, once its body is decoded. */
    private record Looked(Frame frame, Optional<Found> found) {
        static Looked of(Found found, Wanted wanted, Place known) {
            return new Looked(Meta.frame(found, wanted.etag, known), Optional.of(found));
        }

        static Looked failed(Throwable failure) {
            return new Looked(Meta.frame(Problem.of(failure)), Optional.empty());
        }

        Looked with(Body body) {
            return new Looked(new Frame(frame.meta(), body), found);
        }
    }

    /** POST. */
    Future<Void> post(Asked asked) {
        asked.checkNames();
        asked.checkJson();
        return bodies.read(asked.request(), BYTES_MAX, body -> Future.succeededFuture(wanted(asked, body)))
                .compose(wanted -> Future.all(wanted.stream().map(this::look).toList()))
                .compose(looks -> answer(asked, looks.list()));
    }

    private Future<Looked> look(Wanted wanted) {
        Place known = gateway.place(wanted.key.app());
        long nanos = gateway.nanos();
        Entry hit = gateway.hit(wanted.key, wanted.ask, nanos);
        return hit != null
                ? Future.succeededFuture(Looked.of(Found.near(hit, gateway.ageMs(hit, nanos)), wanted, known))
                : read(wanted, nanos, known);
    }

    private Future<Looked> read(Wanted wanted, long nanos, Place known) {
        return gateway.get(wanted.key, wanted.ask, nanos)
                .map(lookup -> Looked.of(Found.of(wanted.key, lookup), wanted, known))
                .recover(failure -> failure instanceof StoreException
                        ? Future.succeededFuture(Looked.failed(failure))
                        : Future.failedFuture(failure));
    }

    private Future<Void> answer(Asked asked, List<Looked> looks) {
        Noted.found(
                asked.span(),
                () -> looks.stream().flatMap(looked -> looked.found.stream()).toList());
        Future<Void> sending =
                isCoded(looks) ? decoded(looks).compose(plain -> send(asked, plain)) : send(asked, looks);
        looks.forEach(looked -> looked.found.ifPresent(found -> found.delivered(gateway, sending)));
        return sending;
    }

    private static boolean isCoded(List<Looked> looks) {
        for (Looked looked : looks) {
            if (looked.frame.body().isCoded()) {
                return true;
            }
        }
        return false;
    }

    /* Together: each of them may be small, and all of them much for an event loop. */
    private Future<List<Looked>> decoded(List<Looked> looks) {
        return codec.decoded(looks.stream().map(looked -> looked.frame.body()).toList())
                .map(bodies -> IntStream.range(0, looks.size())
                        .mapToObj(i -> decoded(looks.get(i), bodies.get(i)))
                        .toList());
    }

    /* Whoever was to refresh what is damaged is not told so. */
    private Looked decoded(Looked looked, Optional<Body> body) {
        return body.map(looked::with).orElseGet(() -> {
            StoreException damaged = Codec.damaged();
            looked.found.ifPresent(found -> found.delivered(gateway, Future.failedFuture(damaged)));
            return Looked.failed(damaged);
        });
    }

    private Future<Void> send(Asked asked, List<Looked> looks) {
        Frames frames = new Frames();
        looks.forEach(looked -> frames.add(looked.frame));
        return frames.answer(asked, bodies);
    }

    private static List<Wanted> wanted(Asked asked, Buffer body) {
        Members members = new Members(Asked.json(body), Kind.INVALID_REQUEST, MEMBERS);
        List<Members> entries = members.objects("entries", ENTRY_MEMBERS);
        if (entries.isEmpty() || entries.size() > ENTRIES_MAX) {
            throw members.wrong("entries", "has 1 to " + ENTRIES_MAX + " of them, not " + entries.size());
        }
        boolean lease = members.flag("lease");
        asked.checkLease(lease);
        boolean early = lease && members.flag("early");
        long waitMs = Values.waitMs(members.ms("wait", 0));
        boolean waitStale = members.flag("waitStale");
        List<Wanted> wanted = new ArrayList<>(entries.size());
        for (Members entry : entries) {
            Ask ask = new Ask(Values.tags(entry.strings("softTags"), Draft.TAGS_MAX), lease, waitMs, waitStale, early);
            wanted.add(new Wanted(key(asked, entry), ask, entry.text("etag")));
        }
        return wanted;
    }

    private static Key key(Asked asked, Members entry) {
        if (entry.has("digest") == entry.has("key")) {
            throw entry.wrong("digest", "or \"key\" is in each entry, and not both");
        }
        return entry.text("digest")
                .map(asked::key)
                .orElseGet(() -> asked.keyOf(entry.text("key").orElseThrow()));
    }
}
