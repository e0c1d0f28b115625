package dev.freshet.tag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TagTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", " ", "posts", "_N_T_/[locale]/posts/page", "ä,\"'|:{}", "\uD83D\uDE00"})
    void new_anyPrintableText_isKept(String text) {
        assertThat(new Tag(text).text()).isEqualTo(text);
        assertThat(new Tag(text)).hasToString(text).isEqualTo(new Tag(text));
    }

    @Test
    void new_case_isSignificant() {
        assertThat(new Tag("posts")).isNotEqualTo(new Tag("Posts"));
    }

    @Test
    void new_length_isOneTo256() {
        assertThat(new Tag("x".repeat(256)).text()).hasSize(256);
        assertThatThrownBy(() -> new Tag("")).hasMessage("a tag has 1 to 256 characters, not 0");
        assertThatThrownBy(() -> new Tag("x".repeat(257))).hasMessage("a tag has 1 to 256 characters, not 257");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\n", "\u0000", "a\tb", "\u007f", "\u0085", "\uD800", "a\uDC00", "\uDE00\uD83D"})
    void new_controlCharacterOrUnpairedSurrogate_isRefused(String text) {
        assertThatThrownBy(() -> new Tag(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("control characters");
    }
}
