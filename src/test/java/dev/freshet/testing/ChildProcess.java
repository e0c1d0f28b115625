package dev.freshet.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/** A process that a test started. It is ended by its id on {@link #close}, and at the latest when the JVM ends. */
public final class ChildProcess implements AutoCloseable {

    private static final Duration STOP_MAX = Duration.ofSeconds(5);
    private static final int TAIL_LINES = 40;

    /** Written by the threads of tests, read by the shutdown hook. */
    private static final Set<ChildProcess> ALIVE = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> ALIVE.forEach(ChildProcess::kill)));
    }

    private Command command;
    private Process process;

    /**
     * What to start.
     *
     * @param name what messages call it
     * @param folder where it runs
     * @param environment added to the test's own, from which what configures Freshet and Next.js is taken
     * @param log gets its output; emptied by the first start, not by a restart
     */
    public record Command(
            String name, Path folder, Map<String, String> environment, Path log, List<String> arguments) {}

    private ChildProcess(Command command) {
        this.command = command;
        emptyLog();
        this.process = spawn();
    }

    public static ChildProcess start(Command command) {
        return new ChildProcess(command);
    }

    private Process spawn() {
        ProcessBuilder builder = new ProcessBuilder(command.arguments());
        builder.environment().keySet().removeIf(name -> name.matches("(FRESHET|NEXT|ORIGIN)_.*|FRESHET|NODE_ENV"));
        builder.environment().putAll(command.environment());
        builder.directory(command.folder().toFile());
        builder.redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(command.log().toFile()));
        builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
        try {
            Process started = builder.start();
            ALIVE.add(this);
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(command.name() + " did not start", e);
        }
    }

    private void emptyLog() {
        try {
            Files.createDirectories(command.log().getParent());
            Files.deleteIfExists(command.log());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns once {@code ready} holds; fails, with the end of the output, when the process ends first. */
    public ChildProcess awaitReady(Duration max, BooleanSupplier ready) {
        try {
            Awaitility.await()
                    .pollInSameThread()
                    .pollInterval(Duration.ofMillis(50))
                    .atMost(max)
                    .until(() -> !isAlive() || ready.getAsBoolean());
        } catch (ConditionTimeoutException e) {
            close();
            throw new IllegalStateException(command.name() + " was not ready in " + max + "\n" + tail(), e);
        }
        if (!isAlive()) {
            throw new IllegalStateException(command.name() + " ended with " + process.exitValue() + "\n" + tail());
        }
        return this;
    }

    /** Returns once the process ended with 0; fails otherwise, with the end of its output. */
    public void awaitSuccess(Duration max) {
        try (this) {
            if (!process.waitFor(max.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException(command.name() + " did not end in " + max + "\n" + tail());
            }
            if (process.exitValue() != 0) {
                throw new IllegalStateException(command.name() + " ended with " + process.exitValue() + "\n" + tail());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public long pid() {
        return process.pid();
    }

    /** The last lines of its output. */
    public String tail() {
        try {
            List<String> lines = new String(Files.readAllBytes(command.log()), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            List<String> last = lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size());
            return "--- " + command.name() + " (" + command.log().getFileName() + ")\n" + String.join("\n", last);
        } catch (IOException e) {
            return "--- " + command.name() + ": " + e;
        }
    }

    /** SIGTERM. Returns its exit code when it has ended; fails if it does not. */
    public int terminate(Duration max) {
        process.destroy();
        try {
            if (!process.waitFor(max.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException(command.name() + " did not end in " + max + "\n" + tail());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return process.exitValue();
    }

    /** SIGSTOP: it keeps its connections and answers nothing. */
    public void freeze() {
        signal("-STOP");
    }

    /** SIGCONT: it goes on. */
    public void thaw() {
        signal("-CONT");
    }

    private void signal(String signal) {
        try {
            int exit = new ProcessBuilder("kill", signal, Long.toString(pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
            if (exit != 0) {
                throw new IllegalStateException("kill " + signal + " " + command.name() + " ended with " + exit);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** SIGKILL. Returns when it has ended. */
    public void kill() {
        process.destroyForcibly();
        process.onExit().join();
        ALIVE.remove(this);
    }

    /** Starts it anew once it has ended. */
    public ChildProcess restart() {
        kill();
        process = spawn();
        return this;
    }

    /** Starts it anew once it has ended, in another environment. */
    public ChildProcess restart(Map<String, String> environment) {
        command = new Command(command.name(), command.folder(), environment, command.log(), command.arguments());
        return restart();
    }

    /** SIGTERM, and SIGKILL if that does not do. */
    @Override
    public void close() {
        process.destroy();
        try {
            process.waitFor(STOP_MAX.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        kill();
    }
}
