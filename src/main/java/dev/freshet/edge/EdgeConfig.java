package dev.freshet.edge;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What the listeners let in.
 *
 * @param tokens none if nobody is asked who they are
 * @param tls absent for plain HTTP
 * @param connectionsMax of the HTTP API at a time, 16 to 1000000; more are closed at once
 * @param requestsMax of the HTTP API that wait for something at a time, 16 to 1000000; reads beyond it are answered 503
 * @param streamsMax requests at a time on one connection of HTTP/2, 1 to 1000
 * @param headTimeout from the first byte of a request to the last of its head, 1s to 10m
 * @param bodyTimeout from the head of a request to the last byte of its body, and for a large body to leave, 1s to 1h
 * @param idleTimeout how long a connection may stay without a request, 1s to 1h
 */
public record EdgeConfig(
        List<Token> tokens,
        Optional<Tls> tls,
        int connectionsMax,
        int requestsMax,
        int streamsMax,
        Duration headTimeout,
        Duration bodyTimeout,
        Duration idleTimeout) {
    /** What an unconfigured gateway uses. */
    public static final EdgeConfig DEFAULT = new EdgeConfig(
            List.of(),
            Optional.empty(),
            32_768,
            32_768,
            100,
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofSeconds(75));

    /** Checks the ranges. */
    public EdgeConfig {
        tokens = List.copyOf(tokens);
        count("http.connections-max", connectionsMax, 16, 1_000_000);
        count("http.requests-max", requestsMax, 16, 1_000_000);
        count("http.streams-max", streamsMax, 1, 1_000);
        time("http.head-timeout", headTimeout, "10m");
        time("http.body-timeout", bodyTimeout, "1h");
        time("http.idle-timeout", idleTimeout, "1h");
    }

    private static void count(String key, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(key + " is " + least + " to " + most + ", was " + value);
        }
    }

    private static void time(String key, Duration value, String most) {
        Duration max = most.equals("1h") ? Duration.ofHours(1) : Duration.ofMinutes(10);
        if (value.toMillis() < 1_000 || value.compareTo(max) > 0) {
            throw new IllegalArgumentException(key + " is 1s to " + most + ", was " + value.toMillis() + "ms");
        }
    }

    /** The same for whoever holds these tokens, over this TLS. */
    public EdgeConfig with(List<Token> others, Optional<Tls> other) {
        return new EdgeConfig(
                others, other, connectionsMax, requestsMax, streamsMax, headTimeout, bodyTimeout, idleTimeout);
    }

    /** Whether there is something that tells who asks. */
    public boolean knowsClients() {
        return !tokens.isEmpty() || tls.flatMap(Tls::clientCa).isPresent();
    }
}
