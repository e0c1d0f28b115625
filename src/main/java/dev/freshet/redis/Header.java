package dev.freshet.redis;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.freshet.entry.Body;
import dev.freshet.entry.Coding;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.store.StoreException;
import dev.freshet.tag.Tag;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What Redis keeps of an entry beside its body, as JSON.
 *
 * @param crc of the body as it came
 * @param coded how the body is kept, if not as it came
 * @param large how many bytes are kept, if they are in a field of their own
 */
record Header(
        String digest,
        @JsonProperty("tags") List<String> tagTexts,
        long revalidateMs,
        long expireMs,
        String type,
        String attributes,
        int crc,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Coded coded,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Integer large) {
    /** Where Redis keeps a body that is read together with the header, and where a large one. */
    static final String BODY = "b";

    static final String LARGE_BODY = "B";

    /** How many bytes may be kept where they are read together with the header. */
    private static final int SMALL_BYTES_MAX = 262_144;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ZSTD = "zstd";

    /**
     * A body that is not kept as it came. A version that does not know of it cannot read the header, and so does not serve
     * the body.
     *
     * @param coding its name in lower case
     * @param length of what came
     * @param crc see {@link Body#keptCrc}
     */
    record Coded(String coding, int length, int crc) {
        static @Nullable Coded of(Body body) {
            return body.isCoded() ? new Coded(ZSTD, body.length(), body.keptCrc()) : null;
        }

        Optional<Body> body(Buffer kept, int crcOfWhatCame) {
            Body body = new Body(kept, crcOfWhatCame, length, Coding.ZSTD);
            return coding.equals(ZSTD) && length > 0 && body.keptCrc() == crc ? Optional.of(body) : Optional.empty();
        }
    }

    static Header of(Key key, Draft draft) {
        return new Header(
                key.digest(),
                draft.tags().stream().map(Tag::text).toList(),
                draft.lifetime().revalidateMs(),
                draft.lifetime().expireMs(),
                draft.type(),
                draft.attributes(),
                draft.body().crc(),
                Coded.of(draft.body()),
                large(draft.body().keptLength()));
    }

    private static @Nullable Integer large(int bytes) {
        return bytes <= SMALL_BYTES_MAX ? null : bytes;
    }

    /** Where Redis keeps the body. */
    String field() {
        return large == null ? BODY : LARGE_BODY;
    }

    static Header parse(Buffer bytes) {
        try {
            return JSON.readValue(bytes.getBytes(), Header.class);
        } catch (IOException e) {
            throw new StoreException("the store holds an entry that cannot be read", e);
        }
    }

    Buffer encode() {
        try {
            return Buffer.buffer(JSON.writeValueAsBytes(this));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The body of which these bytes are kept; empty if it is another one, or damaged. */
    Optional<Body> body(Buffer bytes) {
        if (coded != null) {
            return coded.body(bytes, crc);
        }
        Body plain = Body.of(bytes);
        return plain.crc() == crc ? Optional.of(plain) : Optional.empty();
    }

    List<Tag> tags() {
        return tagTexts.stream().map(Tag::new).toList();
    }

    Lifetime lifetime() {
        return new Lifetime(revalidateMs, expireMs);
    }
}
