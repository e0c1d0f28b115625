package dev.freshet.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.entry.Key;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What is not HTTP as it should be, byte by byte. Each case is refused, its connection ends, and nothing that it hides within is
 * done: where two readers of one message could disagree on where it ends, one of them is a proxy in front.
 */
class MalformedTest extends OnApi {
    private static final String CLOCK = "/v1/apps/shop/clock";
    private static final String GET = "GET " + CLOCK + " HTTP/1.1\r\n";
    private static final String PUT = "PUT /v1/apps/shop/deployments/v1/entries/outer HTTP/1.1\r\nHost: h\r\n";
    private static final String SMUGGLED =
            "PUT /v1/apps/shop/deployments/v1/entries/smuggled HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx";
    private static final int ANSWER_MS_MAX = 1_500;
    private static final AtomicInteger TURN = new AtomicInteger();

    private static final Map<String, String> CASES = new LinkedHashMap<>();

    static {
        requestLines();
        targets();
        hosts();
        fields();
        lengths();
        encodings();
        chunks();
        sizes();
    }

    private static void requestLines() {
        line("no version", "GET " + CLOCK);
        line("HTTP/0.9", "GET " + CLOCK + " HTTP/0.9");
        line("HTTP/1.2", "GET " + CLOCK + " HTTP/1.2");
        line("HTTP/2.0 in clear text", "GET " + CLOCK + " HTTP/2.0");
        line("a version in small letters", "GET " + CLOCK + " http/1.1");
        line("another protocol", "GET " + CLOCK + " HTTQ/1.1");
        line("a version with more digits", "GET " + CLOCK + " HTTP/1.10");
        line("a version with a sign", "GET " + CLOCK + " HTTP/+1.1");
        line("a version without a minor", "GET " + CLOCK + " HTTP/1");
        line("a word after the version", "GET " + CLOCK + " HTTP/1.1 x");
        line("a space after the version", "GET " + CLOCK + " HTTP/1.1 ");
        line("two spaces after the method", "GET  " + CLOCK + " HTTP/1.1");
        line("two spaces before the version", "GET " + CLOCK + "  HTTP/1.1");
        line("a tab after the method", "GET\t" + CLOCK + " HTTP/1.1");
        line("a tab before the version", "GET " + CLOCK + "\tHTTP/1.1");
        line("a vertical tab for a space", "GET\u000b" + CLOCK + " HTTP/1.1");
        line("a space before the method", " GET " + CLOCK + " HTTP/1.1");
        line("a control character before the method", "\u0001GET " + CLOCK + " HTTP/1.1");
        line("a zero before the method", "\u0000GET " + CLOCK + " HTTP/1.1");
        line("a method with a bracket", "GE(T " + CLOCK + " HTTP/1.1");
        line("a method with a colon", "GET: " + CLOCK + " HTTP/1.1");
        line("a method that is no ASCII", "G\u00c9T " + CLOCK + " HTTP/1.1");
        line("no method", CLOCK + " HTTP/1.1");
        raw("a bare LF after the first line", "GET " + CLOCK + " HTTP/1.1\nHost: h\r\n\r\n");
        raw("a bare CR in the first line", "GET " + CLOCK + "\r HTTP/1.1\r\nHost: h\r\n\r\n");
        raw("a bare CR after the first line", "GET " + CLOCK + " HTTP/1.1\rHost: h\r\n\r\n");
        raw("two CRs after the first line", "GET " + CLOCK + " HTTP/1.1\r\r\nHost: h\r\n\r\n");
        raw("a preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        raw("a hello of TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n");
        raw("a command of Redis", "*1\r\n$8\r\nFLUSHALL\r\n\r\n");
    }

    private static void targets() {
        line("an absolute form", "GET http://h" + CLOCK + " HTTP/1.1");
        line("an absolute form of another host", "GET http://other" + CLOCK + " HTTP/1.1");
        line("an absolute form of another scheme", "GET gopher://h/ HTTP/1.1");
        line("an authority form", "CONNECT h:80 HTTP/1.1");
        line("an authority form of GET", "GET h:80 HTTP/1.1");
        line("an asterisk form", "OPTIONS * HTTP/1.1");
        line("a path without a slash", "GET v1/apps/shop/clock HTTP/1.1");
        line("a fragment", "GET " + CLOCK + "#x HTTP/1.1");
        line("a space in the path", "GET " + CLOCK + " x HTTP/1.1");
        line("a zero in the path", "GET " + CLOCK + "\u0000 HTTP/1.1");
        line("a control character in the path", "GET " + CLOCK + "\u0007 HTTP/1.1");
        line("a delete character in the path", "GET " + CLOCK + "\u007f HTTP/1.1");
        line("a path that is no ASCII", "GET " + CLOCK + "\u00e9 HTTP/1.1");
        line("a backslash in the path", "GET \\v1\\apps HTTP/1.1");
        line("an empty path", "GET  HTTP/1.1");
    }

    private static void hosts() {
        raw("no host", GET + "\r\n");
        raw("two hosts", GET + "Host: h\r\nHost: h\r\n\r\n");
        raw("two hosts that differ", GET + "Host: h\r\nhOST: other\r\n\r\n");
        host("two in a list", "h, other");
        host("with a path", "h/x");
        host("with a user", "user@h");
        host("with a space", "h x");
        host("with a zero", "h\u0000");
        host("with a port that is none", "h:http");
        host("with a port that is too large", "h:99999");
        host("with two ports", "h:80:80");
        host("that is no ASCII", "h\u00e9");
        host("with an open bracket", "[::1");
        host("with a question mark", "h?x");
        host("with a hash", "h#x");
        host("with a percent sign", "h%00");
    }

    private static void fields() {
        field("a space before the colon", "X : y");
        field("a tab before the colon", "X\t: y");
        field("a space in a name", "X y: z");
        field("no name", ": y");
        field("no colon", "Xy");
        field("a zero in a name", "X\u0000y: z");
        field("a zero in a value", "X: y\u0000z");
        field("a control character in a value", "X: y\u0001z");
        field("a vertical tab in a value", "X: y\u000bz");
        field("a form feed in a value", "X: y\u000cz");
        field("a delete character in a value", "X: y\u007fz");
        field("a bracket in a name", "X(y): z");
        field("a name that is no ASCII", "X\u00e9: z");
        field("a bare LF after a field", "X: y\nZ: z");
        field("a bare LF that ends the head", "X: y\n\n" + SMUGGLED + "\r\nX: y");
        field("a bare CR in a value", "X: y\rZ: z");
        field("a bare CR that ends a value", "X: y\r\r\nZ: z");
        field("a folded value", "X: y\r\n z");
        field("a folded value by a tab", "X: y\r\n\tz");
        field("a folded length", "Content-Length:\r\n 5");
        raw("a folded first field", "GET " + CLOCK + " HTTP/1.1\r\n X: y\r\nHost: h\r\n\r\n");
        raw("a folded first line", "GET " + CLOCK + "\r\n HTTP/1.1\r\nHost: h\r\n\r\n");
    }

    private static void lengths() {
        length("twice", "1\r\nContent-Length: 1");
        length("twice, and they differ", "1\r\nContent-Length: 90");
        length("in a list", "1, 1");
        length("in a list, and they differ", "1, 90");
        length("with a plus", "+1");
        length("with a minus", "-1");
        length("in hex", "0x1");
        length("with a unit", "1B");
        length("with a space within", "1 1");
        length("with a point", "1.0");
        length("with an underscore", "1_0");
        length("that is empty", "");
        length("too large for a number", "18446744073709551617");
        length("in digits that are no ASCII", "\u00b9");
        length("after a vertical tab", "\u000b1");
        raw(
                "a length of HTTP/1.0 twice",
                PUT.replace("1.1", "1.0") + "Content-Length: 1\r\nContent-Length: 90\r\n\r\nx");
        raw("a length of HTTP/1.0 in a list", PUT.replace("1.1", "1.0") + "Content-Length: 1,90\r\n\r\nx");
    }

    private static void encodings() {
        raw("chunked and a length", PUT + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n");
        raw("a length and chunked", PUT + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        encoding("twice", "chunked\r\nTransfer-Encoding: chunked");
        encoding("twice in a list", "chunked, chunked");
        encoding("and another after it", "chunked, identity");
        encoding("and another before it", "gzip, chunked");
        encoding("and another in a field of its own", "chunked\r\nTransfer-Encoding: identity");
        encoding("of another name", "xchunked");
        encoding("and another of nearly its name", "chunked, xchunked");
        encoding("identity", "identity");
        encoding("in quotes", "\"chunked\"");
        encoding("with a parameter", "chunked;q=1");
        encoding("after a comma", ", chunked");
        encoding("before a comma", "chunked,");
        encoding("after a vertical tab", "\u000bchunked");
        encoding("that is empty", "");
        raw("a field of nearly its name", PUT + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n");
        raw("chunked in HTTP/1.0", PUT.replace("1.1", "1.0") + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        raw(
                "chunked and a folded length",
                PUT + "Transfer-Encoding: chunked\r\nX: y\r\n Content-Length: 5\r\n\r\n0\r\n\r\n");
    }

    private static void chunks() {
        chunk("a size with a sign", "+1\r\nx\r\n0\r\n\r\n");
        chunk("a negative size", "-1\r\nx\r\n0\r\n\r\n");
        chunk("a size that says it is hex", "0x1\r\nx\r\n0\r\n\r\n");
        chunk("a size that is none", "g\r\nx\r\n0\r\n\r\n");
        chunk("an empty size", "\r\nx\r\n0\r\n\r\n");
        chunk("a space before the size", " 1\r\nx\r\n0\r\n\r\n");
        chunk("a size in two words", "1 1\r\nx\r\n0\r\n\r\n");
        chunk("a size too large for a number", "fffffffffffffffff\r\nx\r\n0\r\n\r\n");
        chunk("a size that becomes negative", "80000000\r\nx\r\n0\r\n\r\n");
        chunk("a bare LF after the size", "1\nx\r\n0\r\n\r\n");
        chunk("a bare CR after the size", "1\rx\r\n0\r\n\r\n");
        chunk("a bare LF after the data", "1\r\nx\n0\r\n\r\n");
        chunk("no line end after the data", "1\r\nx0\r\n\r\n");
        chunk("more data than the size", "1\r\nxyz\r\n0\r\n\r\n");
        chunk("a bare LF in an extension", "1;a\nb\r\nx\r\n0\r\n\r\n");
        chunk("a bare CR in an extension", "1;a\rb\r\nx\r\n0\r\n\r\n");
        chunk("a line end in quotes of an extension", "1;a=\"\r\nx\r\n0\r\n\r\n\"\r\nx\r\n0\r\n\r\n");
        chunk("an extension without end", "1;" + "a".repeat(40_000));
        chunk("a bare LF after the last size", "0\n\r\n");
        chunk("a bare LF that ends the trailers", "0\r\nX: y\r\n\n");
        chunk("a trailer without a colon", "0\r\nXy\r\n\r\n");
        chunk("a trailer with a zero", "0\r\nX: y\u0000\r\n\r\n");
        chunk("trailers without end", "0\r\n" + "X: y\r\n".repeat(6_000));
    }

    private static void sizes() {
        line("a first line that is too long", "GET /" + "x".repeat(20_000) + " HTTP/1.1");
        field("a value that is too long", "X: " + "y".repeat(20_000));
        field("a name that is too long", "x".repeat(20_000) + ": y");
        field("too many fields", "X: y\r\n".repeat(3_000) + "X: y");
    }

    private static void raw(String name, String bytes) {
        if (CASES.put(name, bytes) != null) {
            throw new IllegalStateException("there are two cases: " + name);
        }
    }

    private static void line(String name, String line) {
        raw(name, line + "\r\nHost: h\r\n\r\n");
    }

    private static void host(String name, String host) {
        raw("a host " + name, GET + "Host: " + host + "\r\n\r\n");
    }

    private static void field(String name, String field) {
        raw(name, GET + "Host: h\r\n" + field + "\r\n\r\n");
    }

    private static void length(String name, String length) {
        raw("a length " + name, PUT + "Content-Length: " + length + "\r\n\r\nx");
    }

    private static void encoding(String name, String encoding) {
        raw("chunked " + name, PUT + "Transfer-Encoding: " + encoding + "\r\n\r\n1\r\nx\r\n0\r\n\r\n");
    }

    private static void chunk(String name, String chunks) {
        raw("chunks: " + name, PUT + "Transfer-Encoding: chunked\r\n\r\n" + chunks);
    }

    @TestFactory
    Stream<DynamicTest> malformed_isRefused_andNothingWithinIsDone() {
        assertThat(CASES).hasSizeGreaterThan(80);
        return CASES.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> refused(entry.getValue())));
    }

    /* As they come, and byte by byte: a line may end in any packet. */
    private static void refused(String bytes) throws IOException {
        for (boolean bytewise : new boolean[] {false, true}) {
            if (bytewise && bytes.length() > 1_000) {
                return;
            }
            String smuggled = "smuggled-" + TURN.incrementAndGet();
            String outer = "outer-" + TURN.get();
            try (Wire wire = api.wire()) {
                wire.socket.setSoTimeout(ANSWER_MS_MAX);
                String sent = (bytes + SMUGGLED)
                        .replace("/smuggled ", "/" + smuggled + " ")
                        .replace("/outer ", "/" + outer + " ");
                String answer = answer(wire, sent, bytewise);

                assertThat(answer).containsPattern("^HTTP/1\\.[01] (400|413|414|431|501|505) ");
                assertThat(answer.split("HTTP/1\\.[01] \\d", -1))
                        .as("one answer: %s", answer)
                        .hasSize(2);
            }
            assertThat(api.store.written())
                    .doesNotContain(Key.of("shop", "v1", smuggled).digest())
                    .doesNotContain(Key.of("shop", "v1", outer).digest());
        }
        assertThat(api.get(CLOCK).status()).isEqualTo(200);
    }

    private static String answer(Wire wire, String text, boolean bytewise) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        try {
            if (bytewise) {
                wire.socket.setTcpNoDelay(true);
                for (byte each : bytes) {
                    wire.send(new byte[] {each});
                }
            } else {
                wire.send(bytes);
            }
        } catch (IOException ended) {
            // The answer came before all was sent, and is there to be read.
        }
        return wire.readAll();
    }

    /* Lest everything be refused: odd, but HTTP. */
    private static final Map<String, String> PROPER = Map.of(
            "a line end before the first line", "\r\n" + GET + "Host: h\r\n\r\n",
            "no space after the colon", GET + "Host:h\r\n\r\n",
            "spaces around a value", GET + "Host:  h \t\r\n\r\n",
            "an empty host", GET + "Host: \r\n\r\n",
            "a host with a port", GET + "Host: gateway_1.internal:8484\r\n\r\n",
            "a host that is an address", GET + "Host: [fe80::1%25eth0]:80\r\n\r\n",
            "HTTP/1.0 without a host", GET.replace("1.1", "1.0") + "\r\n",
            "a value that is no ASCII", GET + "Host: h\r\nX: \u00e9\r\n\r\n",
            "an empty value", GET + "Host: h\r\nX:\r\n\r\n",
            "a body of a GET", GET + "Host: h\r\nContent-Length: 1\r\n\r\nx");

    @TestFactory
    Stream<DynamicTest> proper_isAnswered() {
        return PROPER.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
                    try (Wire wire = api.wire()) {
                        wire.send(entry.getValue().getBytes(StandardCharsets.ISO_8859_1));
                        assertThat(wire.readTo("\r\n\r\n"))
                                .startsWith("HTTP/1.")
                                .contains(" 200 ");
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> proper_chunks_areStored() {
        return Map.of(
                        "plain", "1\r\nx\r\n0\r\n\r\n",
                        "a size with zeros", "0001\r\nx\r\n000\r\n\r\n",
                        "a size in capitals", "A\r\n0123456789\r\n0\r\n\r\n",
                        "an extension", "1;a=b\r\nx\r\n0\r\n\r\n",
                        "trailers", "1\r\nx\r\n0\r\nX: y\r\n\r\n")
                .entrySet()
                .stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
                    try (Wire wire = api.wire()) {
                        wire.send((PUT.replace("outer", "proper") + "Transfer-Encoding: Chunked\r\n\r\n"
                                        + entry.getValue())
                                .getBytes(StandardCharsets.ISO_8859_1));
                        assertThat(wire.readTo("\r\n\r\n")).containsPattern("^HTTP/1.1 20[14] ");
                    }
                }));
    }
}
