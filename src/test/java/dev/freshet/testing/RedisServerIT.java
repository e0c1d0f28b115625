package dev.freshet.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class RedisServerIT {

    private static final int ANSWER_MS_MAX = 2_000;
    private static final int SILENCE_MS = 200;

    @Test
    void start_answersAndEndsWithItsObject() throws IOException {
        RedisServer redis = RedisServer.start();
        assertThat(ping(redis, ANSWER_MS_MAX)).isEqualTo("+PONG");
        redis.close();

        assertThatThrownBy(() -> ping(redis, ANSWER_MS_MAX)).isInstanceOf(IOException.class);
    }

    @Test
    void freeze_answersNothingUntilThawed() throws IOException {
        try (RedisServer redis = RedisServer.start()) {
            redis.freeze();
            assertThatThrownBy(() -> ping(redis, SILENCE_MS)).isInstanceOf(SocketTimeoutException.class);
            redis.thaw();

            assertThat(ping(redis, ANSWER_MS_MAX)).isEqualTo("+PONG");
        }
    }

    @Test
    void restart_afterKill_answersOnTheSamePort() throws IOException {
        try (RedisServer redis = RedisServer.start()) {
            String uri = redis.uri();
            redis.kill();
            assertThatThrownBy(() -> ping(redis, ANSWER_MS_MAX)).isInstanceOf(IOException.class);
            redis.restart();

            assertThat(redis.uri()).isEqualTo(uri);
            assertThat(ping(redis, ANSWER_MS_MAX)).isEqualTo("+PONG");
        }
    }

    private static String ping(RedisServer redis, int ms) throws IOException {
        URI uri = URI.create(redis.uri());
        try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
            socket.setSoTimeout(ms);
            socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
            return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
                    .readLine();
        }
    }
}
