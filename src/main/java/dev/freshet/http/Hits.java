package dev.freshet.http;

import dev.freshet.edge.Access;
import dev.freshet.edge.Denied;
import dev.freshet.edge.EdgeMeters;
import dev.freshet.edge.Scope;
import dev.freshet.edge.Shortcut;
import dev.freshet.edge.Token;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Frame;
import dev.freshet.entry.Key;
import dev.freshet.gateway.Ask;
import dev.freshet.gateway.Gateway;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.vertx.core.internal.ContextInternal;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The answers to who asks for an entry alone, and gets it from a near copy: those of {@link EntryRoutes}, byte for byte, made of bytes that
 * are there already. Of one event loop.
 */
final class NearHits implements Shortcut {
    /** A longer body is not copied, and a client that does not read it keeps no copy of its own here. */
    private static final int BODY_BYTES_MAX = 16_384;

    private final Gateway gateway;
    private final Routes routes;
    private final EntryHead.Table heads;
    private final Access access;
    private final EdgeMeters meters;
    private final BooleanSupplier draining;
    private final ContextInternal context;

    /**
     * Those of one verticle, made in its context.
     *
     * @param draining whether each answer is to say that its connection ends, as these do not
     */
    NearHits(
            Gateway gateway,
            Routes routes,
            EntryHead.Table heads,
            Access access,
            EdgeMeters meters,
            BooleanSupplier draining) {
        this.gateway = gateway;
        this.routes = routes;
        this.heads = heads;
        this.access = access;
        this.meters = meters;
        this.draining = draining;
        this.context = ContextInternal.current();
    }

    @Override
    public @Nullable Asker asker(HttpHeaders fields) {
        for (Map.Entry<String, String> field : fields) {
            if (!isIdle(field.getKey().toLowerCase(Locale.ROOT), field.getValue())) {
                return null;
            }
        }
        return new Bearer(fields.get(HttpHeaderNames.AUTHORIZATION));
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
        public @Nullable ByteBuf answer(String path, ByteBufAllocator allocator) {
            try {
                Target target = draining.getAsBoolean() ? null : routes.target(path, HttpVerticle.ENTRY);
                if (target == null) {
                    return null;
                }
                admitted().check(Scope.ENTRIES_READ, target.key().app());
                return near(target.key(), allocator);
            } catch (Problem | Denied refused) {
                return null;
            }
        }

        private Token admitted() {
            if (token == null || !access.knows(token)) {
                token = access.admit(authorization);
            }
            return token;
        }
    }

    private @Nullable ByteBuf near(Key key, ByteBufAllocator allocator) {
        long nanos = gateway.nanos();
        ContextInternal before = context.beginDispatch();
        try {
            Entry hit = gateway.hit(key, Ask.PLAIN, nanos, NearHits::isShort);
            if (hit == null) {
                return null;
            }
            byte[] head = heads.of(hit).near(hit, gateway.ageMs(hit, nanos));
            ByteBuf answer = allocator.ioBuffer(head.length + hit.body().length());
            hit.body().appendTo(answer.writeBytes(head));
            meters.repeated(gateway.nanos() - nanos);
            return answer;
        } finally {
            context.endDispatch(before);
        }
    }

    private static boolean isShort(Entry entry) {
        return !entry.body().isCoded() && entry.body().length() <= BODY_BYTES_MAX;
    }
}
