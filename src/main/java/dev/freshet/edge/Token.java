package dev.freshet.edge;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What the bearer of a secret may do. The secret itself is kept nowhere.
 *
 * @param id its public name, part of the secret's text and of the log
 * @param sha256 of the secret's text, in hex
 * @param apps whose entries and tags it is for, or {@code *} for all
 */
public record Token(String id, String sha256, Set<String> apps, Set<Scope> scopes) {
    /* One for each thread takes half the time of a new one for each request. */
    private static final ThreadLocal<MessageDigest> SHA_256 = ThreadLocal.withInitial(Token::hashing);

    /** What the text of every secret begins with, so that scanners find one that leaked. */
    static final String PREFIX = "freshet_";

    private static final int SECRET_BYTES = 32;
    private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern APP = Pattern.compile("\\*|[a-z0-9][a-z0-9._-]{0,62}");

    /** Who is let in where no token is asked for: may do everything. */
    public static final Token ANYONE = new Token("anyone", "0".repeat(64), Set.of("*"), EnumSet.allOf(Scope.class));

    /** Checks the forms. */
    public Token {
        check(ID.matcher(id).matches(), "its id is of 1 to 32 small letters, digits and -");
        check(HASH.matcher(sha256).matches(), "its hash is sha256: and 64 small hex digits");
        check(!apps.isEmpty() && apps.stream().allMatch(app -> APP.matcher(app).matches()), "its apps are names, or *");
        check(!scopes.isEmpty(), "it has a scope");
        apps = Set.copyOf(apps);
        scopes = Set.copyOf(scopes);
    }

    private static void check(boolean holds, String rule) {
        if (!holds) {
            throw new IllegalArgumentException(rule);
        }
    }

    /**
     * A new secret and what it may do.
     *
     * @param secret shown once
     */
    public record Minted(String secret, Token token) {}

    /** A secret that nobody else has: 256 random bits. */
    public static Minted mint(String id, Set<String> apps, Set<Scope> scopes) {
        byte[] random = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(random);
        String secret =
                PREFIX + id + "_" + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        return new Minted(secret, new Token(id, HexFormat.of().formatHex(hash(secret)), apps, scopes));
    }

    /**
     * One token from its line: {@code ID sha256:HEX APP,APP SCOPE,SCOPE}.
     *
     * @throws IllegalArgumentException that says what is wrong, without a word of the line, which may hold a secret
     */
    public static Token parse(String line) {
        List<String> fields = List.of(line.strip().split("\\s+", -1));
        check(fields.size() == 4, "it has four fields: ID sha256:HASH APPS SCOPES");
        check(fields.get(1).startsWith("sha256:"), "its hash is sha256: and 64 small hex digits");
        return new Token(
                fields.getFirst(),
                fields.get(1).substring("sha256:".length()),
                new TreeSet<>(split(fields.get(2))),
                Scope.parse(fields.get(3)));
    }

    private static List<String> split(String list) {
        return Arrays.asList(list.split(",", -1));
    }

    /** Its line. */
    public String line() {
        return id + " sha256:" + sha256 + " " + String.join(",", new TreeSet<>(apps)) + " "
                + new TreeSet<>(scopes).stream().map(Scope::text).collect(Collectors.joining(","));
    }

    /** Refuses what it is not good for. */
    public void check(Scope scope, String app) {
        if (!scopes.contains(scope)) {
            throw Denied.scope(scope, "");
        }
        if (!apps.contains("*") && !apps.contains(app)) {
            throw Denied.scope(scope, " of this app");
        }
    }

    /** Refuses what it is not good for, whichever app it is for. */
    public void check(Scope scope) {
        if (!scopes.contains(scope)) {
            throw Denied.scope(scope, "");
        }
    }

    static byte[] hash(String secret) {
        return SHA_256.get().digest(secret.getBytes(StandardCharsets.UTF_8));
    }

    private static MessageDigest hashing() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
