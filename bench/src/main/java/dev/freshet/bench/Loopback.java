package dev.freshet.bench;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** One HTTP/1.1 connection to a replica on this machine, of one thread: blocking, so that little comes between the clock and the wire. */
final class Loopback implements AutoCloseable {
    private final Socket socket;
    private final InputStream in;

    /** An answer without its body. */
    record Answer(int status, String head) {
        boolean isNear() {
            return status == 200 && head.contains("detail=near");
        }
    }

    Loopback(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(30_000);
        in = new BufferedInputStream(socket.getInputStream());
    }

    /** The bytes of a request. {@code fields} are whole lines. */
    static byte[] request(String method, String path, String body, String... fields) {
        String lines = fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n";
        String length = method.equals("GET") ? "" : "Content-Length: " + body.length() + "\r\n";
        return (method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + lines + length + "\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
    }

    void send(byte[] request) throws IOException {
        socket.getOutputStream().write(request);
    }

    Answer ask(byte[] request) throws IOException {
        send(request);
        return answer();
    }

    /** Asks what must be answered with a status. */
    void ask(byte[] request, int status) throws IOException {
        Answer answer = ask(request);
        if (answer.status != status) {
            throw new IOException("not " + status + ": " + answer.head);
        }
    }

    /** The next answer. */
    Answer answer() throws IOException {
        StringBuilder head = new StringBuilder(512);
        while (head.length() < 4 || head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
            int octet = in.read();
            if (octet < 0) {
                throw new IOException("the replica closed the connection");
            }
            head.append((char) octet);
        }
        String text = head.toString();
        int status = Integer.parseInt(text.substring(9, 12));
        int length = text.toLowerCase(java.util.Locale.ROOT).indexOf("content-length:");
        if (length >= 0 && status != 304) {
            in.skipNBytes(Long.parseLong(
                    text.substring(length + 15, text.indexOf('\r', length)).strip()));
        }
        return new Answer(status, text);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
