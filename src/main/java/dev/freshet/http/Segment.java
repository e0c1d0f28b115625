package dev.freshet.http;

import dev.freshet.http.Problem.Kind;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * One segment of a path.
 *
 * @param raw as it was sent, percent-encoded
 */
record Segment(String raw) {
    /** The text that it stands for: decoded once, and UTF-8. */
    String text() {
        byte[] bytes = decoded();
        return utf8(bytes).orElseThrow(() -> invalid("a segment of the path is percent-encoded UTF-8"));
    }

    /** The bytes that it stands for. */
    byte[] decoded() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '%') {
                bytes.write(16 * hex(i + 1) + hex(i + 2));
                i += 2;
            } else if (c > ' ' && c <= '~') {
                bytes.write(c);
            } else {
                throw invalid("what is not ASCII is percent-encoded in a path");
            }
        }
        return bytes.toByteArray();
    }

    private int hex(int at) {
        int digit = at < raw.length() ? Character.digit(raw.charAt(at), 16) : -1;
        if (digit < 0) {
            throw invalid("a percent sign stands before two hexadecimal digits");
        }
        return digit;
    }

    /** What stands after the first character in base64url, as UTF-8. */
    String base64Text() {
        try {
            String base64 = new Segment(raw.substring(1)).text();
            return utf8(Base64.getUrlDecoder().decode(base64))
                    .orElseThrow(() -> invalid("a key after ~ is UTF-8 in base64url"));
        } catch (IllegalArgumentException e) {
            throw invalid("a key after ~ is UTF-8 in base64url");
        }
    }

    private static Optional<String> utf8(byte[] bytes) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    private static Problem invalid(String detail) {
        return new Problem(Kind.INVALID_NAME, detail);
    }
}
