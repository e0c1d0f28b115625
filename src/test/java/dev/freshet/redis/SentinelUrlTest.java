package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SentinelUrlTest {
    @Test
    void parse_whole_hasEveryPart() {
        SentinelUrl url = SentinelUrl.parse("rediss+sentinel://user:p%40ss@s1:5000,s2,[::1]:5001/my_master/3")
                .orElseThrow();

        assertThat(url)
                .isEqualTo(new SentinelUrl(
                        "rediss", "user:p%40ss@", List.of("s1:5000", "s2:26379", "[::1]:5001"), "my_master", "/3"));
        assertThat(url.of("10.0.0.1", 6379)).isEqualTo("rediss://user:p%40ss@10.0.0.1:6379/3");
        assertThat(url.of("fd00::1", 6379)).isEqualTo("rediss://user:p%40ss@[fd00::1]:6379/3");
        assertThat(url.of("s1:5000")).isEqualTo("rediss://s1:5000");
    }

    @Test
    void parse_theLeastThatWillDo_isRead() {
        assertThat(SentinelUrl.parse("redis+sentinel://s1/m"))
                .contains(new SentinelUrl("redis", "", List.of("s1:26379"), "m", ""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis://s1/m",
                "redis+sentinel://s1",
                "redis+sentinel://s1/",
                "redis+sentinel:///m",
                "redis+sentinel://s1,/m",
                "redis+sentinel://s1:65536/m",
                "redis+sentinel://s1:a/m",
                "redis+sentinel://s1/m/x",
                "redis+sentinel://s1/m?x=1",
                "redis+sentinel://s1/m m",
            })
    void parse_anythingElse_isNone(String text) {
        assertThat(SentinelUrl.parse(text)).isEmpty();
    }

    @Test
    void parse_moreSentinelsThanMayBe_isNone() {
        String most = IntStream.range(0, SentinelUrl.SENTINELS_MAX)
                .mapToObj(i -> "s" + i)
                .collect(Collectors.joining(","));

        assertThat(SentinelUrl.parse("redis+sentinel://" + most + "/m")).isPresent();
        assertThat(SentinelUrl.parse("redis+sentinel://" + most + ",one/m")).isEmpty();
    }
}
