package dev.freshet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.entry.Key;
import dev.freshet.testing.Futures;
import dev.freshet.testing.GatewayProcess;
import dev.freshet.testing.RedisServer;
import dev.freshet.testing.Web;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two replicas as they are shipped, on one Redis: one compresses by libzstd, the other does not, and has the same in Java. */
class CompressionIT {
    private static final String TEXT = "<li>Größe</li>\n".repeat(40_000);

    /** No folder to unpack libzstd into, as in the image. */
    private static final String NOWHERE = "-Djava.io.tmpdir=/nowhere";

    @TempDir
    Path folder;

    private GatewayProcess replica(String name, RedisServer redis, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.merge("JDK_JAVA_OPTIONS", "-Xlog:class+load:file=" + classes(name), (one, other) -> one + " " + other);
        return new GatewayProcess(name, redis.uri(), folder, all).awaitReady();
    }

    private Path classes(String name) {
        return folder.resolve(name + ".classes");
    }

    private boolean hasLoadedTheLibrary(String name) throws IOException {
        return Files.readString(classes(name)).contains("io.airlift.");
    }

    private static String entry(GatewayProcess replica, String key) {
        return replica.url() + "/v1/apps/shop/deployments/v1/entries/" + key;
    }

    private static void put(GatewayProcess replica, String key) {
        assertThat(Web.send(Web.to(entry(replica, key)).PUT(BodyPublishers.ofString(TEXT)))
                        .statusCode())
                .isEqualTo(201);
    }

    private static HttpResponse<String> get(GatewayProcess replica, String key) {
        return Web.send(Web.to(entry(replica, key)));
    }

    private static long bytesInRedis(RedisServer redis, String key) {
        Vertx vertx = Vertx.vertx();
        String name = "freshet:e:{shop/v1/" + Key.of("shop", "v1", key).digest() + "}";
        Redis client = Redis.createClient(vertx, redis.uri());
        long bytes = 0;
        for (String field : List.of("b", "B")) {
            bytes += Futures.await(
                            client.send(Request.cmd(Command.HSTRLEN).arg(name).arg(field)))
                    .toLong();
        }
        Futures.await(vertx.close());
        return bytes;
    }

    @Test
    void fleet_oneCompresses_readsWhatEitherWrote() throws IOException {
        long bytes = TEXT.getBytes(StandardCharsets.UTF_8).length;
        try (RedisServer redis = RedisServer.start();
                GatewayProcess one = replica("one", redis, Map.of("FRESHET_STORE_COMPRESSION", "zstd"));
                GatewayProcess other = replica("other", redis, Map.of("JDK_JAVA_OPTIONS", NOWHERE))) {
            put(other, "plain");
            assertThat(get(other, "plain").body()).isEqualTo(TEXT);
            assertThat(get(other, "plain").body()).isEqualTo(TEXT);
            assertThat(hasLoadedTheLibrary("other")).isFalse();
            assertThat(bytesInRedis(redis, "plain")).isEqualTo(bytes);

            put(one, "coded");
            assertThat(hasLoadedTheLibrary("one")).isTrue();
            assertThat(bytesInRedis(redis, "coded")).isLessThan(bytes / 10);
            for (GatewayProcess replica : new GatewayProcess[] {one, other, one, other}) {
                assertThat(get(replica, "coded").body()).isEqualTo(TEXT);
                assertThat(get(replica, "plain").body()).isEqualTo(TEXT);
            }
            assertThat(get(one, "coded").headers().firstValue("ETag"))
                    .isEqualTo(get(other, "coded").headers().firstValue("ETag"));
            assertThat(hasLoadedTheLibrary("other"))
                    .as("it has read what is compressed")
                    .isTrue();
            assertThat(one.tail()).doesNotContain("WARN");
        }
    }
}
