package dev.freshet.http;

import dev.freshet.entry.Coding;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the HTTP API listens and what it accepts.
 *
 * @param port 0 lets the system choose
 * @param bodyBytesMax the largest entry; a larger one is answered 413: 1 KiB to 64 MiB
 * @param bodiesBytesMax bodies that are under way, in or out, together: 1 MiB to 1 TiB, and two of the largest at least
 * @param coding how large bodies that are written here are kept, if that makes them smaller
 * @param eventStreamsMax that are open at a time, of all event loops: 1 to 100,000
 * @param socket a Unix socket to listen on as well
 * @param socketMode who may connect to it: the permissions of its file, in octal
 */
public record HttpConfig(
        String host,
        int port,
        int bodyBytesMax,
        long bodiesBytesMax,
        Coding coding,
        int eventStreamsMax,
        Optional<Path> socket,
        String socketMode) {
    /** What an unconfigured gateway uses. */
    public static final HttpConfig DEFAULT = new HttpConfig("127.0.0.1", 8484, 8 << 20);

    private static final long BODIES_BYTES_MAX = 64 << 20;
    private static final int EVENT_STREAMS_MAX = 1_024;
    private static final String SOCKET_MODE = "660";

    /** Checks the ranges. */
    public HttpConfig {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("listen has a port from 0 to 65535, was " + port);
        }
        if (bodyBytesMax < 1 << 10 || bodyBytesMax > 64 << 20) {
            throw new IllegalArgumentException("limits.body-bytes is 1KiB to 64MiB, was " + bodyBytesMax);
        }
        if (bodiesBytesMax < Math.max(1 << 20, 2L * bodyBytesMax) || bodiesBytesMax > 1L << 40) {
            throw new IllegalArgumentException(
                    "limits.bodies-bytes is 1MiB to 1TiB, and twice limits.body-bytes at least, was " + bodiesBytesMax);
        }
        if (eventStreamsMax < 1 || eventStreamsMax > 100_000) {
            throw new IllegalArgumentException("limits.event-streams is 1 to 100000, was " + eventStreamsMax);
        }
    }

    /** One with the usual limits, without a socket. */
    public HttpConfig(String host, int port, int bodyBytesMax) {
        this(host, port, bodyBytesMax, BODIES_BYTES_MAX, Coding.NONE, EVENT_STREAMS_MAX, Optional.empty(), SOCKET_MODE);
    }
}
