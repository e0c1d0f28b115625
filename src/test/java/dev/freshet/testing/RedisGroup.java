package dev.freshet.testing;

import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/**
 * A Redis, its standby, and three Sentinels that name the standby in its place when it is dead or frozen: five processes on the
 * loopback interface. Which of the two is the master changes.
 */
public final class RedisGroup implements AutoCloseable {
    /** After how long without an answer the Sentinels begin to replace a master. */
    public static final Duration DOWN_AFTER = Duration.ofMillis(500);

    private static final String MASTER = "mymaster";
    private static final int SENTINELS = 3;
    private static final Duration READY_MAX = Duration.ofSeconds(30);

    private final Vertx vertx = Vertx.vertx();
    private final Secrets secrets;
    private final List<RedisServer> servers = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();
    private final List<ChildProcess> sentinels = new ArrayList<>();

    /**
     * What is to be known.
     *
     * @param redis the password of both servers, empty for none
     * @param sentinels the password of the Sentinels, empty for none
     */
    public record Secrets(String redis, String sentinels) {
        /** Nothing. */
        public static final Secrets NONE = new Secrets("", "");
    }

    /** Starts them, and returns when each Sentinel knows all others. */
    public RedisGroup(Path folder, Secrets secrets) {
        this.secrets = secrets;
        servers.add(RedisServer.startWith(arguments()));
        List<String> following = arguments();
        following.addAll(List.of("--replicaof", "127.0.0.1 " + port(0)));
        servers.add(RedisServer.startWith(following));
        for (int i = 0; i < SENTINELS; i++) {
            sentinels.add(sentinel(folder));
        }
        await(() -> isSynced(1) && ports.stream().allMatch(this::knowsAll));
    }

    private List<String> arguments() {
        List<String> arguments = new ArrayList<>(List.of("--repl-diskless-sync-delay", "0", "--repl-timeout", "2"));
        arguments.addAll(List.of("--repl-ping-replica-period", "1"));
        if (!secrets.redis.isEmpty()) {
            arguments.addAll(List.of("--requirepass", secrets.redis, "--masterauth", secrets.redis));
        }
        return arguments;
    }

    private ChildProcess sentinel(Path folder) {
        int port = Ports.free();
        List<String> lines = new ArrayList<>(List.of(
                "port " + port,
                "bind 127.0.0.1",
                "dir \"" + folder.toAbsolutePath() + "\"",
                "sentinel monitor " + MASTER + " 127.0.0.1 " + port(0) + " 2",
                "sentinel down-after-milliseconds " + MASTER + " " + DOWN_AFTER.toMillis(),
                "sentinel failover-timeout " + MASTER + " 6000"));
        if (!secrets.redis.isEmpty()) {
            lines.add("sentinel auth-pass " + MASTER + " " + secrets.redis);
        }
        if (!secrets.sentinels.isEmpty()) {
            lines.add("requirepass " + secrets.sentinels);
        }
        ports.add(port);
        return sentinel(folder, port, lines);
    }

    /** Starts one with a configuration of the test's own, and returns when it listens. */
    public static ChildProcess sentinel(Path folder, int port, List<String> lines) {
        try {
            Files.createDirectories(folder);
            Path file = Files.write(folder.resolve("sentinel-" + port + ".conf"), lines);
            return ChildProcess.start(new ChildProcess.Command(
                            "sentinel",
                            folder,
                            Map.of(),
                            folder.resolve("sentinel-" + port + ".log"),
                            List.of(RedisBuild.USUAL.program().toString(), file.toString(), "--sentinel")))
                    .awaitReady(READY_MAX, () -> Ports.answers(port));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean knowsAll(int sentinel) {
        Response about = ask("redis://127.0.0.1:" + sentinel, secrets.sentinels, Command.SENTINEL, "MASTER", MASTER);
        return about.get("num-other-sentinels").toInteger() == SENTINELS - 1
                && about.get("num-slaves").toInteger() == 1
                && about.get("flags").toString().equals("master");
    }

    /** Returns when a condition holds. */
    public static void await(Callable<Boolean> condition) {
        Awaitility.await()
                .atMost(READY_MAX)
                .pollInterval(Duration.ofMillis(20))
                .ignoreExceptions()
                .until(condition);
    }

    /** {@code redis+sentinel://host:port,…/mymaster}. */
    public String uri() {
        return "redis+sentinel://"
                + ports.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(",")) + "/" + MASTER;
    }

    /** One of the two servers: 0 was the master at first, 1 its standby. */
    public RedisServer server(int index) {
        return servers.get(index);
    }

    /** Where a server listens. */
    public int port(int index) {
        return URI.create(servers.get(index).uri()).getPort();
    }

    /** Which server the Sentinels name: -1 while they do not agree. */
    public int named() {
        List<Integer> named = ports.stream()
                .map(port -> ask(
                                "redis://127.0.0.1:" + port,
                                secrets.sentinels,
                                Command.SENTINEL,
                                "GET-MASTER-ADDR-BY-NAME",
                                MASTER)
                        .get(1)
                        .toInteger())
                .distinct()
                .toList();
        return named.size() > 1 ? -1 : named.getFirst() == port(0) ? 0 : 1;
    }

    /** Whether a server is a standby that has what its master has, and that the Sentinels may take. */
    public boolean isSynced(int index) {
        String info = tell(index, "INFO", "replication").toString();
        return info.contains("role:slave") && info.contains("master_link_status:up");
    }

    /** Sends a server a command. */
    public Response tell(int index, String... words) {
        List<String> arguments = List.of(words).subList(1, words.length);
        return ask(servers.get(index).uri(), secrets.redis, Command.create(words[0]), arguments.toArray(String[]::new));
    }

    /**
     * Has the Sentinels make the standby the master, as an operator would: asks until they do, for they refuse with
     * {@code NOGOODSLAVE} for some seconds after a standby came back, whatever it says of itself.
     */
    public void failOver() {
        String sentinel = "redis://127.0.0.1:" + ports.getFirst();
        await(() -> ask(sentinel, secrets.sentinels, Command.SENTINEL, "FAILOVER", MASTER) != null);
    }

    private Response ask(String uri, String password, Command command, String... arguments) {
        RedisOptions options = new RedisOptions().setConnectionString(uri);
        if (!password.isEmpty()) {
            options.setPassword(password);
        }
        Redis client = Redis.createClient(vertx, options);
        try {
            Request request = Request.cmd(command);
            List.of(arguments).forEach(request::arg);
            return Futures.await(client.send(request));
        } finally {
            client.close();
        }
    }

    /** kill -9 of all. */
    @Override
    public void close() {
        sentinels.forEach(ChildProcess::kill);
        servers.forEach(RedisServer::close);
        Futures.await(vertx.close());
    }
}
