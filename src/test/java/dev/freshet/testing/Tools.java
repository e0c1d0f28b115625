package dev.freshet.testing;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;

/** Programs that a test needs and a machine may lack. */
public final class Tools {

    private Tools() {}

    /** The first of {@code names} on the PATH. */
    public static Optional<Path> find(String... names) {
        String[] folders = System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1);
        return Arrays.stream(names)
                .flatMap(name -> Arrays.stream(folders).map(folder -> Path.of(folder, name)))
                .filter(path -> Files.isRegularFile(path) && Files.isExecutable(path))
                .findFirst();
    }

    /** The first of {@code names} on the PATH. Without any the test is skipped, or fails where {@code CI=true}. */
    public static Path require(String... names) {
        return find(names).orElseGet(() -> missing(String.join(" or ", names) + " is not on the PATH"));
    }

    /** Ends the test for lack of something: skipped with one line, or failed where {@code CI=true}. */
    public static <T> T missing(String what) {
        if ("true".equals(System.getenv("CI"))) {
            return fail(what + ", and CI=true");
        }
        return skip(what);
    }

    /** Ends the test for lack of something that no machine has to have: skipped with one line. */
    static <T> T skip(String what) {
        System.err.println("Skipped: " + what); // JUnit's own word of it does not reach the console
        return abort(what);
    }

    /** The {@code java} that runs this test. */
    public static Path java() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }

    /** The repository: the folder that Maven runs in, or the nearest above with a pom.xml. */
    public static Path repository() {
        return Stream.iterate(Path.of("").toAbsolutePath(), folder -> folder != null, Path::getParent)
                .filter(folder -> Files.exists(folder.resolve("pom.xml")))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no pom.xml here or above"));
    }
}
