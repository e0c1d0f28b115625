package dev.freshet.http;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the HTTP API listens and what it accepts.
 *
 * @param port 0 lets the system choose
 * @param bodyBytesMax the largest entry; a larger one is answered 413: 1 KiB to 64 MiB
 * @param socket a Unix socket to listen on as well
 * @param socketMode who may connect to it: the permissions of its file, in octal
 */
public record HttpConfig(String host, int port, int bodyBytesMax, Optional<Path> socket, String socketMode) {
    /** What an unconfigured gateway uses. */
    public static final HttpConfig DEFAULT = new HttpConfig("127.0.0.1", 8484, 8 << 20);

    private static final String SOCKET_MODE = "660";

    /** Checks the ranges. */
    public HttpConfig {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("listen has a port from 0 to 65535, was " + port);
        }
        if (bodyBytesMax < 1 << 10 || bodyBytesMax > 64 << 20) {
            throw new IllegalArgumentException("limits.body-bytes is 1KiB to 64MiB, was " + bodyBytesMax);
        }
    }

    /** One without a socket. */
    public HttpConfig(String host, int port, int bodyBytesMax) {
        this(host, port, bodyBytesMax, Optional.empty(), SOCKET_MODE);
    }
}
