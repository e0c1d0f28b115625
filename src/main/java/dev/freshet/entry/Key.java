package dev.freshet.entry;

import dev.freshet.tag.Interner;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** The name of one entry: its app, its deployment, and the SHA-256 of the key's text. */
public final class Key {
    private static final Pattern APP = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");
    private static final Pattern DEPLOYMENT = Pattern.compile("[A-Za-z0-9._-]{1,128}");
    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

    /* There are few of both, and a key for each entry. Only what has been checked is remembered. */
    private static final Interner<String> APPS = new Interner<>(64);
    private static final Interner<String> DEPLOYMENTS = new Interner<>(256);

    /* One for each thread takes half the time of a new one for each key. */
    private static final ThreadLocal<MessageDigest> SHA_256 = ThreadLocal.withInitial(Key::sha256);

    private final String app;
    private final String deployment;
    /* As numbers it takes 32 bytes of each near copy, and as digits 104. */
    private final long digest1;
    private final long digest2;
    private final long digest3;
    private final long digest4;

    private Key(String app, String deployment, ByteBuffer digest) {
        this.app = knownApp(app);
        this.deployment = knownDeployment(deployment);
        digest1 = digest.getLong();
        digest2 = digest.getLong();
        digest3 = digest.getLong();
        digest4 = digest.getLong();
    }

    /**
     * A key by its digest.
     *
     * @param app the product: {@code [a-z0-9][a-z0-9._-]{0,62}}
     * @param deployment the build: {@code [A-Za-z0-9._-]{1,128}}, and not . or ..
     * @param digest SHA-256 of the key's text, 64 lower-case hexadecimal digits
     */
    public Key(String app, String deployment, String digest) {
        this(app, deployment, bytes(digest));
    }

    /** The key of a text of any length, which may hold unpaired surrogates. */
    public static Key of(String app, String deployment, String text) {
        return new Key(app, deployment, sha256(text));
    }

    /** Throws unless it is an app's name. */
    public static void checkApp(String app) {
        if (!APP.matcher(app).matches()) {
            throw new IllegalArgumentException("an app has the form " + APP);
        }
    }

    private static String knownApp(String app) {
        String known = APPS.known(app);
        if (known != null) {
            return known;
        }
        checkApp(app);
        return APPS.intern(app);
    }

    private static String knownDeployment(String deployment) {
        String known = DEPLOYMENTS.known(deployment);
        if (known != null) {
            return known;
        }
        if (!DEPLOYMENT.matcher(deployment).matches() || deployment.equals(".") || deployment.equals("..")) {
            throw new IllegalArgumentException("a deployment has the form " + DEPLOYMENT + ", and is not . or ..");
        }
        return DEPLOYMENTS.intern(deployment);
    }

    private static ByteBuffer bytes(String digest) {
        if (!DIGEST.matcher(digest).matches()) {
            throw new IllegalArgumentException("a digest is 64 lower-case hexadecimal digits");
        }
        return ByteBuffer.wrap(HexFormat.of().parseHex(digest));
    }

    /*
     * Over UTF-16 code units, and not through a Charset, which replaces an unpaired surrogate: two
     * keys that differ only there would become one.
     */
    private static ByteBuffer sha256(String text) {
        byte[] units = new byte[2 * text.length()];
        for (int i = 0; i < text.length(); i++) {
            units[2 * i] = (byte) (text.charAt(i) >> 8);
            units[2 * i + 1] = (byte) text.charAt(i);
        }
        return ByteBuffer.wrap(SHA_256.get().digest(units));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The product. */
    public String app() {
        return app;
    }

    /** The build. */
    public String deployment() {
        return deployment;
    }

    /** The digest, as 64 lower-case hexadecimal digits. */
    public String digest() {
        HexFormat hex = HexFormat.of();
        return hex.toHexDigits(digest1)
                + hex.toHexDigits(digest2)
                + hex.toHexDigits(digest3)
                + hex.toHexDigits(digest4);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Key that
                && digest1 == that.digest1
                && digest2 == that.digest2
                && digest3 == that.digest3
                && digest4 == that.digest4
                && app.equals(that.app)
                && deployment.equals(that.deployment);
    }

    /* A digest is evenly spread. The same text is in few apps and deployments. */
    @Override
    public int hashCode() {
        return Long.hashCode(digest1) + deployment.hashCode();
    }

    @Override
    public String toString() {
        return app + "/" + deployment + "/" + digest();
    }
}
