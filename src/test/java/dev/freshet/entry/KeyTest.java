package dev.freshet.entry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** G4: what is not the same app, deployment and text is not the same key. */
class KeyTest {
    private static final String DIGEST = "0123456789abcdef".repeat(4);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "0",
                "shop",
                "a.b_c-d",
                "a..",
                "9-",
                "a23456789012345678901234567890123456789012345678901234567890123"
            })
    void new_appOfTheForm_isTaken(String app) {
        assertThatCode(() -> new Key(app, "v1", DIGEST)).doesNotThrowAnyException();
        assertThatCode(() -> Key.checkApp(app)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "A",
                "_a",
                "-a",
                ".a",
                "a/b",
                "a b",
                "a{b}",
                "a:b",
                "ä",
                "a\n",
                "a234567890123456789012345678901234567890123456789012345678901234"
            })
    void new_appOfAnotherForm_isRefused(String app) {
        assertThatThrownBy(() -> new Key(app, "v1", DIGEST))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("an app has the form");
        assertThatThrownBy(() -> Key.checkApp(app)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @MethodSource
    void new_deploymentOfTheForm_isTaken(String deployment) {
        assertThat(new Key("shop", deployment, DIGEST).deployment()).isEqualTo(deployment);
    }

    static Stream<String> new_deploymentOfTheForm_isTaken() {
        return Stream.of("v1", "A", "_shared", "-", "...", ".a", "dpl_9.8-7", "x".repeat(128));
    }

    @ParameterizedTest
    @MethodSource
    void new_deploymentOfAnotherForm_isRefused(String deployment) {
        assertThatThrownBy(() -> new Key("shop", deployment, DIGEST))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("a deployment has the form");
    }

    static Stream<String> new_deploymentOfAnotherForm_isRefused() {
        return Stream.of("", ".", "..", "a/b", "a b", "a%", "a:b", "{a}", "ü", "a\n", "x".repeat(129));
    }

    @ParameterizedTest
    @MethodSource
    void new_digestOfAnotherForm_isRefused(String digest) {
        assertThatThrownBy(() -> new Key("shop", "v1", digest))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a digest is 64 lower-case hexadecimal digits");
    }

    static Stream<String> new_digestOfAnotherForm_isRefused() {
        return Stream.of("", DIGEST.substring(1), DIGEST + "0", DIGEST.toUpperCase(), "g" + DIGEST.substring(1));
    }

    @Test
    void of_aText_hashesItsCodeUnitsBigEndian() {
        assertThat(Key.of("shop", "v1", "greeting").digest())
                .isEqualTo("03559c506ce3f67f5d1ac54cfd3a886c7880f8eda6753f9bf69ae1daf2202624");
    }

    @Test
    void of_anyWellFormedText_hashesItsUtf16() throws Exception {
        for (long seed = 1; seed <= 500; seed++) {
            Random random = new Random(seed);
            String text = random.ints(random.nextInt(40), 0, 0x110000)
                    .filter(c -> c < 0xD800 || c > 0xDFFF)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
            byte[] expected = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_16BE));

            assertThat(Key.of("shop", "v1", text).digest())
                    .as("seed %d", seed)
                    .isEqualTo(HexFormat.of().formatHex(expected));
        }
    }

    @Test
    void of_textsThatDifferInUnpairedSurrogates_differ() {
        assertThat(Stream.of(
                                "a\uD800",
                                "a\uD801",
                                "a\uDC00",
                                "a\uFFFD",
                                "a?",
                                "a",
                                "\uD800a",
                                "\uD800\uDC00",
                                "\uDC00\uD800")
                        .map(text -> Key.of("shop", "v1", text).digest()))
                .doesNotHaveDuplicates();
    }

    @Test
    void equals_anotherAppOrDeployment_differs() {
        assertThat(Key.of("shop", "v1", "a"))
                .isEqualTo(Key.of("shop", "v1", "a"))
                .isNotEqualTo(Key.of("shop", "v2", "a"))
                .isNotEqualTo(Key.of("blog", "v1", "a"))
                .isNotEqualTo(Key.of("shop", "v1", "b"));
    }
}
