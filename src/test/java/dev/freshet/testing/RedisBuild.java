package dev.freshet.testing;

import java.nio.file.Path;

/** Which server a test runs. */
public enum RedisBuild {
    /** The {@code redis-server} of the PATH, else that in the embedded-redis jar. */
    USUAL {
        @Override
        Path program() {
            return Tools.find("redis-server").orElseGet(RedisProcess::unpacked);
        }
    },
    /** The oldest that Freshet serves on: Redis 6.2, that in the embedded-redis jar. */
    OLDEST {
        @Override
        Path program() {
            return RedisProcess.unpacked();
        }
    },
    /** Valkey, of the PATH. Where there is none the test is skipped, in CI as well: not every Debian has a package of it. */
    VALKEY {
        @Override
        Path program() {
            return Tools.find("valkey-server").orElseGet(() -> Tools.skip("valkey-server is not on the PATH"));
        }
    };

    abstract Path program();

    /** Whether the ports for other nodes of its cluster can be chosen. */
    boolean choosesClusterPort() {
        return this != OLDEST;
    }
}
