package dev.freshet.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.edge.EdgeConfig;
import dev.freshet.http.Api.Answer;
import dev.freshet.testing.Futures;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How much is let in at a time, and for how long. */
class EdgeTest {
    private static final int MAX = 16;

    private final Api api = Api.start(new EdgeConfig(
            List.of(),
            Optional.empty(),
            2 * MAX,
            MAX,
            100,
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            Duration.ofSeconds(3)));

    @AfterEach
    void stop() {
        api.close();
    }

    @Test
    void reads_thatWaitAreAsManyAsMay_moreAreToldToComeBack_writesAndInvalidationsAreNot() {
        String token = api.get(Api.entry("led"), "Freshet-Lease", "want").token();
        List<CompletableFuture<Answer>> followers = new ArrayList<>();
        for (int i = 0; i < MAX; i++) {
            followers.add(api.getAsync(Api.entry("led"), "Freshet-Lease", "want", "Prefer", "wait=8"));
        }
        Futures.until(() -> api.leases.waiters() == MAX);

        for (Answer shed :
                List.of(api.get(Api.entry("other")), api.post(Api.V1 + "/lookup", "{\"entries\":[{\"key\":\"a\"}]}"))) {
            assertThat(shed.status()).isEqualTo(503);
            assertThat(shed.problem()).isEqualTo("overloaded");
            assertThat(shed.header("Retry-After")).isEqualTo("1");
        }
        assertThat(api.count("freshet.refused", "reason", "requests")).isEqualTo(2);
        assertThat(api.invalidate("t").status()).isEqualTo(200);
        assertThat(api.get(Api.SHOP + "/clock").status()).isEqualTo(200);
        assertThat(api.put(Api.entry("led"), "done", "Freshet-Lease", "token=\"" + token + "\"")
                        .status())
                .isEqualTo(201);
        assertThat(followers)
                .allSatisfy(follower -> assertThat(follower.join().text()).isEqualTo("done"));
        assertThat(api.get(Api.entry("led")).status()).isEqualTo(200);
    }

    @Test
    void connections_moreThanMay_areClosedAtOnce() throws IOException {
        List<Wire> wires = new ArrayList<>();
        try {
            for (int i = 0; i < 2 * MAX; i++) {
                wires.add(api.wire());
            }
            Futures.until(() -> api.count("freshet.connections", "listener", "data") == 2 * MAX);
            try (Wire more = api.wire()) {
                assertThat(more.readAll()).isIn("", " (reset)");
            }
            assertThat(api.count("freshet.refused", "reason", "connections")).isEqualTo(1);

            wires.removeLast().close();
            Futures.until(() -> api.count("freshet.connections", "listener", "data") == 2 * MAX - 1);
            try (Wire again = api.wire()) {
                again.send("GET " + Api.SHOP + "/clock HTTP/1.1\nHost: h\n\n");
                assertThat(again.readTo("\r\n\r\n")).startsWith("HTTP/1.1 200 ");
            }
        } finally {
            for (Wire wire : wires) {
                wire.close();
            }
        }
    }

    @Test
    void head_thatTakesTooLong_endsItsConnection() throws IOException {
        try (Wire wire = api.wire()) {
            wire.send("GET " + Api.SHOP + "/clock HTTP/1.1\nHost: h\n");

            assertThat(wire.readAll()).isIn("", " (reset)");
        }
        assertThat(api.count("freshet.refused", "reason", "slow")).isEqualTo(1);
    }

    @Test
    void head_ofALaterRequestThatTakesTooLong_endsItsConnection() throws IOException {
        try (Wire wire = api.wire()) {
            wire.send("GET " + Api.SHOP + "/clock HTTP/1.1\nHost: h\n\nGET ");

            assertThat(wire.readAll()).startsWith("HTTP/1.1 200 ");
        }
        assertThat(api.count("freshet.refused", "reason", "slow")).isEqualTo(1);
    }

    @Test
    void body_thatTakesTooLong_endsItsConnection() throws IOException {
        try (Wire wire = api.wire()) {
            wire.send("PUT " + Api.entry("slow") + " HTTP/1.1\nHost: h\nContent-Length: 10\n\n12345");

            assertThat(wire.readAll()).isIn("", " (reset)");
        }
        assertThat(api.count("freshet.refused", "reason", "slow")).isEqualTo(1);
    }

    @Test
    void restOfARefusedBody_thatTakesTooLong_endsItsConnection() throws IOException {
        try (Wire wire = api.wire()) {
            wire.send("PUT " + Api.entry("@no") + " HTTP/1.1\nHost: h\nContent-Length: 10\n\n12345");

            assertThat(wire.readAll()).startsWith("HTTP/1.1 400 ");
        }
        assertThat(api.count("freshet.refused", "reason", "slow")).isEqualTo(1);
    }

    @Test
    void connection_thatStandsIdle_ends() throws IOException {
        try (Wire wire = api.wire()) {
            assertThat(wire.readAll()).isIn("", " (reset)");
        }
        assertThat(api.count("freshet.refused", "reason", "slow")).isZero();
    }
}
