package dev.freshet.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValuesTest {
    @ParameterizedTest
    @CsvSource({"0,0", "1,0.001", "10,0.01", "100,0.1", "1000,1", "1500,1.5", "7530,7.53", "31536000000,31536000"})
    void text_ofMilliseconds_isReadBack(long ms, String text) {
        assertThat(Seconds.text(ms)).isEqualTo(text);
        assertThat(Seconds.ms(Double.parseDouble(text))).isEqualTo(ms);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1.1e11, 1e300, Double.POSITIVE_INFINITY})
    void ms_ofMoreThanAnybodyLives_isNever(double seconds) {
        assertThat(Seconds.ms(seconds)).isEqualTo(Lifetime.NEVER);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "text/html; charset=utf-8",
                "text/html;charset=\"utf-8\"",
                "application/vnd.a+json",
                "text/x-component; a=b; c=d",
                "text/html;",
            })
    void isType_ofAMediaType_isTrue(String type) {
        assertThat(Values.isType(type)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "text",
                "text/",
                "/plain",
                "text/plain\r\nX: y",
                "text/plain; é=1",
                "text/plain, a/b",
                "a b/c"
            })
    void isType_ofAnythingElse_isFalse(String type) {
        assertThat(Values.isType(type)).isFalse();
    }

    @Test
    @Timeout(5)
    void isType_ofManyParameters_isQuick() {
        assertThat(Values.isType("a/b" + ";".repeat(250) + "=")).isFalse();
        assertThat(Values.isType("a/b" + "; ".repeat(120) + "=")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "*                      | true",
                "\"a.1\"                | true",
                "W/\"a.1\"              | true",
                "\"x\", \"a.1\"         | true",
                "\"x\" , W/\"a.1\" , \"y\" | true",
                "\"x\"                  | false",
                "\"a.1,\"               | false",
                "\"x,a.1\"              | false",
                "\"\"                   | false",
            })
    void match_ofEntityTags_comparesWeakly(String list, boolean expected) {
        assertThat(EntityTags.parse(list).match("a.1")).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a.1", "\"a.1", "\"a\" \"b\"", "\"a\",", "w/\"a.1\"", "\"a 1\"", "*, \"a\""})
    void match_ofWhatIsNoListOfEntityTags_isRefused(String list) {
        assertThatThrownBy(() -> EntityTags.parse(list)).isInstanceOf(Problem.class);
    }

    @ParameterizedTest
    @CsvSource({"a,a", "a%2Fb,a/b", "a%252Fb,a%2Fb", "caf%C3%A9,café", "%7Ea,~a", "a+b,a+b", "%f0%9f%98%80,😀"})
    void text_ofASegment_isDecodedOnce(String raw, String text) {
        assertThat(new Segment(raw).text()).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "%4", "%zz", "%C3", "%C3%28", "%ED%A0%80", "%C0%80", "é", "a b", "%-1"})
    void text_ofASegmentThatIsNoUtf8_isRefused(String raw) {
        assertThatThrownBy(() -> new Segment(raw).text()).isInstanceOf(Problem.class);
    }

    @Test
    void parse_ofALeaseToken_givesItBack() {
        LeaseToken token = LeaseToken.of(Key.of("shop", "v1", "a"), "r1.x-_Y");

        assertThat(LeaseToken.parse(token.toString())).contains(token);
        assertThat(LeaseToken.parse("r1.x")).isEmpty();
        assertThat(LeaseToken.parse(token + "/x")).isEmpty();
        assertThat(LeaseToken.parse(token + "a".repeat(200))).isEmpty();
    }
}
