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
    private static final String ENTRY = "/v1/apps/shop/deployments/v1/entries/entry";
    private static final Token.Minted TOKEN = Token.mint("bench", Set.of("*"), EnumSet.allOf(Scope.class));
    private static final List<String> BEARER = List.of("Authorization: Bearer " + TOKEN.secret());

    private final Deque<Child> children = new ArrayDeque<>();
    private final Path folder = Path.of("bench/target/load").toAbsolutePath();
    private final int bytes;
    private final Child redis;
    private final Child bare;

    /**
     * One that is asked.
     *
     * @param fields of each request
     */
    record Subject(Child server, String scheme, String path, List<String> fields) {
        /** The command by which a program on the second core asks for it. */
        List<String> askedBy(String... program) {
            List<String> command = new ArrayList<>(List.of("taskset", "-c", Integer.toString(LOAD_CPU)));
            command.addAll(List.of(program));
            fields.forEach(field -> command.addAll(List.of("-H", field)));
            command.add(scheme + "://127.0.0.1:" + server.port() + path);
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

    /** The same by io_uring. */
    Subject nearByIoUring() throws IOException, InterruptedException {
        return freshet(Map.of("FRESHET_TRANSPORT", "io_uring"));
    }

    /** The same by TLS, with a certificate of its own making. */
    Subject nearByTls() throws IOException, InterruptedException {
        String key = folder.resolve("tls.key").toString();
        String certificate = folder.resolve("tls.crt").toString();
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
                key,
                "-out",
                certificate));
        Child replica = replica(Map.of("FRESHET_TLS_CERT", certificate, "FRESHET_TLS_KEY", key));
        return new Subject(replica, "https", ENTRY, BEARER);
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

    /** The peers that are installed, by name. */
    Map<String, Subject> peers() throws IOException, InterruptedException {
        Map<String, Subject> peers = new LinkedHashMap<>();
        peers.put(
                "node http, Map", peer(port -> List.of("node", "bench/peers/map.mjs", port, Integer.toString(bytes))));
        if (isThere("nginx")) {
            peers.put(
                    "nginx proxy_cache",
                    peer(port -> List.of("nginx", "-p", folder.toString(), "-c", made("nginx.conf", port))));
        }
        if (isThere("varnishd")) {
            String instance = folder.resolve("varnish").toString();
            peers.put(
                    "varnish",
                    peer(port -> List.of(
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
        }
        return peers;
    }

    /** The peers that have the entry in Redis, by name. */
    Map<String, Subject> storePeers() throws IOException, InterruptedException {
        if (!isThere("webdis")) {
            return Map.of();
        }
        Processes.output(
                List.of("redis-cli", "-p", Integer.toString(redis.port()), "SET", "webdis-entry", "x".repeat(bytes)));
        Subject webdis = peer(port -> List.of("webdis", made("webdis.json", port)));
        return Map.of("webdis", new Subject(webdis.server, "http", "/GET/webdis-entry.txt", List.of()));
    }

    private Child bare(String transport) throws IOException, InterruptedException {
        return started(Child.serving(
                SERVER_CPU,
                port -> List.of(
                        Processes.java(),
                        "-Xmx256m",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Bare.class.getName(),
                        port,
                        Integer.toString(bytes),
                        transport)));
    }

    /** Writes the entry, and reads it until it is as it will be. */
    private Subject freshet(Map<String, String> settings) throws IOException, InterruptedException {
        Child replica = replica(settings);
        String bearer = BEARER.getFirst();
        try (Loopback connection = new Loopback(replica.port())) {
            Loopback.Answer put = connection.ask(Loopback.request("PUT", ENTRY, "x".repeat(bytes), bearer));
            if (put.status() >= 300) {
                throw new IOException(put.head());
            }
            for (int i = 0; i < 1_000; i++) {
                connection.ask(Loopback.request("GET", ENTRY, "", bearer), 200);
            }
        }
        return new Subject(replica, "http", ENTRY, BEARER);
    }

    private Child replica(Map<String, String> settings) throws IOException, InterruptedException {
        Map<String, String> environment = new LinkedHashMap<>(settings);
        environment.put("FRESHET_ACCESS_TOKENS", TOKEN.token().line());
        return started(Child.replica(redis, SERVER_CPU, environment));
    }

    private Subject peer(Child.Listening command) throws IOException, InterruptedException {
        return new Subject(started(Child.serving(SERVER_CPU, command)), "http", "/entry", List.of());
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
