package dev.freshet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.edge.Tls;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProcessMetersTest {
    private final Checks checks = new Checks(null, null, null, null, Config.DEFAULT);
    private final MeterRegistry registry = new SimpleMeterRegistry();

    @Test
    void certificate_ofAReload_isTheOneThatEnds() {
        ProcessMeters.show(registry, checks);
        assertThat(gauge("freshet.certificate.end.timestamp.seconds")).isZero();

        checks.certificate(Optional.of(
                new Tls(Buffer.buffer(), Buffer.buffer(), Optional.empty(), Instant.ofEpochSecond(1_800_000_000))));

        assertThat(gauge("freshet.certificate.end.timestamp.seconds")).isEqualTo(1_800_000_000);
    }

    @Test
    void process_isThisOne() {
        ProcessMeters.show(registry, checks);

        System.gc();

        assertThat(gauge("freshet.heap.bytes")).isBetween(1_000_000.0, gauge("freshet.heap.bytes.limit"));
        assertThat(registry.get("freshet.collection.seconds").functionCounter().count())
                .isPositive();
        assertThat(registry.get("process.cpu.seconds").functionCounter().count())
                .isBetween(0.1, 3_600.0);
        assertThat(Instant.ofEpochSecond((long) gauge("process.start.time.seconds")))
                .isBetween(Instant.now().minusSeconds(3_600), Instant.now());
    }

    private double gauge(String name) {
        return registry.get(name).gauge().value();
    }
}
