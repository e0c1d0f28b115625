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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The apps of {@code src/test/next-app} and {@code src/test/next-kinds}, and their builds. Each is made when a test first asks
 * for it, kept in {@code target/fleet}, or {@code target/fleet-16.1.7} for that version of Next, and made again only when an app
 * or the adapter has changed.
 */
public final class NextBuild {

    /** The builds there are. A deployment is named as its build. */
    public enum Of {
        /** For Freshet. While it is built a socket stands where the gateway would, and counts. */
        ALPHA(Map.of("FRESHET", "1")),
        /** For Freshet. While it is built nobody listens where the gateway would. */
        BETA(Map.of("FRESHET", "1")),
        /** For the handlers that are built into Next. */
        BUILT_IN(Map.of()),
        /** With all that a server needs in one folder, and its handlers in files of the app. */
        STANDALONE(Map.of("OUTPUT", "standalone", "HANDLERS", "file")),
        /** By webpack, with its handlers named by URL where Next takes that. */
        WEBPACK(Map.of("HANDLERS", Feature.HANDLER_URLS.isThere() ? "url" : "required")),
        /** Not built, but developed, with its handlers found by {@code require}. */
        DEV(Map.of("HANDLERS", "required"));

        private final Map<String, String> settings;

        Of(Map<String, String> settings) {
            this.settings = settings;
        }

        String deployment() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** Whether it is of the app {@code next-kinds}. */
        private boolean isOfKinds() {
            return settings.containsKey("HANDLERS");
        }

        /** Until 16.0 webpack was what built, and after it has to be asked for. */
        private List<String> buildArguments() {
            boolean asks = this == WEBPACK && Feature.TURBOPACK.isThere();
            return asks ? List.of("build", "--webpack") : List.of("build");
        }
    }

    private static final Duration INSTALL_MAX = Duration.ofMinutes(5);
    private static final Duration BUILD_MAX = Duration.ofMinutes(5);
    private static final String NEXT = "node_modules/next/dist/bin/next";
    private static final NextVersion VERSION = NextVersion.CHOSEN;
    private static final boolean IS_USUAL = VERSION.equals(NextVersion.OF_THE_APP);
    private static final Path FLEET = Tools.repository().resolve("target/fleet" + (IS_USUAL ? "" : "-" + VERSION));
    private static final Path APP = FLEET.resolve("app");
    private static final Path BUILT = FLEET.resolve("built");
    private static final Path ADAPTER = Tools.repository().resolve("src/main/js");
    private static final Path TESTS = Tools.repository().resolve("src/test");
    private static final Path SOURCE = TESTS.resolve("next-app");
    private static final Path KINDS = TESTS.resolve("next-kinds");

    /** What of the apps is written in another way where Next lacks a feature. */
    private static final Path WITHOUT = TESTS.resolve("next-without");

    static final Path LOGS = FLEET.resolve("logs");

    private NextBuild() {}

    /** Installs what is missing or out of date. Without Node the test is skipped, or fails where CI=true. */
    private static void install() {
        Path node = Tools.require("node");
        Path npm = Tools.require("npm");
        String lock = Folders.digest(List.of(SOURCE.resolve("package-lock.json")), VERSION + node.toString());
        if (!Folders.isStamped(APP.resolve("node_modules"), lock)) {
            Folders.delete(FLEET);
            copySources(Of.ALPHA, APP);
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
        String inputs = Folders.digest(List.of(SOURCE, KINDS, WITHOUT, ADAPTER), lock);
        if (!Folders.isStamped(BUILT, inputs)) {
            Folders.delete(BUILT);
            Folders.delete(LOGS);
            installAdapter(npm);
            Folders.create(BUILT);
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

    /** The output of a build, which is made now if it is missing or out of date. */
    static synchronized Path made(Of build) {
        install();
        Path output = BUILT.resolve(build.deployment());
        if (!Folders.isStamped(output, build.deployment())) {
            if (build == Of.ALPHA) {
                buildCounting();
            } else {
                build(build, "http://127.0.0.1:" + Ports.free());
            }
            Folders.stamp(output, build.deployment());
        }
        return output;
    }

    private static void buildCounting() {
        AtomicInteger connections = new AtomicInteger();
        try (ServerSocket gateway = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> count(gateway, connections));
            build(Of.ALPHA, "http://127.0.0.1:" + gateway.getLocalPort());
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

    private static void build(Of build, String gatewayUrl) {
        prepare(build);
        List<String> command = new ArrayList<>(List.of(Tools.require("node").toString(), NEXT));
        command.addAll(build.buildArguments());
        run("build-" + build.deployment(), APP, BUILD_MAX, environment(build, gatewayUrl), command);
        Folders.copyOutput(APP.resolve(".next"), BUILT.resolve(build.deployment()));
    }

    /** The folder in which {@code build} is built, or developed, with nothing but its sources and what is installed. */
    static synchronized Path prepare(Of build) {
        install();
        Folders.deleteSources(APP);
        copySources(build, APP);
        return APP;
    }

    /** Sources as the chosen version of Next takes them. The lock is that of the usual one. */
    private static void copySources(Of build, Path folder) {
        if (build.isOfKinds()) {
            for (String shared : List.of("lib", "browser", "app/api/revalidate")) {
                Folders.copySources(SOURCE.resolve(shared), folder.resolve(shared));
            }
            Folders.write(folder.resolve("package.json"), Folders.read(SOURCE.resolve("package.json")));
            Folders.copySources(KINDS, folder);
        } else {
            Folders.copySources(SOURCE, folder);
        }
        Arrays.stream(Feature.values())
                .filter(feature -> !feature.isThere())
                .forEach(feature -> Folders.copySources(WITHOUT.resolve(feature.folder()), folder));
        if (!IS_USUAL) {
            Path about = folder.resolve("package.json");
            Folders.write(about, NextVersion.NAMED.matcher(Folders.read(about)).replaceFirst(VERSION.toString()));
            Folders.delete(folder.resolve("package-lock.json"));
        }
    }

    /** What the environment says of a build, while it is made and when it is started. */
    static Map<String, String> environment(Of build, String gatewayUrl) {
        Map<String, String> environment = new HashMap<>(build.settings);
        environment.put("NEXT_DEPLOYMENT_ID", build.deployment());
        if (Feature.CACHED_IMAGES.isThere()) {
            environment.put("CACHED_IMAGES", "1");
        }
        environment.put("NEXT_TELEMETRY_DISABLED", "1");
        if (build != Of.BUILT_IN) {
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
        Path unused = made(Of.ALPHA);
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
        Path output = made(build);
        Path folder = FLEET.resolve("run").resolve(process);
        Folders.delete(folder);
        if (build == Of.STANDALONE) {
            Folders.copy(output.resolve("standalone"), folder);
            Folders.copy(KINDS.resolve("public"), folder.resolve("public"));
        } else {
            copySources(build, folder);
            Folders.copyOutput(output, folder.resolve(".next"));
            Folders.link(folder.resolve("node_modules"), APP.resolve("node_modules"));
        }
        return folder;
    }

    /** How a server of {@code build} is started in its folder. */
    static List<String> startCommand(Of build, int port) {
        String node = Tools.require("node").toString();
        if (build == Of.STANDALONE) {
            return List.of(node, "server.js");
        }
        String command = build == Of.DEV ? "dev" : "start";
        return List.of(node, NEXT, command, "--hostname", "127.0.0.1", "--port", Integer.toString(port));
    }
}
