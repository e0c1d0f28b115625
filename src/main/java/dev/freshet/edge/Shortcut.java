package dev.freshet.edge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/** Answers requests of HTTP/1.1 that clients send again and again in the same words, before anything is made of them. Of one event loop. */
public interface Shortcut {
    /** What the fields of one request mean for each that has the same. */
    interface Asker {
        /**
         * The whole answer to a GET without a body, as it goes over the wire; null if it takes more than this to find.
         *
         * @param path as it was sent, without a query, and of no characters but those of one
         * @param allocator of the answer
         */
        @Nullable
        ByteBuf answer(String path, ByteBufAllocator allocator);
    }

    /** Who asks with these fields; null if they ask for more than what the path names. */
    @Nullable
    Asker asker(HttpHeaders fields);
}
