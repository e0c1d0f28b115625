package dev.freshet.edge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Answers requests that clients send again and again in the same words, before anything is made of them. Of one event loop. */
public interface Shortcut {
    /** What the fields of one request mean for each that has the same. */
    interface Asker {
        /**
         * Begins to answer a GET without a body; or does not, if it takes more than this to find the answer.
         *
         * @param path as it was sent, without a query, and of no characters but those of one
         * @param answer is told once if this is true, before or after this returns
         */
        boolean answers(String path, Answer answer);
    }

    /** One answer. Of the event loop that it was asked for on. */
    interface Answer {
        /** Whether it may be told later. */
        boolean mayWait();

        /** It is this. */
        void whole(Whole whole);

        /** There is none: the request is to be read after all, which is done before this returns. */
        void none();
    }

    /** A whole answer, as either version sends it. */
    interface Whole {
        /** As HTTP/1.1 sends it. */
        ByteBuf bytes(ByteBufAllocator allocator);

        /** The head as HTTP/2 sends it. To be read only. */
        Http2Headers fields();

        /** The body. */
        ByteBuf body();
    }

    /** Who asks with these fields; null if they ask for more than what the path names. */
    @Nullable
    Asker asker(Iterable<Map.Entry<String, String>> fields);
}
