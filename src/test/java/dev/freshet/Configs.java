package dev.freshet;

import dev.freshet.edge.EdgeConfig;
import dev.freshet.edge.Token;
import dev.freshet.entry.Coding;
import dev.freshet.http.HttpConfig;
import dev.freshet.ops.OpsConfig;
import dev.freshet.redis.RedisConfig;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Configurations of replicas that a test starts, with ports that the system chooses. */
final class Configs {
    private Configs() {}

    /** One of a fleet on a Redis. */
    static Config on(String redisUri) {
        return on(redisUri, List.of());
    }

    /** One of a fleet on a Redis, which compresses what is written to it. */
    static Config compressing(String redisUri) {
        Config usual = on(redisUri);
        HttpConfig http = usual.http();
        return of(
                new HttpConfig(
                        http.host(),
                        http.port(),
                        http.bodyBytesMax(),
                        http.bodiesBytesMax(),
                        Coding.ZSTD,
                        http.eventStreamsMax(),
                        http.socket(),
                        http.socketMode()),
                usual.edge(),
                usual.redis());
    }

    /** One of a fleet on a Redis, which lets in the bearers of some tokens. */
    static Config on(String redisUri, List<Token> tokens) {
        return of(
                new HttpConfig("127.0.0.1", 0, 1 << 20),
                Config.DEFAULT.edge().with(tokens, Optional.empty()),
                Optional.of(new RedisConfig(redisUri, Duration.ofSeconds(2), 4_096)));
    }

    /** The default but for what is given. */
    static Config of(HttpConfig http, EdgeConfig edge, Optional<RedisConfig> redis) {
        Config usual = Config.DEFAULT;
        return new Config(
                http,
                new OpsConfig("127.0.0.1", 0),
                edge,
                redis,
                usual.near(),
                usual.lease(),
                usual.coherence(),
                usual.drain(),
                usual.storeBytes(),
                usual.transport(),
                usual.logLevel(),
                usual.logFormat());
    }
}
