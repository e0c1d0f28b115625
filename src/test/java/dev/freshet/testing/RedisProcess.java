package dev.freshet.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import redis.embedded.core.ExecutableProvider;

/** A process of a Redis. */
final class RedisProcess extends RedisServer {

    private static final Duration READY_MAX = Duration.ofSeconds(10);
    private static final Path FOLDER = Tools.repository().resolve("target/redis");

    /** By how much the port of Redis 6.2 for other nodes of its cluster is higher than that for clients. */
    private static final int CLUSTER_PORT = 10_000;

    private final int port;
    private final ChildProcess process;

    RedisProcess() {
        this(List.of("--appendonly", "no"));
    }

    /** One that keeps what it holds in a folder. */
    RedisProcess(Path folder) {
        this(List.of(
                "--appendonly",
                "yes",
                "--appendfsync",
                "no",
                "--dir",
                folder.toAbsolutePath().toString()));
    }

    private RedisProcess(List<String> keeping) {
        this(RedisBuild.USUAL, keeping);
    }

    /** One with other arguments. */
    RedisProcess(RedisBuild build, List<String> keeping) {
        Path program = build.program();
        port = build.choosesClusterPort() ? Ports.free() : Ports.freeBelow(CLUSTER_PORT);
        List<String> arguments = new ArrayList<>(
                List.of(program.toString(), "--port", Integer.toString(port), "--bind", "127.0.0.1", "--save", ""));
        // A standby writes what it is sent to this file, and whoever started with it next would have it.
        arguments.addAll(List.of("--dbfilename", "redis-" + UUID.randomUUID() + ".rdb"));
        arguments.addAll(keeping);
        process = ChildProcess.start(new ChildProcess.Command(
                "redis", FOLDER.getParent(), Map.of(), FOLDER.resolve("redis-" + port + ".log"), arguments));
        awaitReady();
    }

    /** That of the jar. */
    static Path unpacked() {
        try {
            Files.createDirectories(FOLDER);
            return ExecutableProvider.newJarResourceProvider(FOLDER.toFile())
                    .get()
                    .toPath()
                    .toAbsolutePath();
        } catch (IOException e) {
            throw new UncheckedIOException("no redis-server on the PATH, nor one for this machine in the jar", e);
        }
    }

    private void awaitReady() {
        process.awaitReady(READY_MAX, () -> Ports.answers(port));
    }

    @Override
    public String uri() {
        return "redis://127.0.0.1:" + port;
    }

    @Override
    public void freeze() {
        process.freeze();
    }

    @Override
    public void thaw() {
        process.thaw();
    }

    @Override
    public void kill() {
        process.kill();
    }

    @Override
    public void restart() {
        process.restart();
        awaitReady();
    }

    @Override
    public void close() {
        process.kill();
    }
}
