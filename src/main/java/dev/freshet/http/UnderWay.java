package dev.freshet.http;

import dev.freshet.edge.EdgeMeters;
import dev.freshet.edge.EdgeMeters.Refusal;
import dev.freshet.http.Problem.Kind;
import dev.freshet.store.Room;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import java.util.IdentityHashMap;

/** What memory bodies take that are under way, in or out, from clients and from the store, on all event loops. Any thread may call. */
public final class UnderWay implements Room {
    private final long bytesMax;
    private final EdgeMeters meters;
    /** How often each large body is leaving. It is in memory once. */
    private final IdentityHashMap<Object, Integer> leaving = new IdentityHashMap<>();

    private long bytes;

    /**
     * None.
     *
     * @param bytesMax together
     */
    public UnderWay(long bytesMax, EdgeMeters meters) {
        this.bytesMax = bytesMax;
        this.meters = meters;
    }

    /** Shows in {@code registry} how much there is. */
    public void show(MeterRegistry registry) {
        Gauge.builder("freshet.bodies.bytes", this, UnderWay::bytes)
                .description(
                        "Bytes of bodies that are under way, as limits.bodies-bytes counts them. Stays near it: clients"
                                + " read large entries slowly, or Redis takes long; raise limits.bodies-bytes")
                .strongReference(true)
                .register(registry);
    }

    private synchronized long bytes() {
        return bytes;
    }

    /**
     * Takes some more.
     *
     * @throws Problem if that would be too much
     */
    @Override
    public synchronized void take(long more) {
        if (bytes + more > bytesMax) {
            meters.refused(Refusal.BODIES);
            throw new Problem(Kind.OVERLOADED, "bodies of limits.bodies-bytes are under way already");
        }
        bytes += more;
    }

    @Override
    public synchronized void giveBack(long taken) {
        bytes -= taken;
    }

    /**
     * Takes a body that leaves, unless it is leaving already, to another client.
     *
     * @throws Problem if that would be too much
     */
    synchronized void take(Buffer body) {
        Object bytes = identity(body);
        if (!leaving.containsKey(bytes)) {
            take(body.length());
        }
        leaving.merge(bytes, 1, Integer::sum);
    }

    /** It has left. */
    synchronized void giveBack(Buffer body) {
        Object bytes = identity(body);
        if (leaving.merge(bytes, -1, Integer::sum) == 0) {
            leaving.remove(bytes);
            giveBack(body.length());
        }
    }

    /* Each answer has a buffer of its own around them. */
    private static Object identity(Buffer body) {
        ByteBuf bytes = ((BufferInternal) body).getByteBuf();
        return bytes.hasArray() ? bytes.array() : body;
    }
}
