package dev.freshet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.freshet.testing.ChildProcess;
import dev.freshet.testing.Tools;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the Dockerfile makes, without Docker: see bench/image. */
class ImageIT {
    private static final Duration MAX = Duration.ofMinutes(10);

    @Test
    void image_asAnotherUserOnAReadOnlyRoot_serves() throws Exception {
        Path repository = Tools.repository();
        Path log = repository.resolve("target/image/it.log");

        ChildProcess.start(new ChildProcess.Command("image", repository, Map.of(), log, List.of("bench/image", "0")))
                .awaitSuccess(MAX);

        String said = Files.readString(log);
        if (said.startsWith("image: skipped")) {
            System.err.print(said);
            abort(said);
        }
        assertThat(said).contains("serves as 65532:65532 on a read-only root").contains("starts with -XX:+UseZGC");
    }
}
