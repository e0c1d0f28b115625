package dev.freshet.fleet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Folders as wholes: copy, delete, digest, and a stamp that says what one was made from. */
final class Folders {

    /** What is not a source, by name. */
    private static final Set<String> MADE = Set.of("node_modules", ".next");

    /** What a start does not need of a build's output, by name. */
    private static final Set<String> SCRATCH = Set.of("cache", "trace", "trace-build", "diagnostics");

    private static final String STAMP = ".made-from";

    private Folders() {}

    static void copySources(Path from, Path to) {
        copy(from, to, MADE);
    }

    /** Deletes what {@link #copySources} wrote there, and what is not a source any more. */
    static void deleteSources(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> paths = Files.list(folder)) {
            paths.filter(path -> !path.endsWith("node_modules")).forEach(Folders::delete);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All of it. */
    static void copy(Path from, Path to) {
        copy(from, to, Set.of());
    }

    static void copyOutput(Path from, Path to) {
        copy(from, to, SCRATCH);
    }

    /** @param without names in {@code from} itself that are left out */
    private static void copy(Path from, Path to, Set<String> without) {
        for (Path path : below(from, without)) {
            Path target = to.resolve(from.relativize(path).toString());
            try {
                Files.createDirectories(target.getParent());
                Files.deleteIfExists(target);
                Files.copy(path, target);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** The files below {@code folder}, in order. */
    private static List<Path> below(Path folder, Set<String> without) {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.filter(Files::isRegularFile)
                    .filter(path ->
                            !without.contains(folder.relativize(path).getName(0).toString()))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Digest of the names and contents of the sources below {@code folders}, and of {@code more}. */
    static String digest(List<Path> folders, String more) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(more.getBytes(StandardCharsets.UTF_8));
            for (Path folder : folders) {
                for (Path path : below(folder, MADE)) {
                    digest.update(folder.relativize(path).toString().getBytes(StandardCharsets.UTF_8));
                    digest.update(Files.readAllBytes(path));
                }
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    static boolean isStamped(Path folder, String digest) {
        Path stamp = folder.resolve(STAMP);
        return Files.exists(stamp) && read(stamp).equals(digest);
    }

    static void stamp(Path folder, String digest) {
        write(folder.resolve(STAMP), digest);
    }

    static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void create(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void link(Path link, Path target) {
        try {
            Files.createSymbolicLink(link, target);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The one file in {@code folder}. */
    static Path only(Path folder) {
        List<Path> files = below(folder, Set.of());
        if (files.size() != 1) {
            throw new IllegalStateException("one file was expected in " + folder + ", there are " + files);
        }
        return files.getFirst();
    }
}
