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
import dev.freshet.entry.Zstd;
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
 */
record Header(
        String digest,
        @JsonProperty("tags") List<String> tagTexts,
        long revalidateMs,
        long expireMs,
        String type,
        String attributes,
        int crc,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Coded coded) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ZSTD = "zstd";

    /**
     * A body that is not kept as it came. A version that does not know of it cannot read the header, and so does not serve
     * the body.
     *
     * @param coding its name in lower case
     * @param length of what came
     * @param crc CRC-32 (IEEE) of what is kept
     */
    record Coded(String coding, int length, int crc) {
        static @Nullable Coded of(Body body) {
            return body.isCoded()
                    ? new Coded(ZSTD, body.length(), Body.of(body.bytes()).crc())
                    : null;
        }

        /* What the frame itself says of its length is asked, so that nobody is told another. */
        Optional<Body> body(Body kept, int crc) {
            return coding.equals(ZSTD) && kept.crc() == this.crc && length > 0 && Zstd.isFrameOf(kept.bytes(), length)
                    ? Optional.of(new Body(kept.bytes(), crc, length, Coding.ZSTD))
                    : Optional.empty();
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
                Coded.of(draft.body()));
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
        Body kept = Body.of(bytes);
        if (coded != null) {
            return coded.body(kept, crc);
        }
        return kept.crc() == crc ? Optional.of(kept) : Optional.empty();
    }

    List<Tag> tags() {
        return tagTexts.stream().map(Tag::new).toList();
    }

    Lifetime lifetime() {
        return new Lifetime(revalidateMs, expireMs);
    }
}
