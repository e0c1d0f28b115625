package dev.freshet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the sources must keep to. Each package-info says what its package may import. */
class ArchitectureTest {
    private static final Path ROOT = Path.of("src/main/java/dev/freshet");
    private static final Pattern MAY_IMPORT = Pattern.compile("May import: ([^.]+)\\.");
    private static final Pattern USE = Pattern.compile("(?<!package )dev\\.freshet\\.([a-z]+)\\.");
    private static final Pattern BLOCKING = Pattern.compile(
            "Thread\\.sleep|\\.join\\(\\)|\\.await\\(|toCompletableFuture|toCompletionStage|CountDownLatch|LockSupport|\\.wait\\(");

    @Test
    void packages_importOnlyWhatTheySay() {
        Map<String, Set<String>> allowed = allowed();
        List<String> wrong = new ArrayList<>();
        for (Path file : sources()) {
            String home = home(file);
            for (String used : uses(file)) {
                if (!home.isEmpty() && !used.equals(home) && !allowed.get(home).contains(used)) {
                    wrong.add(ROOT.relativize(file) + " imports " + used);
                }
            }
        }

        assertThat(wrong).isEmpty();
    }

    @Test
    void packages_sayTheirImports_withoutACycle() {
        Map<String, Set<String>> left = allowed();
        assertThat(left.values()).allSatisfy(named -> assertThat(left.keySet()).containsAll(named));

        // Whoever imports nothing that is left goes, until nobody can.
        while (left.values().removeIf(named -> named.stream().noneMatch(left::containsKey))) {}

        assertThat(left).as("a cycle").isEmpty();
    }

    @Test
    void sources_neverBlock() {
        List<String> blocking = sources().stream()
                .filter(file -> !file.endsWith("Main.java"))
                .filter(file -> BLOCKING.matcher(code(file)).find())
                .map(file -> ROOT.relativize(file).toString())
                .toList();

        assertThat(blocking).isEmpty();
    }

    /** What each package may import, but for the root, which may import everything. */
    private static Map<String, Set<String>> allowed() {
        Map<String, Set<String>> allowed = new TreeMap<>();
        for (Path file : sources()) {
            if (!home(file).isEmpty()) {
                allowed.computeIfAbsent(home(file), home -> named(file.resolveSibling("package-info.java")));
            }
        }
        return allowed;
    }

    private static Set<String> named(Path packageInfo) {
        assertThat(packageInfo).exists();
        Matcher line = MAY_IMPORT.matcher(read(packageInfo).replaceAll("\\s*\\n \\* ?", " "));
        assertThat(line.find()).as("%s says \"May import: …\"", packageInfo).isTrue();
        return line.group(1).equals("nothing") ? Set.of() : Set.of(line.group(1).split(", "));
    }

    private static String home(Path file) {
        return ROOT.relativize(file.getParent()).toString();
    }

    private static Set<String> uses(Path file) {
        Set<String> uses = new TreeSet<>();
        USE.matcher(code(file)).results().forEach(use -> uses.add(use.group(1)));
        return uses;
    }

    private static String code(Path file) {
        return read(file).replaceAll("(?s)/\\*.*?\\*/|//[^\\n]*", "");
    }

    private static List<Path> sources() {
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
