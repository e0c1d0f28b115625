package dev.freshet.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freshet.entry.Body;
import dev.freshet.entry.Frame;
import dev.freshet.entry.Key;
import dev.freshet.http.Api.Answer;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The examples that the adapter is tested with too. */
class WireTest extends OnApi {
    private static final Path EXAMPLES = Path.of("src/test/resources/wire");

    private interface Check {
        void of(JsonNode example) throws IOException;
    }

    private static Stream<DynamicTest> each(String file, Check check) throws IOException {
        JsonNode examples = Json.MAPPER.readTree(Files.readString(EXAMPLES.resolve(file)));
        return StreamSupport.stream(examples.spliterator(), false)
                .map(example -> DynamicTest.dynamicTest(example.path("name").asText(), () -> check.of(example)));
    }

    /* Lest the next example waits for what this one leads. */
    private static void release(Frame frame) {
        String token = Api.meta(frame).at("/lease/token").asText();
        if (!token.isEmpty()) {
            api.delete(Api.V1 + "/leases/" + token);
        }
    }

    private static Buffer bytes(JsonNode example, String member) {
        return Buffer.buffer(HexFormat.of().parseHex(example.path(member).asText()));
    }

    @TestFactory
    Stream<DynamicTest> frames_areReadAndWritten() throws IOException {
        return each("frames.json", example -> {
            Frame frame = Frame.decode(bytes(example, "hex"));
            Buffer meta = Buffer.buffer(example.path("metaText").asText());

            assertThat(frame.body().bytes()).isEqualTo(bytes(example, "bodyHex"));
            assertThat(Api.meta(frame)).isEqualTo(example.path("meta"));
            assertThat(new Frame(meta, Body.of(bytes(example, "bodyHex"))).encode())
                    .isEqualTo(bytes(example, "hex"));
        });
    }

    @TestFactory
    Stream<DynamicTest> damagedFrames_areRefused() throws IOException {
        return each("damaged.json", example -> {
            Buffer bytes = bytes(example, "hex");
            Answer answer = api.send("PUT", Api.entry("damaged"), bytes.getBytes(), "Content-Type", Frame.MEDIA_TYPE);

            assertThat(answer.problem()).isEqualTo("damaged-frame");
            assertThat(answer.status()).isEqualTo(400);
            if (!example.path("reason").asText().equals("meta")) {
                assertThatThrownBy(() -> Frame.decode(bytes)).isNotNull();
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> keys_inEachForm_haveOneDigest() throws IOException {
        return each("keys.json", example -> {
            String digest = example.path("digest").asText();
            String text = bytes(example, "utf16Hex").toString(StandardCharsets.UTF_16BE);
            boolean isWellFormed = StandardCharsets.UTF_16.newEncoder().canEncode(text)
                    && Buffer.buffer(text.getBytes(StandardCharsets.UTF_16BE)).equals(bytes(example, "utf16Hex"));

            if (isWellFormed) {
                assertThat(Key.of("shop", "v1", text).digest()).isEqualTo(digest);
            }
            for (JsonNode path : example.path("paths")) {
                api.put(Api.entry(path.asText()), path.asText());
                assertThat(api.get(Api.entry("@" + digest)).text()).isEqualTo(path.asText());
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> requests_areAcceptedOrRefused() throws IOException {
        return each("requests.json", example -> {
            Answer answer = api.send(
                    example.path("method").asText(),
                    example.path("path").asText(),
                    example.path("body").toString().getBytes(StandardCharsets.UTF_8),
                    "Content-Type",
                    example.path("type").asText());
            if (answer.header("Content-Type").equals(Frame.MEDIA_TYPE)) {
                answer.frames().forEach(WireTest::release);
            }
            List<Integer> statuses = example.path("valid").asBoolean() ? List.of(200, 300) : List.of(400, 500);

            assertThat(answer.status()).as(answer.text()).isBetween(statuses.getFirst(), statuses.getLast() - 1);
        });
    }
}
