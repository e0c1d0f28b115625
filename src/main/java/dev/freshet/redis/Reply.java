package dev.freshet.redis;

import dev.freshet.store.StoreException;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Response;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What Redis answers, where nothing is absent unless it was asked for with {@link #has}. */
record Reply(@Nullable Response response) {
    /** How many elements it has. */
    int size() {
        return whole().size();
    }

    /** Whether an element is there. */
    boolean has(int at) {
        return whole().get(at) != null;
    }

    /** An element as text. */
    String text(int at) {
        return element(at).toString();
    }

    /** An element as bytes, not copied. */
    Buffer bytes(int at) {
        Buffer bytes = element(at).toBuffer();
        if (bytes == null) {
            throw unexpected();
        }
        return bytes;
    }

    /** An element as a whole number; a score of a sorted set may be told with an exponent. */
    long number(int at) {
        String text = text(at);
        return text.indexOf('e') < 0 ? Long.parseLong(text) : (long) Double.parseDouble(text);
    }

    /** An element that is a list, as texts. */
    List<String> texts(int at) {
        return element(at).stream().map(Response::toString).toList();
    }

    /** The answer itself as text. */
    String text() {
        return whole().toString();
    }

    /** The answer itself as a whole number. */
    long number() {
        return Long.parseLong(whole().toString());
    }

    private Response element(int at) {
        Response element = whole().get(at);
        if (element == null) {
            throw unexpected();
        }
        return element;
    }

    /** The answer itself. */
    Response whole() {
        if (response == null) {
            throw unexpected();
        }
        return response;
    }

    private static StoreException unexpected() {
        return new StoreException("Redis answers nothing where it should answer something");
    }
}
