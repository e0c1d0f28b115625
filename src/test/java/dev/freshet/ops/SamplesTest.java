package dev.freshet.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.Futures;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SamplesTest {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Vertx vertx = Vertx.vertx();
    private Samples samples;

    @BeforeEach
    void look() {
        Parts.over(vertx, registry);
        samples = new Samples(registry);
    }

    @AfterEach
    void stop() {
        Futures.await(vertx.close());
    }

    private Object cell(String column) {
        JsonObject told = samples.after(0);
        JsonArray rows = told.getJsonArray("rows");
        return rows.getJsonArray(rows.size() - 1)
                .getValue(told.getJsonArray("columns").getList().indexOf(column));
    }

    @Test
    void take_ofACounter_isItsRateOverTheTimeThatPassed() {
        samples.take(1_000);
        registry.get("freshet.reads").tag("result", "near").counter().increment(30);
        samples.take(3_000);

        assertThat(cell("near")).isEqualTo(15L);
        samples.take(4_000);
        assertThat(cell("near")).isEqualTo(0L);
    }

    @Test
    void take_ofWhatNobodyDid_isNoNumberOrNone() {
        samples.take(1_000);

        assertThat(cell("readP99")).isNull();
        assertThat(cell("waiters")).isEqualTo(0L);
    }

    @Test
    void take_forLonger_keepsAQuarterOfAnHour() {
        for (int i = 1; i <= Samples.SAMPLES_MAX + 5; i++) {
            samples.take(1_000L * i);
        }

        JsonArray rows = samples.after(0).getJsonArray("rows");
        assertThat(rows).hasSize(Samples.SAMPLES_MAX);
        assertThat(rows.getJsonArray(0).getLong(0)).isEqualTo(6_000);
        assertThat(samples.after(1_000L * Samples.SAMPLES_MAX).getJsonArray("rows"))
                .hasSize(5);
    }
}
