package dev.freshet.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.ChildProcess;
import dev.freshet.testing.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The adapter as it is published, which this makes: {@code target/freshet-next-….tgz}, the sources without their comments.
 * Whoever reads them reads them here; whoever installs them downloads half as much.
 */
class PackageIT {
    private static final Duration STEP_MAX = Duration.ofMinutes(5);
    private static final long PACKED_BYTES_MAX = 40 << 10;

    private static final Path TARGET = Tools.repository().resolve("target");
    private static final Path HERE = TARGET.resolve("package");
    private static final Path LOGS = TARGET.resolve("package-logs");
    private static final Path SOURCES = Tools.repository().resolve("src/main/js");
    private static final Path PACKAGE = HERE.resolve("src/main/js");
    private static final Path INSTALLED = HERE.resolve("app/node_modules/freshet-next");
    private static final String TSC = "node_modules/typescript/bin/tsc";

    private static Path archive;

    @BeforeAll
    static void pack() throws IOException {
        Path npm = Tools.require("npm");
        Path source = Tools.repository().resolve("src/test/package");
        String lock = Folders.digest(List.of(source.resolve("package-lock.json")), "");
        if (!Folders.isStamped(HERE.resolve("node_modules"), lock)) {
            Folders.delete(HERE);
            Folders.copySources(source, HERE);
            run("install", HERE, npm.toString(), "install", "--no-audit", "--no-fund", "--ignore-scripts");
            Folders.stamp(HERE.resolve("node_modules"), lock);
        }
        Folders.copySources(source, HERE);
        Folders.delete(HERE.resolve("src"));
        node("strip", HERE, TSC, "-p", "tsconfig.pack.json");
        for (Path file : listed(SOURCES)) {
            if (file.toString().matches(".*(\\.d\\.c?ts|\\.json|\\.md)")) {
                Files.copy(file, PACKAGE.resolve(SOURCES.relativize(file)), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        for (Path old : archives()) {
            Files.delete(old);
        }
        run("pack", PACKAGE, npm.toString(), "pack", "--pack-destination", TARGET.toString());
        archive = archives().getFirst();
        unpack();
    }

    private static List<Path> archives() throws IOException {
        return listed(TARGET).stream()
                .filter(file -> file.getFileName().toString().matches("freshet-next-.*\\.tgz"))
                .toList();
    }

    private static List<Path> listed(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    private static void unpack() {
        Folders.delete(INSTALLED);
        Folders.create(INSTALLED);
        run("unpack", INSTALLED, "tar", "xzf", archive.toString(), "--strip-components=1");
    }

    private static String node(String name, Path folder, String... arguments) {
        List<String> command = new ArrayList<>(List.of(Tools.require("node").toString()));
        command.addAll(List.of(arguments));
        return run(name, folder, command.toArray(String[]::new));
    }

    /* What it said, once it has ended well. */
    private static String run(String name, Path folder, String... command) {
        Path log = LOGS.resolve(name + ".log");
        Map<String, String> environment = Map.of("NEXT_DEPLOYMENT_ID", "v1", "FRESHET_URL", "http://127.0.0.1:1");
        ChildProcess.start(new ChildProcess.Command(name, folder, environment, log, List.of(command)))
                .awaitSuccess(STEP_MAX);
        return Folders.read(log);
    }

    @Test
    void package_packed_isSmall() throws IOException {
        assertThat(Files.size(archive)).isLessThan(PACKED_BYTES_MAX);
    }

    @Test
    void package_byItsLinters_isClean() {
        assertThat(node("publint", HERE, "node_modules/publint/src/cli.js", "--strict", archive.toString()))
                .contains("All good!");
        assertThat(node("attw", HERE, "node_modules/@arethetypeswrong/cli/dist/index.js", archive.toString()))
                .contains("No problems found");
    }

    @Test
    void sources_byTheirComments_areWellTyped() {
        node("sources", HERE, TSC, "-p", "tsconfig.sources.json");
    }

    /** A config, handlers and an instrumentation, as modules and by require, with what must not compile. */
    @Test
    void types_ofARealApp_areRight() {
        node("app", HERE, TSC, "-p", "app");
        node("declarations", HERE, TSC, "-p", "app/tsconfig.types.json");
    }

    /** In a folder that no Next is above, which they would find. */
    @Test
    void package_withoutItsComments_passesTheTestsOfItsSources() throws IOException {
        Path folder = TARGET.resolve("package-tests");
        Folders.delete(folder);
        Folders.copySources(PACKAGE, folder.resolve("src/main/js"));
        Folders.copySources(Tools.repository().resolve("src/test/js"), folder.resolve("src/test/js"));
        Folders.copySources(Tools.repository().resolve("src/test/resources"), folder.resolve("src/test/resources"));
        Folders.copySources(Tools.repository().resolve("src/site"), folder.resolve("src/site"));
        Files.copy(Tools.repository().resolve("README.md"), folder.resolve("README.md"));
        List<String> arguments = new ArrayList<>(List.of("--test"));
        listed(folder.resolve("src/test/js")).stream()
                .map(Path::toString)
                .filter(file -> file.endsWith(".test.js"))
                .sorted()
                .forEach(arguments::add);

        assertThat(node("tests", folder, arguments.toArray(String[]::new)))
                .contains("# fail 0")
                .doesNotContain("# tests 0");
    }

    @Test
    void package_requiredAndImported_isOne() {
        assertThat(node("loads", HERE.resolve("app"), "loads.cjs")).isEqualTo("2 miss\n");
    }

    @Test
    void package_withOpenTelemetry_countsInItsMetrics() {
        assertThat(node("metrics", HERE.resolve("app"), "metrics.mjs"))
                .isEqualTo("freshet-next {\"result\":\"unreached\"} 1\n");
    }

    @Test
    void package_installed_hasItsCommand() throws IOException {
        Path folder = HERE.resolve("installed");
        Folders.delete(folder);
        Folders.create(folder);
        Folders.write(folder.resolve("package.json"), "{\"private\":true}");
        run("offline", folder, "npm", "install", "--offline", "--no-audit", "--no-fund", archive.toString());

        assertThat(run("command", folder, "node_modules/.bin/freshet-next", "--version"))
                .matches("\\d+\\.\\d+\\.\\d+\n");
        assertThat(listed(folder.resolve("node_modules")).stream().map(Path::getFileName))
                .extracting(Path::toString)
                .filteredOn(name -> !name.startsWith("."))
                .containsExactly("freshet-next");
    }
}
