package dev.freshet.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.testcontainers.DockerClientFactory;

/**
 * A Redis of a test's own, on the loopback interface.
 *
 * <p>It is the server that {@code FRESHET_TEST_REDIS} names, else a container where Docker runs, else the {@code
 * redis-server} of the PATH, else the one in the embedded-redis jar. A server that was named is not the test's to stop:
 * tests that do so are skipped.
 */
public abstract sealed class RedisServer implements AutoCloseable permits RedisProcess, RedisContainer, RedisGiven {

    public static RedisServer start() {
        Optional<String> given =
                Optional.ofNullable(System.getenv("FRESHET_TEST_REDIS")).filter(uri -> !uri.isBlank());
        if (given.isPresent()) {
            return new RedisGiven(given.get());
        }
        return dockerRuns() ? new RedisContainer() : new RedisProcess();
    }

    /**
     * A process of {@code redis-server} that writes what it holds to a folder, and has it again after {@link #restart}. A test
     * may change the folder while the process is dead. Neither a container nor a server that was named will do here.
     */
    public static RedisServer startKept(Path folder) {
        return new RedisProcess(folder);
    }

    /** A process of {@code redis-server} with arguments of the test's own. */
    public static RedisServer startWith(List<String> arguments) {
        return start(RedisBuild.USUAL, arguments);
    }

    /** A process of a server of the test's choice, with arguments of its own. */
    public static RedisServer start(RedisBuild build, List<String> arguments) {
        return new RedisProcess(build, arguments);
    }

    /** Testcontainers is asked only where there may be an engine: where there is none it says so at length. */
    private static boolean dockerRuns() {
        boolean maybe = System.getenv("DOCKER_HOST") != null || Files.exists(Path.of("/var/run/docker.sock"));
        return maybe && DockerClientFactory.instance().isDockerAvailable();
    }

    /** {@code redis://127.0.0.1:…}. The same for as long as the object lives. */
    public abstract String uri();

    /** Stops it in its tracks: it keeps its connections and answers nothing, until {@link #thaw}. */
    public abstract void freeze();

    public abstract void thaw();

    /** Ends it at once, with all it holds. */
    public abstract void kill();

    /** Starts it anew on the same port, empty unless it is {@linkplain #startKept kept}. */
    public abstract void restart();

    @Override
    public abstract void close();
}
