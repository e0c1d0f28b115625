package dev.freshet.entry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EarlyRefreshTest {
    private static final int DRAWS = 200_000;
    private static final long BORN_MS = 1_795_377_977_000L;

    /** The share of readers that are elected is exp(-left / delta), delta being what the computation took. */
    @ParameterizedTest
    @CsvSource({
        // took, left, share
        "2000,     0, 1",
        "2000,   500, 0.7788",
        "2000,  2000, 0.3679",
        "2000,  6000, 0.0498",
        "4000,  6000, 0.2231",
        "2000, 20000, 0.00005",
        // it took less than a hundredth of the life, or more than a tenth
        "   0,   600, 0.3679",
        "-999,   600, 0.3679",
        "9999,  6000, 0.3679"
    })
    void isDue_asItsEndComesNearer_electsMore(long tookMs, long leftMs, double share) {
        Entry entry = entry(tookMs, 60_000);
        Random draws = new Random(7);
        int elected = 0;
        for (int i = 0; i < DRAWS; i++) {
            elected += EarlyRefresh.isDue(entry, 60_000 - leftMs, 1 - draws.nextDouble()) ? 1 : 0;
        }

        assertThat((double) elected / DRAWS).isCloseTo(share, within(0.004));
    }

    /** A thousand readers in a second: the first of them is elected some deltas before the end, and not long before. */
    @Test
    void isDue_manyReaders_electsTheFirstInTheLastPartOfItsLife() {
        Entry entry = entry(1_000, 60_000);
        for (int seed = 0; seed < 200; seed++) {
            Random draws = new Random(seed);
            long ageMs = 0;
            while (!EarlyRefresh.isDue(entry, ageMs, 1 - draws.nextDouble())) {
                ageMs++;
            }
            assertThat(60_000 - ageMs).isBetween(1_000L, 25_000L);
        }
    }

    @Test
    void isDue_neverStale_isNeverDue() {
        assertThat(EarlyRefresh.isDue(entry(1_000, Lifetime.NEVER), Long.MAX_VALUE / 2, Double.MIN_VALUE))
                .isFalse();
    }

    @Test
    void isDue_lifeOfNothing_isDue() {
        assertThat(EarlyRefresh.isDue(entry(0, 0), 0, 1)).isTrue();
    }

    private static Entry entry(long tookMs, long revalidateMs) {
        return new Entry(
                Key.of("shop", "v1", "k"),
                1_000 * (BORN_MS + tookMs),
                1,
                BORN_MS,
                List.of(),
                new Lifetime(revalidateMs, Lifetime.NEVER),
                Draft.OCTETS,
                "",
                Body.of(Buffer.buffer("x")));
    }
}
