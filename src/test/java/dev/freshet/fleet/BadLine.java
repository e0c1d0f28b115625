package dev.freshet.fleet;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The line between a Next.js process and its gateway, on the loopback interface, which can be made bad. */
final class BadLine implements AutoCloseable {

    private static final int BACKLOG = 512;
    private static final int CHUNK_BYTES = 16 << 10;

    /** So much of an answer arrives before it is cut: its head, and of a frame no more than the beginning. */
    private static final int CUT_BYTES = 120;

    private static final byte[] GARBAGE = "nonsense\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /** What the line does. */
    enum Mode {
        /** Everything passes. */
        GOOD,
        /** Nobody listens. */
        REFUSES,
        /** Each connection is answered by what is not HTTP. */
        GARBAGE,
        /** Each answer ends in its middle. */
        CUTS
    }

    private final URI gateway;
    private final InetSocketAddress address;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile Mode mode = Mode.GOOD;
    private volatile ServerSocket listening;

    BadLine(String gatewayUrl) {
        gateway = URI.create(gatewayUrl);
        listening = listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        address = (InetSocketAddress) listening.getLocalSocketAddress();
    }

    String url() {
        return "http://127.0.0.1:" + address.getPort();
    }

    /** Ends all connections; those that come next find this. */
    void become(Mode next) {
        mode = next;
        sockets.forEach(BadLine::end);
        if (next == Mode.REFUSES) {
            end(listening);
        } else if (listening.isClosed()) {
            listening = listen(address);
        }
    }

    private ServerSocket listen(InetSocketAddress where) {
        try {
            ServerSocket socket = new ServerSocket();
            socket.setReuseAddress(true);
            socket.bind(where, BACKLOG);
            Thread.ofVirtual().start(() -> acceptAll(socket));
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void acceptAll(ServerSocket socket) {
        while (!socket.isClosed()) {
            try {
                Socket client = socket.accept();
                Thread.ofVirtual().start(() -> serve(client));
            } catch (IOException e) {
                // Closed, which the condition sees.
            }
        }
    }

    private void serve(Socket client) {
        Socket server = new Socket();
        sockets.add(client);
        sockets.add(server);
        try {
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            if (mode == Mode.GARBAGE) {
                client.getOutputStream().write(GARBAGE);
                return;
            }
            server.connect(new InetSocketAddress(gateway.getHost(), gateway.getPort()));
            Thread.ofVirtual().start(() -> pump(server, client, mode == Mode.CUTS ? CUT_BYTES : Integer.MAX_VALUE));
            pump(client, server, Integer.MAX_VALUE);
        } catch (IOException e) {
            // Either end has gone, and the other goes with it.
        } finally {
            over(client, server);
        }
    }

    private void pump(Socket from, Socket to, int bytesMax) {
        byte[] bytes = new byte[CHUNK_BYTES];
        try {
            InputStream in = from.getInputStream();
            int left = bytesMax;
            while (left > 0) {
                int count = in.read(bytes, 0, Math.min(bytes.length, left));
                if (count < 0) {
                    return;
                }
                to.getOutputStream().write(bytes, 0, count);
                left -= count;
            }
        } catch (IOException e) {
            // Either end has gone, and the other goes with it.
        } finally {
            over(from, to);
        }
    }

    private void over(Socket one, Socket other) {
        sockets.remove(one);
        sockets.remove(other);
        end(one);
        end(other);
    }

    private static void end(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        become(Mode.REFUSES);
    }
}
