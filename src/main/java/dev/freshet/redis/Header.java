package dev.freshet.redis;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.store.StoreException;
import dev.freshet.tag.Tag;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.List;

/** What Redis keeps of an entry beside its body, as JSON. */
record Header(
        String digest,
        @JsonProperty("tags") List<String> tagTexts,
        long revalidateMs,
        long expireMs,
        String type,
        String attributes,
        int crc) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static Header of(Key key, Draft draft) {
        return new Header(
                key.digest(),
                draft.tags().stream().map(Tag::text).toList(),
                draft.lifetime().revalidateMs(),
                draft.lifetime().expireMs(),
                draft.type(),
                draft.attributes(),
                draft.body().crc());
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

    List<Tag> tags() {
        return tagTexts.stream().map(Tag::new).toList();
    }

    Lifetime lifetime() {
        return new Lifetime(revalidateMs, expireMs);
    }
}
