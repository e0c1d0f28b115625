package dev.freshet.fleet;

import dev.freshet.testing.ChildProcess;
import dev.freshet.testing.Ports;
import dev.freshet.testing.Tools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The app of {@code src/test/next-app}, built three times: twice for Freshet, as two deployments, and once for Next's own
 * handlers. Kept in {@code target/fleet} and made again only when the app or the adapter has changed.
 */
final class NextBuild {

    /** The builds there are. A deployment is named as its build. */
    enum Of {
        /** For Freshet. While it is built a socket stands where the gateway would, and counts. */
        ALPHA,
        /** For Freshet. While it is built nobody listens where the gateway would. */
        BETA,
        /** For the handlers that are built into Next. */
        BUILT_IN;

        String deployment() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static final Duration INSTALL_MAX = Duration.ofMinutes(5);
    private static final Duration BUILD_MAX = Duration.ofMinutes(5);
    private static final Path FLEET = Tools.repository().resolve("target/fleet");
    private static final Path APP = FLEET.resolve("app");
    private static final Path BUILT = FLEET.resolve("built");
    private static final Path ADAPTER = Tools.repository().resolve("src/main/js");
    private static final Path SOURCE = Tools.repository().resolve("src/test/next-app");
    static final Path LOGS = FLEET.resolve("logs");

    private NextBuild() {}

    /** Builds what is missing or out of date. Without Node the test is skipped, or fails where CI=true. */
    static synchronized void make() {
        Path node = Tools.require("node");
        Path npm = Tools.require("npm");
        String lock = Folders.digest(List.of(SOURCE.resolve("package-lock.json")), node.toString());
        if (!Folders.isStamped(APP.resolve("node_modules"), lock)) {
            Folders.delete(FLEET);
            Folders.copySources(SOURCE, APP);
            /*
             * Not "npm ci": that refuses a lock without the compilers of every platform, and a registry need not
             * have them all. What the lock does name is installed as it says.
             */
            run(
                    "npm-install",
                    APP,
                    INSTALL_MAX,
                    Map.of(),
                    List.of(npm.toString(), "install", "--no-audit", "--no-fund"));
            Folders.stamp(APP.resolve("node_modules"), lock);
        }
        String inputs = Folders.digest(List.of(SOURCE, ADAPTER), lock);
        if (!Folders.isStamped(BUILT, inputs)) {
            Folders.delete(BUILT);
            Folders.delete(LOGS);
            Folders.deleteSources(APP);
            Folders.copySources(SOURCE, APP);
            installAdapter(npm);
            buildCounting(node);
            build(node, Of.BETA, "http://127.0.0.1:" + Ports.free());
            build(node, Of.BUILT_IN, "");
            Folders.stamp(BUILT, inputs);
        }
    }

    /** Puts the adapter into node_modules as it would be published: what {@code npm pack} takes, and nothing else. */
    private static void installAdapter(Path npm) {
        Path package_ = FLEET.resolve("package");
        Path target = APP.resolve("node_modules/freshet-next");
        Folders.delete(package_);
        Folders.create(package_);
        run(
                "npm-pack",
                ADAPTER,
                INSTALL_MAX,
                Map.of(),
                List.of(npm.toString(), "pack", "--pack-destination", package_.toString()));
        Path archive = Folders.only(package_);
        Folders.delete(target);
        Folders.create(target);
        run(
                "unpack",
                target,
                INSTALL_MAX,
                Map.of(),
                List.of(Tools.require("tar").toString(), "xzf", archive.toString(), "--strip-components=1"));
    }

    private static void buildCounting(Path node) {
        AtomicInteger connections = new AtomicInteger();
        try (ServerSocket gateway = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> count(gateway, connections));
            build(node, Of.ALPHA, "http://127.0.0.1:" + gateway.getLocalPort());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Folders.write(connectionsFile(), connections.toString());
    }

    private static void count(ServerSocket gateway, AtomicInteger connections) {
        while (!gateway.isClosed()) {
            try {
                gateway.accept().close();
                connections.incrementAndGet();
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private static void build(Path node, Of build, String gatewayUrl) {
        run(
                "build-" + build.deployment(),
                APP,
                BUILD_MAX,
                environment(build, gatewayUrl),
                List.of(node.toString(), "node_modules/next/dist/bin/next", "build"));
        Folders.copyOutput(APP.resolve(".next"), BUILT.resolve(build.deployment()));
    }

    /** What the environment says of a build, while it is made and when it is started. */
    static Map<String, String> environment(Of build, String gatewayUrl) {
        Map<String, String> environment = new HashMap<>();
        environment.put("NEXT_DEPLOYMENT_ID", build.deployment());
        environment.put("NEXT_TELEMETRY_DISABLED", "1");
        if (build != Of.BUILT_IN) {
            environment.put("FRESHET", "1");
            environment.put("FRESHET_URL", gatewayUrl);
            environment.put("FRESHET_APP", Fleet.APP);
            environment.put("FRESHET_DEADLINE_MS", "5000"); // a busy machine is no gateway that is down
        }
        return environment;
    }

    private static void run(
            String name, Path folder, Duration max, Map<String, String> environment, List<String> arguments) {
        ChildProcess.start(new ChildProcess.Command(name, folder, environment, LOGS.resolve(name + ".log"), arguments))
                .awaitSuccess(max);
    }

    /** How many connections the gateway's place saw while {@link Of#ALPHA} was built. */
    static int connectionsOfBuild() {
        return Integer.parseInt(Folders.read(connectionsFile()));
    }

    private static Path connectionsFile() {
        return BUILT.resolve("connections");
    }

    static Path app() {
        return APP;
    }

    /** A folder to start {@code build} in, with a copy of its output, as on a machine of its own. */
    static Path unpack(Of build, String process) {
        Path folder = FLEET.resolve("run").resolve(process);
        Folders.delete(folder);
        Folders.copySources(SOURCE, folder);
        Folders.copyOutput(BUILT.resolve(build.deployment()), folder.resolve(".next"));
        Folders.link(folder.resolve("node_modules"), APP.resolve("node_modules"));
        return folder;
    }
}
