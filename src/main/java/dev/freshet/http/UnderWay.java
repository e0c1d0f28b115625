package dev.freshet.http;

import dev.freshet.edge.EdgeMeters;
import dev.freshet.edge.EdgeMeters.Refusal;
import dev.freshet.http.Problem.Kind;
import io.vertx.core.buffer.Buffer;
import java.util.IdentityHashMap;

/** What memory bodies take that are under way, in or out, on all event loops. Any thread may call. */
public final class UnderWay {
    private final long bytesMax;
    private final EdgeMeters meters;
    /** How often each large body is leaving. It is in memory once. */
    private final IdentityHashMap<Buffer, Integer> leaving = new IdentityHashMap<>();

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

    /**
     * Takes some more.
     *
     * @throws Problem if that would be too much
     */
    synchronized void take(long more) {
        if (bytes + more > bytesMax) {
            meters.refused(Refusal.BODIES);
            throw new Problem(Kind.OVERLOADED, "bodies of limits.bodies-bytes are under way already");
        }
        bytes += more;
    }

    /** Gives back what was taken. */
    synchronized void giveBack(long taken) {
        bytes -= taken;
    }

    /**
     * Takes a body that leaves, unless it is leaving already, to another client.
     *
     * @throws Problem if that would be too much
     */
    synchronized void take(Buffer body) {
        if (!leaving.containsKey(body)) {
            take(body.length());
        }
        leaving.merge(body, 1, Integer::sum);
    }

    /** It has left. */
    synchronized void giveBack(Buffer body) {
        if (leaving.merge(body, -1, Integer::sum) == 0) {
            leaving.remove(body);
            giveBack(body.length());
        }
    }
}
