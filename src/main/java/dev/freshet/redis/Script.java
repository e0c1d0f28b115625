package dev.freshet.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The scripts of {@code src/main/resources/lua}: one atomic step each, explained at the head of its file. */
enum Script {
    CLAIM(false),
    RELEASE(false),
    WRITE(false),
    REMOVE(false),
    INVALIDATE(true),
    BEAT(true),
    RESTORE(true),
    TOUCH(false),
    SWEEP(false),
    RETIRE(false),
    REAP(false),
    MEND(true);

    private final boolean vital;
    private final String source;
    private final String sha;

    /**
     * One whose text is in the file of its name.
     *
     * @param vital whether it keeps replicas coherent, so that no number of others may crowd it out
     */
    Script(boolean vital) {
        this.vital = vital;
        source = load(name().toLowerCase(Locale.ROOT) + ".lua");
        sha = sha1(source);
    }

    /** Whether it keeps replicas coherent. */
    boolean isVital() {
        return vital;
    }

    /** What EVAL takes. */
    String source() {
        return source;
    }

    /** What EVALSHA takes. */
    String sha() {
        return sha;
    }

    /* What a script includes stands before it: Lua's local functions must be known before their use. */
    private static String load(String file) {
        String text = read(file);
        StringBuilder whole = new StringBuilder();
        Matcher include =
                Pattern.compile("^-- include (\\S+)$", Pattern.MULTILINE).matcher(text);
        while (include.find()) {
            whole.append(read(include.group(1))).append('\n');
        }
        return whole.append(text).toString();
    }

    private static String read(String file) {
        try (InputStream in = Script.class.getResourceAsStream("/lua/" + file)) {
            if (in == null) {
                throw new IllegalStateException("lua/" + file + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String sha1(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
