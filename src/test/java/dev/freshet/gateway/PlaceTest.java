package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlaceTest {
    @ParameterizedTest
    @CsvSource({
        "1795377977842918.ab12cd34/1795377977842999, 1795377977842918.ab12cd34, 1795377977842999",
        "18a2f/7, 18a2f, 7",
        "7, '', 7",
        "0, '', 0",
    })
    void of_whatWasGiven_isThatPlace(String text, String epoch, long stamp) {
        assertThat(Place.of(text)).isEqualTo(new Place(epoch, stamp));
        assertThat(Place.of(text).text()).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "-1", "1/", "/1", "1/2/3", "a b/1", "10000000000000000", ".a/1", "a/1\n"})
    void of_anythingElse_isRefused(String text) {
        assertThatThrownBy(() -> Place.of(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "100.ab/150, 100.ab, true",
        "100.ab/150, 100.cd, false",
        "100.ab/50,  100.ab, true",
        "150,        100.ab, true",
        "100,        100.ab, true",
        "99,         100.ab, false",
        "150,        ab,     false",
        "150,        100,    false",
    })
    void isIn_aHistory_isSaidByTheEpochOrByWhenItBegan(String place, String history, boolean in) {
        assertThat(Place.of(place).isIn(history)).isEqualTo(in);
    }

    @Test
    void none_isNoPlace() {
        assertThat(Place.NONE.isNone()).isTrue();
        assertThat(Place.of("0").isNone()).isFalse();
    }
}
