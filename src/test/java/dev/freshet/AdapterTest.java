package dev.freshet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.testing.ChildProcess;
import dev.freshet.testing.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Runs the adapter's own tests, {@code node --test src/test/js/*.test.js}, and shows what they say. */
class AdapterTest {
    private static final Duration MAX = Duration.ofMinutes(3);

    @Test
    void adapter_itsOwnTests_pass() throws IOException {
        Path node = Tools.require("node");
        Path repository = Tools.repository();
        Path log = repository.resolve("target/adapter-test.log");
        List<String> arguments = new ArrayList<>(List.of(node.toString(), "--test"));
        try (var files = Files.list(repository.resolve("src/test/js"))) {
            files.map(Path::toString)
                    .filter(file -> file.endsWith(".test.js"))
                    .sorted()
                    .forEach(arguments::add);
        }

        ChildProcess.start(new ChildProcess.Command("node --test", repository, Map.of(), log, arguments))
                .awaitSuccess(MAX);

        assertThat(Files.readString(log)).contains("# fail 0").doesNotContain("# tests 0");
    }
}
