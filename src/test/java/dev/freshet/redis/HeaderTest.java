package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Zstd;
import dev.freshet.store.StoreException;
import dev.freshet.tag.Tag;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeaderTest {
    private static final Key KEY = Key.of("shop", "v1", "greeting");
    private static final Body PLAIN = Body.of(Buffer.buffer("0123456789".repeat(500)));
    private static final Body CODED = Zstd.encode(PLAIN);

    private static String header(Body body) {
        return Header.of(KEY, Draft.of(body, new Lifetime(60_000, 600_000), List.of(new Tag("posts"))))
                .encode()
                .toString();
    }

    private static Header parsed(String json) {
        return Header.parse(Buffer.buffer(json));
    }

    /** Every version that ever was can read it. */
    @Test
    void encode_ofABodyAsItCame_isAsEver() {
        assertThat(header(PLAIN))
                .isEqualTo("{\"digest\":\"" + KEY.digest()
                        + "\",\"tags\":[\"posts\"],\"revalidateMs\":60000,\"expireMs\":600000,"
                        + "\"type\":\"application/octet-stream\",\"attributes\":\"\",\"crc\":" + PLAIN.crc() + "}");
        assertThat(parsed(header(PLAIN)).body(PLAIN.bytes())).contains(PLAIN);
    }

    @Test
    void body_ofACodedOne_isThatOne() {
        assertThat(header(CODED)).contains("\"coded\":{\"coding\":\"zstd\",\"length\":5000,");
        assertThat(parsed(header(CODED)).body(CODED.bytes())).contains(CODED);
    }

    @ParameterizedTest
    @CsvSource({
        "zstd, br",
        "\"length\":5000, \"length\":4999",
        "\"length\":5000, \"length\":2147483647",
        "\"length\":5000, \"length\":-1",
        "\"length\":5000, \"length\":0",
    })
    void body_ofAHeaderThatLies_isNone(String what, String lie) {
        assertThat(parsed(header(CODED).replace(what, lie)).body(CODED.bytes())).isEmpty();
    }

    @Test
    void body_ofOtherBytes_isNone() {
        Buffer bytes = CODED.bytes();
        Buffer harmed = bytes.copy().setByte(20, (byte) (bytes.getByte(20) ^ 1));

        assertThat(parsed(header(CODED)).body(harmed)).isEmpty();
        assertThat(parsed(header(CODED)).body(bytes.getBuffer(0, bytes.length() - 1)))
                .isEmpty();
        assertThat(parsed(header(CODED)).body(PLAIN.bytes())).isEmpty();
        assertThat(parsed(header(PLAIN)).body(bytes)).isEmpty();
    }

    /** As is one of a later version to this one: none serves bytes that it cannot read. */
    @Test
    void parse_ofAHeaderWithMore_isAFault() {
        assertThatThrownBy(() -> parsed(header(PLAIN).replace("\"crc\"", "\"sealed\":true,\"crc\"")))
                .isInstanceOf(StoreException.class);
    }
}
