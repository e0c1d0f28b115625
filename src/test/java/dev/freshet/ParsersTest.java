package dev.freshet;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.freshet.edge.RequestFuzz;
import dev.freshet.entry.FrameFuzz;
import dev.freshet.http.FieldsFuzz;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What comes from outside is read or refused, whatever it is. With the variable {@code JAZZER_FUZZ} Jazzer looks for what is not,
 * guided by the branches that each guess takes; without it the examples alone are tried. One test, for it runs one at a time.
 */
class ParsersTest {
    private static final List<Consumer<byte[]>> TARGETS = List.of(new RequestFuzz(), new FieldsFuzz(), new FrameFuzz());

    static Stream<byte[]> examples() {
        return Stream.of(
                        "0GET /v1/apps/shop/clock HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n",
                        "0PUT /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /f HTTP/1.1\r\nHost: h\r\n\r\n",
                        "0PUT /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n0\r\nT: v\r\n\r\n",
                        "0GET /e HTTP/1.1\r\nHost: h\r\n\r\nGET /e HTTP/1.1\r\nHost: h\r\n\r\nGET /e HTTP/1.1\r\nHost: h\r\n\r\n",
                        "0GET /e HTTP/1.0\r\nA: b\r\n\r\nGET /e HTTP/1.1\r\nA: b\r\n\r\n",
                        "0\r\nGET /e HTTP/1.1\r\nHost: h\r\n\r\nGET /e HTTP/1.1\r\nGET /e HTTP/1.1\r\nHost: h\r\n\r\n",
                        "1a=1, b=\"c\\\"d\";e=?0, f=g/h, i=-1.5",
                        "1\"one\", \"two\"",
                        "1W/\"a\", \"b\"",
                        "1text/html; charset=utf-8",
                        "1~cMOkdGU",
                        "1a%20b%C3%A9",
                        "2FRE1\0\0\0\2\0\0\0\0\0\0\0\2........{}hi")
                .map(text -> text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    }

    @MethodSource("examples")
    @FuzzTest(maxDuration = "30s")
    void anything_isReadOrRefused(byte[] bytes) {
        if (bytes.length > 0) {
            Consumer<byte[]> target = TARGETS.get(Math.floorMod(bytes[0] - '0', TARGETS.size()));
            target.accept(Arrays.copyOfRange(bytes, 1, bytes.length));
        }
    }
}
