package dev.freshet.entry;

import dev.freshet.tag.Interner;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * The name of one entry.
 *
 * @param app the product: {@code [a-z0-9][a-z0-9._-]{0,62}}
 * @param deployment the build: {@code [A-Za-z0-9._-]{1,128}}
 * @param digest SHA-256 of the key's text, 64 lower-case hexadecimal digits
 */
public record Key(String app, String deployment, String digest) {
    private static final Pattern APP = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");
    private static final Pattern DEPLOYMENT = Pattern.compile("[A-Za-z0-9._-]{1,128}");
    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

    /** There are few of both, and a key for each entry. */
    private static final Interner<String> NAMES = new Interner<>(256);

    /** Checks the parts. */
    public Key {
        checkApp(app);
        if (!DEPLOYMENT.matcher(deployment).matches() || deployment.equals(".") || deployment.equals("..")) {
            throw new IllegalArgumentException("a deployment has the form " + DEPLOYMENT + ", and is not . or ..");
        }
        if (!DIGEST.matcher(digest).matches()) {
            throw new IllegalArgumentException("a digest is 64 lower-case hexadecimal digits");
        }
        app = NAMES.intern(app);
        deployment = NAMES.intern(deployment);
    }

    /** The key of a text of any length, which may hold unpaired surrogates. */
    public static Key of(String app, String deployment, String text) {
        return new Key(app, deployment, digest(text));
    }

    /** Throws unless it is an app's name. */
    public static void checkApp(String app) {
        if (!APP.matcher(app).matches()) {
            throw new IllegalArgumentException("an app has the form " + APP);
        }
    }

    /*
     * Over UTF-16 code units, and not through a Charset, which replaces an unpaired surrogate: two
     * keys that differ only there would become one.
     */
    private static String digest(String text) {
        byte[] units = new byte[2 * text.length()];
        for (int i = 0; i < text.length(); i++) {
            units[2 * i] = (byte) (text.charAt(i) >> 8);
            units[2 * i + 1] = (byte) text.charAt(i);
        }
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(units));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
