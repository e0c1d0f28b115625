package dev.freshet.chaos;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** A kept connection of one client to one replica: HTTP/1.1, one request at a time. It is made when it is needed. */
final class Connection implements AutoCloseable {
    /** Longer than a replica is ever paused, and than any answer may then take. */
    private static final int SILENCE_MS_MAX = 15_000;

    private static final int CONNECT_MS_MAX = 15_000;

    private final int port;
    private final History history;
    private Socket socket = new Socket();
    private InputStream in = InputStream.nullInputStream();

    /** What a replica answered, and when by the run's clock. A status as in {@link Operation}. */
    record Answer(long startNanos, long endNanos, int status, Map<String, String> headers, String body) {
        /** A header, or nothing. */
        String header(String name) {
            return headers.getOrDefault(name, "");
        }
    }

    Connection(int port, History history) {
        this.port = port;
        this.history = history;
    }

    /**
     * Asks, and waits for the answer.
     *
     * @param headers lines with their ends
     */
    Answer ask(String method, String path, String headers, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        String head = method + " " + path + " HTTP/1.1\r\nHost: freshet\r\nContent-Length: " + bytes.length + "\r\n"
                + headers + "\r\n";
        long start = history.now();
        try {
            if (!socket.isConnected() || socket.isClosed()) {
                connect();
            }
            byte[] headBytes = head.getBytes(StandardCharsets.UTF_8);
            byte[] request = Arrays.copyOf(headBytes, headBytes.length + bytes.length);
            System.arraycopy(bytes, 0, request, headBytes.length, bytes.length);
            socket.getOutputStream().write(request);
            return answer(start);
        } catch (SocketTimeoutException e) {
            close();
            return new Answer(start, history.now(), -1, Map.of(), "");
        } catch (IOException e) {
            close();
            return new Answer(start, history.now(), 0, Map.of(), "");
        }
    }

    private void connect() throws IOException {
        socket = new Socket();
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(SILENCE_MS_MAX);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_MS_MAX);
        in = new BufferedInputStream(socket.getInputStream());
    }

    private Answer answer(long start) throws IOException {
        String status = line();
        Map<String, String> headers = new HashMap<>();
        for (String header = line(); !header.isEmpty(); header = line()) {
            int colon = header.indexOf(':');
            headers.put(
                    header.substring(0, colon).toLowerCase(Locale.ROOT),
                    header.substring(colon + 1).strip());
        }
        int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
        byte[] body = in.readNBytes(length);
        if (body.length < length) {
            throw new EOFException();
        }
        return new Answer(
                start,
                history.now(),
                Integer.parseInt(status, 9, 12, 10),
                headers,
                new String(body, StandardCharsets.UTF_8));
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder(64);
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException();
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // It has ended, which is what is wanted.
        }
    }
}
