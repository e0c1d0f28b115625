package dev.freshet.chaos;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** A file to which every client appends what it did. In no order but that of each single client. */
final class History implements AutoCloseable {
    private static final int BUFFERED_CHARS = 1 << 16;

    private final Path file;
    private final Writer out;
    private final StringBuilder buffer = new StringBuilder(BUFFERED_CHARS + 4_096);
    private final long originNanos = System.nanoTime();
    private boolean closed;

    /** An empty one, instead of whatever the file held. */
    History(Path file) {
        this.file = file;
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            out = Files.newBufferedWriter(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Now, on the run's clock. */
    long now() {
        return System.nanoTime() - originNanos;
    }

    /** Appends a line. Any thread may call. */
    synchronized void add(Operation operation) {
        if (closed) {
            return;
        }
        operation.appendTo(buffer);
        if (buffer.length() >= BUFFERED_CHARS) {
            flush();
        }
    }

    private void flush() {
        try {
            out.append(buffer);
            buffer.setLength(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The file, once closed. */
    Path file() {
        return file;
    }

    /** Writes what is left. What comes later is not kept. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        flush();
        closed = true;
        try {
            out.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads a file line by line. */
    static void read(Path file, Consumer<Operation> each) {
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                each.accept(Operation.parse(line));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
