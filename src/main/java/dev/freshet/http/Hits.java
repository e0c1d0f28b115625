package dev.freshet.http;

import dev.freshet.edge.Access;
import dev.freshet.edge.EdgeMeters;
import dev.freshet.edge.Scope;
import dev.freshet.edge.Shortcut;
import dev.freshet.edge.Token;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Frame;
import dev.freshet.entry.Key;
import dev.freshet.gateway.Ask;
import dev.freshet.gateway.Gateway;
import dev.freshet.gateway.Lookup;
import dev.freshet.gateway.Lookup.Source;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.internal.ContextInternal;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The answers to who asks for an entry alone, and gets it fresh: those of {@link EntryRoutes}, field for field, made of what
 * is there already. Of one event loop.
 */
final class Hits implements Shortcut {
    /*
     * What a near copy does not tell is read as any other read is. If that brings anything but a fresh
     * entry, the request is made after all, and finds there (Ahead) what was read for it. Nobody waits for
     * another's value here, so no answer is to say so.
     *
     * Whatever is refused, for whichever reason, is made and refused there.
     */

    /** A longer body is not copied, and a client that does not read it keeps no copy of its own here. */
    private static final int BODY_BYTES_MAX = 16_384;

    private final Gateway gateway;
    private final Routes routes;
    private final Ahead ahead;
    private final EntryHead.Table heads;
    private final Access access;
    private final EdgeMeters meters;
    private final BooleanSupplier draining;
    private final ContextInternal context;
    private final Promise<Void> ended = Promise.promise();
    private int awaited;
    private boolean ending;

    /**
     * Those of one verticle, made in its context.
     *
     * @param draining whether each answer is to say that its connection ends, as these do not
     */
    Hits(
            Gateway gateway,
            Routes routes,
            EntryHead.Table heads,
            Access access,
            EdgeMeters meters,
            BooleanSupplier draining) {
        this.gateway = gateway;
        this.routes = routes;
        this.ahead = routes.ahead();
        this.heads = heads;
        this.access = access;
        this.meters = meters;
        this.draining = draining;
        this.context = ContextInternal.current();
    }

    @Override
    public @Nullable Asker asker(Iterable<Map.Entry<String, String>> fields) {
        String authorization = null;
        for (Map.Entry<String, String> field : fields) {
            String name = field.getKey().toLowerCase(Locale.ROOT);
            if (!isIdle(name, field.getValue())) {
                return null;
            }
            if (authorization == null && name.equals("authorization")) {
                authorization = field.getValue();
            }
        }
        return new Bearer(authorization);
    }

    /*
     * Whether a field changes nothing in such an answer; with any that is not named here the request is read. How a
     * body is coded on its way matters only where it is kept so, and that is not answered here.
     */
    static boolean isIdle(String name, String value) {
        return switch (name) {
            case "host",
                    "user-agent",
                    "authorization",
                    "accept-encoding",
                    "accept-language",
                    "cache-control",
                    "pragma" -> true;
            case "accept" -> !value.toLowerCase(Locale.ROOT).contains(Frame.MEDIA_TYPE);
            case "connection" -> value.equalsIgnoreCase("keep-alive");
            default -> false;
        };
    }

    /** Who names a token, or none. */
    private final class Bearer implements Asker {
        private final @Nullable String authorization;
        private @Nullable Token token;

        Bearer(@Nullable String authorization) {
            this.authorization = authorization;
        }

        @Override
        public boolean answers(String path, Answer answer) {
            try {
                Target target = draining.getAsBoolean() ? null : routes.target(path, HttpVerticle.ENTRY);
                if (target == null) {
                    return false;
                }
                admitted().check(Scope.ENTRIES_READ, target.key().app());
                return read(target.key(), answer);
            } catch (RuntimeException refused) {
                return false;
            }
        }

        private Token admitted() {
            if (token == null || !access.knows(token)) {
                token = access.admit(authorization);
            }
            return token;
        }
    }

    private boolean read(Key key, Answer answer) {
        long nanos = gateway.nanos();
        ContextInternal before = context.beginDispatch();
        try {
            Entry hit = gateway.hit(key, Ask.PLAIN, nanos, Hits::isShort);
            if (hit != null) {
                tell(hit, gateway.ageMs(hit, nanos), Source.NEAR, nanos, answer);
                return true;
            }
            return answer.mayWait()
                    && routes.mayWait()
                    && awaits(key, gateway.get(key, Ask.PLAIN, nanos), nanos, answer);
        } finally {
            context.endDispatch(before);
        }
    }

    private boolean awaits(Key key, Future<Lookup> read, long nanos, Answer answer) {
        routes.enter();
        awaited++;
        read.onComplete(done -> {
            routes.leave();
            awaited--;
            told(key, read, nanos, answer);
            endIfOver();
        });
        return true;
    }

    private void told(Key key, Future<Lookup> read, long nanos, Answer answer) {
        if (read.succeeded() && read.result() instanceof Lookup.Fresh fresh && isShort(fresh.entry())) {
            tell(fresh.entry(), fresh.ageMs(), fresh.source(), nanos, answer);
        } else {
            ahead.during(key, read, nanos, answer::none);
        }
    }

    private void tell(Entry entry, long ageMs, Source source, long nanos, Answer answer) {
        meters.repeated(gateway.nanos() - nanos);
        answer.whole(heads.of(entry).whole(entry, ageMs, source));
    }

    /** Succeeds when no answer is awaited. To be asked when it drains, so that none will be. */
    Future<Void> ended() {
        ending = true;
        endIfOver();
        return ended.future();
    }

    private void endIfOver() {
        if (ending && awaited == 0) {
            ended.tryComplete();
        }
    }

    private static boolean isShort(Entry entry) {
        return !entry.body().isCoded() && entry.body().length() <= BODY_BYTES_MAX;
    }
}
