package dev.freshet.bench;

import dev.freshet.edge.Scope;
import dev.freshet.edge.Token;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Servers of one entry on one core: Freshet, with metrics, limits and a token asked for, and what else one might put there. */
final class Servers implements AutoCloseable {
    private static final int LOAD_CPU = 1;

    private static final int SERVER_CPU = 0;

    /** Long, so that a pause of the machine is measured, and not the end of the bench. */
    private static final String REDIS_TIMEOUT = "10s";

    /** The client of the peer that has its entries in Redis, as npm has it. */
    static final String IOREDIS = "ioredis@6.0.0";

    /** Where its entries are. */
    static final String DEPLOYMENT = "/v1/apps/shop/deployments/v1";

    private static final String ENTRY = DEPLOYMENT + "/entries/entry";
    private static final Token.Minted TOKEN = Token.mint("bench", Set.of("*"), EnumSet.allOf(Scope.class));
    private static final List<String> BEARER = List.of("Authorization: Bearer " + TOKEN.secret());

    private final Deque<Child> children = new ArrayDeque<>();
    private final Path folder = Path.of("bench/target/load").toAbsolutePath();
    private final Path certificate = folder.resolve("tls.crt");
    private final Path certificateKey = folder.resolve("tls.key");
    private final int bytes;
    private final Child redis;
    private final Child bare;

    /**
     * One that is asked.
     *
     * @param fields of each request
     * @param isMissing whether each answer is to be 404, or none
     */
    record Subject(
            Child server, String scheme, String path, List<String> fields, boolean isMissing, List<String> script) {
        private Subject(Child server, String scheme, String path, List<String> fields) {
            this(server, scheme, path, fields, false, List.of());
        }

        /** The same at another path. */
        Subject at(String other) {
            return new Subject(server, scheme, other, fields, isMissing, script);
        }

        /** The same for what is not there. */
        Subject missing() {
            return new Subject(server, scheme, DEPLOYMENT + "/entries/missing", fields, true, script);
        }

        /** The same with one field more. */
        Subject with(String field) {
            List<String> more = new ArrayList<>(fields);
            more.add(field);
            return new Subject(server, scheme, path, more, isMissing, script);
        }

        /** The same with another field in each request. */
        Subject changing() {
            return new Subject(server, scheme, path, fields, isMissing, List.of("bench/load/ids.lua"));
        }

        /** The validator of the entry, by which it is answered 304. Not by TLS. */
        String etag() throws IOException {
            try (Loopback connection = new Loopback(server.port())) {
                String head = connection.ask(get(path)).head();
                String etag = head.replaceAll("(?si).*\\netag: ([^\\r]*).*", "$1");
                connection.ask(Loopback.request("GET", path, "", BEARER.getFirst(), "If-None-Match: " + etag), 304);
                return etag;
            }
        }

        /** The command by which a program on the second core asks for it. */
        List<String> askedBy(List<String> program, List<String> arguments) {
            List<String> command = new ArrayList<>(List.of("taskset", "-c", Integer.toString(LOAD_CPU)));
            command.addAll(program);
            fields.forEach(field -> command.addAll(List.of("-H", field)));
            command.add(scheme + "://127.0.0.1:" + server.port() + path);
            command.addAll(arguments);
            return command;
        }
    }

    /**
     * None yet.
     *
     * @param bytes of the entry
     */
    Servers(int bytes) throws IOException, InterruptedException {
        this.bytes = bytes;
        clean();
        redis = started(Child.redis(LOAD_CPU));
        bare = bare("epoll");
    }

    /** Freshet that has the entry near, by epoll as it is without being told. */
    Subject near() throws IOException, InterruptedException {
        return freshet(Map.of());
    }

    /** The same, which listens on a Unix socket as well. */
    Subject near(Path socket) throws IOException, InterruptedException {
        return freshet(Map.of("FRESHET_HTTP_SOCKET", socket.toString()));
    }

    /** The same with a heap of 128 MiB, and 48 MiB of near copies. */
    Subject small() throws IOException, InterruptedException {
        Map<String, String> settings = Map.of("FRESHET_NEAR_BYTES", "48MiB");
        return new Subject(replica("128m", settings), "http", ENTRY, BEARER);
    }

    /** The same by io_uring. */
    Subject nearByIoUring() throws IOException, InterruptedException {
        return freshet(Map.of("FRESHET_TRANSPORT", "io_uring"));
    }

    /** The same by TLS, with a certificate of its own making. */
    Subject nearByTls() throws IOException, InterruptedException {
        certify();
        Map<String, String> settings =
                Map.of("FRESHET_TLS_CERT", certificate.toString(), "FRESHET_TLS_KEY", certificateKey.toString());
        return new Subject(replica(settings), "https", ENTRY, BEARER);
    }

    /** Makes the certificate by which servers speak TLS, once: a replica takes another one on when it sees it. */
    private void certify() throws IOException, InterruptedException {
        if (Files.exists(certificate)) {
            return;
        }
        Processes.output(List.of(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
                "-keyout",
                certificateKey.toString(),
                "-out",
                certificate.toString()));
    }

    /** Freshet that reads the entry from Redis each time. */
    Subject store() throws IOException, InterruptedException {
        return freshet(Map.of("FRESHET_NEAR_BYTES", "0"));
    }

    /** A Vert.x handler that does nothing else. */
    Subject bare() {
        return new Subject(bare, "http", "/entry", List.of());
    }

    /** The same by io_uring. */
    Subject bareByIoUring() throws IOException, InterruptedException {
        return new Subject(bare("io_uring"), "http", "/entry", List.of());
    }

    /** The same by epoll and TLS. */
    Subject bareByTls() throws IOException, InterruptedException {
        certify();
        return new Subject(bare("epoll", certificate.toString(), certificateKey.toString()), "https", "/entry", List.of());
    }

    /** The peers that are installed, by name. */
    Map<String, Subject> peers() throws IOException, InterruptedException {
        Map<String, Subject> peers = new LinkedHashMap<>();
        peers.put("node http, Map", peer(port -> List.of("node", "bench/peers/map.mjs", port, length())));
        peers.putAll(nginx());
        String instance = folder.resolve("varnish").toString();
        peers.putAll(peer(
                "varnish",
                "varnishd",
                port -> List.of(
                        "varnishd",
                        "-F",
                        "-n",
                        instance,
                        "-a",
                        "127.0.0.1:" + port,
                        "-s",
                        "malloc,64m",
                        "-f",
                        made("varnish.vcl", port))));
        return peers;
    }

    /** nginx, if it is installed. */
    Map<String, Subject> nginx() throws IOException, InterruptedException {
        return peer(
                "nginx proxy_cache",
                "nginx",
                port -> List.of("nginx", "-p", folder.toString(), "-c", made("nginx.conf", port)));
    }

    /** The peers that have the entry in Redis, by name. */
    Map<String, Subject> storePeers() throws IOException, InterruptedException {
        Processes.output(List.of("redis-cli", "-p", Integer.toString(redis.port()), "SET", "entry", "x".repeat(bytes)));
        Map<String, Subject> peers = new LinkedHashMap<>();
        peer("webdis", "webdis", port -> List.of("webdis", made("webdis.json", port)))
                .forEach((name, webdis) -> peers.put(name, webdis.at("/GET/entry.txt")));
        Path modules = Path.of("bench/target/peers");
        Processes.npm(modules, IOREDIS);
        String redisPort = Integer.toString(redis.port());
        peers.put(
                "node http, ioredis",
                peer(port -> List.of("node", "bench/peers/ioredis.mjs", port, redisPort, modules.toString())));
        return peers;
    }

    private Child bare(String... arguments) throws IOException, InterruptedException {
        return started(Child.serving(SERVER_CPU, port -> {
            List<String> command = new ArrayList<>(List.of(
                    Processes.java(),
                    "-Xmx256m",
                    "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Bare.class.getName(),
                    port,
                    length()));
            command.addAll(List.of(arguments));
            return command;
        }));
    }

    /** Writes the entry, and reads it until it is as it will be. */
    private Subject freshet(Map<String, String> settings) throws IOException, InterruptedException {
        Child replica = replica(settings);
        try (Loopback connection = new Loopback(replica.port())) {
            put(connection, ENTRY, bytes);
            for (int i = 0; i < 1_000; i++) {
                connection.ask(get(ENTRY), 200);
            }
        }
        return new Subject(replica, "http", ENTRY, BEARER);
    }

    /** The script by which wrk asks for a kind of requests, and its arguments. */
    static List<String> asking(String kind, int keys, int bytes) {
        return List.of("bench/load/kinds.lua", kind, Integer.toString(keys), Integer.toString(bytes));
    }

    /** Writes entries that a kind of requests is about. */
    void fill(Subject subject, String kind, int keys) throws IOException {
        try (Loopback connection = new Loopback(subject.server.port())) {
            for (int i = 0; i < keys; i++) {
                put(connection, DEPLOYMENT + "/entries/" + kind + i, bytes);
            }
        }
    }

    /** Writes an entry. */
    static void put(Loopback connection, String path, int bytes) throws IOException {
        Loopback.Answer put = connection.ask(Loopback.request("PUT", path, "x".repeat(bytes), BEARER.getFirst()));
        if (put.status() >= 300) {
            throw new IOException(put.head());
        }
    }

    private static byte[] get(String path) {
        return Loopback.request("GET", path, "", BEARER.getFirst());
    }

    private Child replica(Map<String, String> settings) throws IOException, InterruptedException {
        return replica("256m", settings);
    }

    private Child replica(String heap, Map<String, String> settings) throws IOException, InterruptedException {
        Map<String, String> environment = new LinkedHashMap<>(settings);
        environment.put("FRESHET_ACCESS_TOKENS", TOKEN.token().line());
        environment.put("FRESHET_REDIS_TIMEOUT", REDIS_TIMEOUT);
        return started(Child.replica(redis, SERVER_CPU, heap, environment));
    }

    private Subject peer(Child.Listening command) throws IOException, InterruptedException {
        return new Subject(started(Child.serving(SERVER_CPU, command)), "http", "/entry", List.of());
    }

    private Map<String, Subject> peer(String name, String program, Child.Listening command)
            throws IOException, InterruptedException {
        return isThere(program) ? Map.of(name, peer(command)) : Map.of();
    }

    private String length() {
        return Integer.toString(bytes);
    }

    private Child started(Child child) {
        children.push(child);
        return child;
    }

    private void clean() throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
        Files.createDirectories(folder);
    }

    private static boolean isThere(String program) {
        return Stream.of("/usr/sbin", "/usr/bin", "/usr/local/bin")
                .anyMatch(place -> Files.isExecutable(Path.of(place, program)));
    }

    /** A peer's configuration, made from the one in {@code bench/peers}. */
    private String made(String name, String port) throws IOException {
        String text = Files.readString(Path.of("bench/peers", name))
                .replace("REDIS", Integer.toString(redis.port()))
                .replace("PORT", port)
                .replace("ORIGIN", Integer.toString(bare.port()))
                .replace("DIR", folder.toString());
        return Files.writeString(folder.resolve(name), text).toString();
    }

    @Override
    public void close() {
        while (!children.isEmpty()) {
            children.pop().close();
        }
    }
}
