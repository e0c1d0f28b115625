package dev.freshet.testing;

import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A Redis Cluster of three masters, and as many replicas of theirs if wanted: processes on the loopback interface. */
public final class RedisCluster implements AutoCloseable {
    /** How many masters it has; node {@code i + MASTERS} is the replica of node {@code i} at first. */
    public static final int MASTERS = 3;

    private static final int SLOTS = 16_384;
    private static final int KEYS_A_STEP = 20;

    private final Vertx vertx = Vertx.vertx();
    private final List<RedisServer> servers = new ArrayList<>();
    private final List<Redis> clients = new ArrayList<>();
    private final Path folder;
    private final String credentials;
    private final RedisBuild build;

    /**
     * Starts them, and returns when each node knows all others and every slot is served.
     *
     * @param replicas 0 or 3
     * @param credentials of an administrator, with the @, or empty
     * @param more arguments for every node
     */
    public RedisCluster(Path folder, int replicas, String credentials, List<String> more) {
        this(folder, replicas, credentials, () -> more, RedisBuild.USUAL);
        Tools.require("redis-server");
    }

    /**
     * One without replicas.
     *
     * @param more arguments for each node
     * @param build of which server
     */
    public RedisCluster(Path folder, Supplier<List<String>> more, RedisBuild build) {
        this(folder, 0, "", more, build);
    }

    private RedisCluster(Path folder, int replicas, String credentials, Supplier<List<String>> more, RedisBuild build) {
        this.folder = folder;
        this.credentials = credentials;
        this.build = build;
        for (int i = 0; i < MASTERS + replicas; i++) {
            start(more.get());
        }
        for (int i = 0; i < servers.size(); i++) {
            tell(i, "CLUSTER", "SET-CONFIG-EPOCH", Integer.toString(i + 1));
            if (i < MASTERS) {
                Stream<String> slots = IntStream.range(i * SLOTS / MASTERS, (i + 1) * SLOTS / MASTERS)
                        .mapToObj(Integer::toString);
                tell(i, Stream.concat(Stream.of("CLUSTER", "ADDSLOTS"), slots).toArray(String[]::new));
            }
            meet(i);
        }
        RedisGroup.await(this::allKnowAll);
        for (int i = MASTERS; i < servers.size(); i++) {
            tell(i, "CLUSTER", "REPLICATE", id(i - MASTERS));
        }
        RedisGroup.await(this::isWhole);
    }

    private void start(List<String> more) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> arguments = new ArrayList<>(List.of("--cluster-enabled", "yes", "--cluster-node-timeout", "1000"));
        if (build.choosesClusterPort()) {
            arguments.addAll(List.of("--cluster-port", Integer.toString(Ports.free())));
        }
        arguments.addAll(List.of(
                "--cluster-config-file",
                folder.resolve("nodes-" + UUID.randomUUID() + ".conf")
                        .toAbsolutePath()
                        .toString()));
        arguments.addAll(List.of("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"));
        arguments.addAll(more);
        RedisServer server = RedisServer.start(build, arguments);
        servers.add(server);
        clients.add(Redis.createClient(vertx, server.uri().replace("//", "//" + credentials)));
    }

    private void meet(int node) {
        if (node == 0) {
            return;
        }
        if (build.choosesClusterPort()) {
            String bus =
                    tell(0, "CONFIG", "GET", "cluster-port").get("cluster-port").toString();
            tell(node, "CLUSTER", "MEET", "127.0.0.1", Integer.toString(port(0)), bus);
        } else {
            tell(node, "CLUSTER", "MEET", "127.0.0.1", Integer.toString(port(0)));
        }
    }

    private boolean allKnowAll() {
        for (int i = 0; i < servers.size(); i++) {
            String info = tell(i, "CLUSTER", "INFO").toString();
            if (!info.contains("cluster_state:ok") || !info.contains("cluster_known_nodes:" + servers.size())) {
                return false;
            }
        }
        return true;
    }

    private boolean isWhole() {
        for (int i = MASTERS; i < servers.size(); i++) {
            if (!tell(i, "INFO", "replication").toString().contains("master_link_status:up")) {
                return false;
            }
        }
        return allKnowAll() && tell(0, "CLUSTER", "SLOTS").size() == MASTERS;
    }

    /** {@code redis+cluster://host:port,…}, of all nodes. */
    public String uri() {
        return "redis+cluster://"
                + servers.stream()
                        .map(server -> URI.create(server.uri()).getAuthority())
                        .collect(Collectors.joining(","));
    }

    /** One of the nodes: the masters first. */
    public RedisServer server(int node) {
        return servers.get(node);
    }

    /** The port of a node. */
    public int port(int node) {
        return URI.create(servers.get(node).uri()).getPort();
    }

    /** Sends a node a command. */
    public Response tell(int node, String... words) {
        Request request = Request.cmd(Command.create(words[0]));
        List.of(words).subList(1, words.length).forEach(request::arg);
        return Futures.await(clients.get(node).send(request));
    }

    private String id(int node) {
        return tell(node, "CLUSTER", "MYID").toString();
    }

    /** The slot of a key. */
    public int slot(String key) {
        return tell(0, "CLUSTER", "KEYSLOT", key).toInteger();
    }

    /** Which node has a slot, as a node sees it. */
    public int owner(int slot, int asked) {
        for (Response range : tell(asked, "CLUSTER", "SLOTS")) {
            if (range.get(0).toInteger() <= slot && slot <= range.get(1).toInteger()) {
                int port = range.get(2).get(1).toInteger();
                for (int i = 0; i < servers.size(); i++) {
                    if (port(i) == port) {
                        return i;
                    }
                }
            }
        }
        throw new IllegalStateException("slot " + slot + " is nobody's");
    }

    /** Begins to move a slot: from now on it is with both nodes. */
    public void beginMove(int slot, int from, int to) {
        tell(to, "CLUSTER", "SETSLOT", Integer.toString(slot), "IMPORTING", id(from));
        tell(from, "CLUSTER", "SETSLOT", Integer.toString(slot), "MIGRATING", id(to));
    }

    /** Moves what is in a slot. */
    public void moveKeys(int slot, int from, int to) {
        while (true) {
            Response keys =
                    tell(from, "CLUSTER", "GETKEYSINSLOT", Integer.toString(slot), Integer.toString(KEYS_A_STEP));
            if (keys.size() == 0) {
                return;
            }
            List<String> words = new ArrayList<>(
                    List.of("MIGRATE", "127.0.0.1", Integer.toString(port(to)), "", "0", "5000", "KEYS"));
            keys.forEach(key -> words.add(key.toString()));
            tell(from, words.toArray(String[]::new));
        }
    }

    /** Ends the move of a slot: the new one has it. */
    public void endMove(int slot, int from, int to) {
        for (int node : List.of(to, from)) {
            tell(node, "CLUSTER", "SETSLOT", Integer.toString(slot), "NODE", id(to));
        }
    }

    /** Moves a slot, as {@code redis-cli --cluster reshard} does. */
    public void move(int slot, int from, int to) {
        beginMove(slot, from, to);
        moveKeys(slot, from, to);
        endMove(slot, from, to);
    }

    /** kill -9 of all. */
    @Override
    public void close() {
        servers.forEach(RedisServer::close);
        Futures.await(vertx.close());
    }
}
