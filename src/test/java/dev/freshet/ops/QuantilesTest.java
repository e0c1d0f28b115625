package dev.freshet.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class QuantilesTest {
    private final Timer timer = Timer.builder("of.a.test")
            .serviceLevelObjectives(Duration.ofMillis(1), Duration.ofMillis(10), Duration.ofMillis(100))
            .register(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
    private final Quantiles quantiles = new Quantiles(timer, 3);

    private void record(int times, long ms) {
        for (int i = 0; i < times; i++) {
            timer.record(Duration.ofMillis(ms));
        }
    }

    @Test
    void ms_ofNothing_isNoNumber() {
        quantiles.turn();

        assertThat(quantiles.ms(0.5)).isNaN();
    }

    @Test
    void ms_withinABucket_isInProportion() {
        record(50, 1);
        record(50, 9);
        quantiles.turn();

        assertThat(quantiles.ms(0.5)).isEqualTo(1);
        assertThat(quantiles.ms(0.75)).isEqualTo(5.5);
        assertThat(quantiles.ms(1)).isEqualTo(10);
    }

    @Test
    void ms_beyondTheLastBucket_isItsBound() {
        record(1, 5_000);
        quantiles.turn();

        assertThat(quantiles.ms(0.5)).isEqualTo(100);
    }

    @Test
    void ms_afterAsManyTurns_forgets() {
        record(10, 50);
        quantiles.turn();
        quantiles.turn();
        quantiles.turn();
        assertThat(quantiles.ms(0.5)).isBetween(10.0, 100.0);
        quantiles.turn();

        assertThat(quantiles.ms(0.5)).isNaN();
    }
}
