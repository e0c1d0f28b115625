package dev.freshet.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/** A TCP proxy on the loopback interface, between a replica and Redis, whose faults are switched while it runs. */
final class FaultProxy implements AutoCloseable {
    /*
     * Of a connection that lives no byte is lost and none overtakes another, for TCP allows neither:
     * what is held comes late and in order once it is let go, or the connection is reset.
     *
     * Each connection has two streams, each with a thread of its own that reads some bytes, waits for
     * as long as the rule says, and passes them on. So a delay is at least what the rule says, and at
     * most twice that. The bus is the connection whose client has sent SUBSCRIBE.
     */

    private static final int CHUNK_BYTES = 16 << 10;
    private static final int SNIFFED_BYTES_MAX = 4_096;
    private static final int BACKLOG = 128;

    /** Which connections a fault is for. */
    enum Which {
        ALL,
        BUS,
        COMMANDS
    }

    /** Which of a connection's streams a fault is for. */
    enum Way {
        TO_SERVER,
        TO_CLIENT,
        BOTH
    }

    /** What happens to the bytes of some streams, or to the connections themselves. */
    record Rule(Which which, Way way, What what, Duration delay, Duration jitter, int bytesPerSecond) {
        private enum What {
            FLOW,
            HELD,
            SEVERED
        }

        /** Everything flows. */
        static final Rule PASS = new Rule(Which.ALL, Way.BOTH, What.FLOW, Duration.ZERO, Duration.ZERO, 0);

        /** Half-open: connections are accepted and stay, and nothing arrives. */
        static Rule held(Which which, Way way) {
            return new Rule(which, way, What.HELD, Duration.ZERO, Duration.ZERO, 0);
        }

        /** Connections are reset, and each new one as soon as it shows to be one of them. */
        static Rule severed(Which which) {
            return new Rule(which, Way.BOTH, What.SEVERED, Duration.ZERO, Duration.ZERO, 0);
        }

        /** Bytes come late, by {@code delay} and at random up to {@code jitter} more. */
        static Rule late(Which which, Duration delay, Duration jitter) {
            return new Rule(which, Way.BOTH, What.FLOW, delay, jitter, 0);
        }

        /** Bytes come slowly. */
        static Rule narrow(Which which, int bytesPerSecond) {
            return new Rule(which, Way.BOTH, What.FLOW, Duration.ZERO, Duration.ZERO, bytesPerSecond);
        }

        private boolean isFor(Connection connection) {
            return which == Which.ALL || (which == Which.BUS) == connection.bus;
        }

        private boolean isFor(Connection connection, Way stream) {
            return isFor(connection) && (way == Way.BOTH || way == stream);
        }

        private long waitMs(int bytes) {
            long jitterMs = jitter.isZero() ? 0 : ThreadLocalRandom.current().nextLong(jitter.toMillis() + 1);
            long narrowMs = bytesPerSecond == 0 ? 0 : 1_000L * bytes / bytesPerSecond;
            return delay.toMillis() + jitterMs + narrowMs;
        }
    }

    private final int serverPort;
    private final InetSocketAddress address;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final Object changed = new Object();

    /** Written under {@code changed}, read by every stream. */
    private volatile Rule rule = Rule.PASS;

    private volatile ServerSocket listening;
    private volatile Thread accepting;

    /** One that passes everything on to a server on the loopback interface, which need not be there yet. */
    FaultProxy(int serverPort) {
        this.serverPort = serverPort;
        listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        this.address = (InetSocketAddress) listening.getLocalSocketAddress();
    }

    /** Where clients connect. The same for as long as the object lives. */
    int port() {
        return address.getPort();
    }

    /** Has a rule instead of the one before it; what was held and is not any more comes now. */
    void rule(Rule next) {
        synchronized (changed) {
            rule = next;
            changed.notifyAll();
        }
        connections.forEach(this::severIfToBe);
    }

    /** Resets connections on both sides. How many. */
    int cut(Which which) {
        Rule wanted = Rule.severed(which);
        return (int) connections.stream()
                .filter(wanted::isFor)
                .peek(Connection::reset)
                .count();
    }

    /** Has new connections refused, as if nobody listened. */
    void refuse() {
        try {
            listening.close();
            accepting.join(); // Until then the system goes on to listen.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Takes new connections again. */
    void accept() {
        if (listening.isClosed()) {
            listen(address);
        }
    }

    /** How many connections there are. */
    int connections(Which which) {
        return (int) connections.stream().filter(Rule.severed(which)::isFor).count();
    }

    @Override
    public void close() {
        refuse();
        cut(Which.ALL);
        rule(Rule.PASS);
    }

    private void listen(InetSocketAddress where) {
        try {
            ServerSocket socket = new ServerSocket();
            socket.setReuseAddress(true);
            socket.bind(where, BACKLOG);
            listening = socket;
            accepting =
                    Thread.ofVirtual().name("proxy-" + socket.getLocalPort()).start(() -> acceptAll(socket));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void acceptAll(ServerSocket socket) {
        while (!socket.isClosed()) {
            try {
                Socket client = socket.accept();
                Thread.ofVirtual().start(() -> connect(client));
            } catch (IOException e) {
                // Closed, which the condition sees.
            }
        }
    }

    private void connect(Socket client) {
        Connection connection = new Connection(client, new Socket());
        connections.add(connection);
        try {
            client.setTcpNoDelay(true);
            connection.server.setTcpNoDelay(true);
            connection.server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), serverPort));
            severIfToBe(connection);
            Thread.ofVirtual().start(() -> pump(connection, Way.TO_CLIENT));
            pump(connection, Way.TO_SERVER);
        } catch (IOException e) {
            connection.reset();
        }
    }

    private void severIfToBe(Connection connection) {
        Rule now = rule;
        if (now.what == Rule.What.SEVERED && now.isFor(connection)) {
            connection.reset();
        }
    }

    private void pump(Connection connection, Way way) {
        Socket from = way == Way.TO_SERVER ? connection.client : connection.server;
        Socket to = way == Way.TO_SERVER ? connection.server : connection.client;
        byte[] bytes = new byte[CHUNK_BYTES];
        try {
            InputStream in = from.getInputStream();
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                if (way == Way.TO_SERVER) {
                    connection.sniff(bytes, count);
                    severIfToBe(connection);
                }
                pass(connection, way, count);
                to.getOutputStream().write(bytes, 0, count);
            }
            connection.end();
        } catch (IOException e) {
            connection.reset();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            connection.reset();
        }
    }

    /** Returns when bytes may go on. */
    private void pass(Connection connection, Way way, int count) throws InterruptedException {
        Rule before = rule;
        if (before.isFor(connection, way)) {
            Thread.sleep(before.waitMs(count));
        }
        synchronized (changed) {
            while (rule.what == Rule.What.HELD && rule.isFor(connection, way) && !connection.client.isClosed()) {
                changed.wait();
            }
        }
    }

    /** A client's connection and the one to the server that belongs to it. */
    private final class Connection {
        final Socket client;
        final Socket server;

        /** Written by the stream to the server, read by all. */
        volatile boolean bus;

        private int sniffedBytes;

        Connection(Socket client, Socket server) {
            this.client = client;
            this.server = server;
        }

        void sniff(byte[] bytes, int count) {
            if (sniffedBytes < SNIFFED_BYTES_MAX) {
                sniffedBytes += count;
                String text = new String(bytes, 0, count, StandardCharsets.ISO_8859_1).toUpperCase(Locale.ROOT);
                bus = bus || text.contains("SUBSCRIBE\r\n");
            }
        }

        /** Ends it with RST on both sides. */
        void reset() {
            try {
                client.setSoLinger(true, 0);
                server.setSoLinger(true, 0);
            } catch (IOException e) {
                // It has ended, which is what is wanted.
            }
            end();
        }

        void end() {
            connections.remove(this);
            try {
                client.close();
                server.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            synchronized (changed) {
                changed.notifyAll();
            }
        }
    }
}
