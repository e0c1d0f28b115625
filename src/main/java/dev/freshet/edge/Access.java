package dev.freshet.edge;

import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Who is let in. Every event loop asks; whoever reloads the configuration writes. */
public final class Access {
    /*
     * A secret has 256 random bits, so its hash is found by nobody who tries, and need not be slow: one
     * SHA-256 for each request. It is compared in constant time. Which ids there are is no secret, but
     * one that is not there takes as long as one that is.
     */

    private static final String SCHEME = "Bearer ";
    private static final byte[] NOBODY = new byte[32];
    private static final int SECRET_CHARS_MAX = 256;

    private static final class Known {
        final Token token;
        final byte[] hash;

        Known(Token token) {
            this.token = token;
            this.hash = HexFormat.of().parseHex(token.sha256());
        }
    }

    private volatile Map<String, Known> known = Map.of();

    /** Lets in the bearers of some tokens, or, where there are none, anyone. */
    public Access(List<Token> tokens) {
        replace(tokens);
    }

    /** Lets in others from now on. */
    public void replace(List<Token> tokens) {
        Map<String, Known> next = new HashMap<>();
        tokens.forEach(token -> next.put(token.id(), new Known(token)));
        known = Map.copyOf(next);
    }

    /** Whether nobody is asked who they are. */
    public boolean isOpen() {
        return known.isEmpty();
    }

    /**
     * Who a request is from.
     *
     * @param authorization the header, if there is one
     * @throws Denied if nobody is known by it
     */
    public Token admit(@Nullable String authorization) {
        Map<String, Known> now = known;
        if (now.isEmpty()) {
            return Token.ANYONE;
        }
        if (authorization == null || !authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            throw Denied.missing();
        }
        String secret = authorization.substring(SCHEME.length()).strip();
        if (secret.length() > SECRET_CHARS_MAX) {
            throw Denied.unknown();
        }
        Known claimed = now.get(id(secret));
        boolean same = MessageDigest.isEqual(Token.hash(secret), claimed == null ? NOBODY : claimed.hash);
        if (claimed == null || !same) {
            throw Denied.unknown();
        }
        return claimed.token;
    }

    /** Whether a token that was admitted still would be: until they are replaced. */
    public boolean knows(Token token) {
        Map<String, Known> now = known;
        Known same = now.get(token.id());
        return same == null ? now.isEmpty() && token.equals(Token.ANYONE) : same.token.equals(token);
    }

    /* The secret's text is freshet_ID_RANDOM, and no id has an underscore. */
    private static String id(String secret) {
        int from = Token.PREFIX.length();
        int to = secret.startsWith(Token.PREFIX) ? secret.indexOf('_', from) : -1;
        return to < 0 ? "" : secret.substring(from, to);
    }
}
