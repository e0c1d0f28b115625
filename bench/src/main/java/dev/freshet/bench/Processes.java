package dev.freshet.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Programs that a bench runs. */
final class Processes {
    private Processes() {}

    /** The java that runs this bench. */
    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** What a program prints. Fails if it fails. */
    static String output(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (process.waitFor() != 0) {
            throw new IOException(command.getFirst() + " ended with " + process.exitValue());
        }
        return text;
    }

    /** Has npm install a package into a folder, if it is not there. */
    static void npm(Path folder, String wanted) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        output(List.of("npm", "install", "--prefix", folder.toString(), "--no-audit", "--no-fund", wanted));
    }
}
