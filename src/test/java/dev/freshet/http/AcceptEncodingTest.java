package dev.freshet.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AcceptEncodingTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "zstd                       | true",
                "ZSTD                       | true",
                "gzip, zstd                 | true",
                "gzip,br,\tzstd ; q=0.5     | true",
                "zstd;Q=0.001               | true",
                "zstd;q=1.000               | true",
                "*                          | true",
                "gzip, *;q=0.1              | true",
                "identity;q=0, zstd         | true",
                "identity;q=0.5, zstd;q=0.5 | true",
                "''                         | false",
                "gzip                       | false",
                "identity                   | false",
                "identity;q=0               | false",
                "zstd;q=0                   | false",
                "zstd;q=0.000               | false",
                "zstd;q=0, *                | false",
                "*;q=0                      | false",
                "identity, zstd;q=0.9       | false",
                "identity, *;q=0.5          | false",
                "x-zstd                     | false",
                "zstd;q=2                   | false",
                "zstd;level=3               | false",
                "\"zstd\"                   | false",
                ",,;q=1, ;                  | false",
            })
    void prefers_zstd_ifItIsTakenAndNoneIsNotPreferred(String header, boolean prefers) {
        assertThat(AcceptEncoding.prefers(header, "zstd")).isEqualTo(prefers);
    }
}
