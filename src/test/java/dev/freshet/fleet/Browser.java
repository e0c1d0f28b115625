package dev.freshet.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.freshet.testing.ChildProcess;
import dev.freshet.testing.Tools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A Chromium that opens a page and clicks. */
final class Browser {

    private static final Duration CLICK_MAX = Duration.ofSeconds(60);
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * What came of a click.
     *
     * @param status of the server action's answer
     * @param shown the value on the page once the action was done
     * @param read the value of each page that was read as soon as the action had answered
     */
    record Clicked(int status, String shown, List<String> read) {}

    private Browser() {}

    /** Clicks {@code selector} on {@code page}, and reads {@code urls} as soon as the server action has answered. */
    static Clicked click(String page, String selector, List<String> urls) {
        Path chromium = Tools.require("chromium", "chromium-browser", "google-chrome");
        Path log = NextBuild.LOGS.resolve("browser.log");
        List<String> script =
                List.of(Tools.require("node").toString(), "browser/click.mjs", chromium.toString(), page, selector);
        ChildProcess.start(new ChildProcess.Command(
                        "browser",
                        NextBuild.app(),
                        Map.of(),
                        log,
                        Stream.concat(script.stream(), urls.stream()).toList()))
                .awaitSuccess(CLICK_MAX);
        try {
            JsonNode clicked = JSON.readTree(Folders.read(log).lines().toList().getLast());
            List<String> read = StreamSupport.stream(clicked.get("read").spliterator(), false)
                    .map(text -> Page.value(text.asText()))
                    .toList();
            return new Clicked(
                    clicked.get("status").asInt(), clicked.get("shown").asText(), read);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
