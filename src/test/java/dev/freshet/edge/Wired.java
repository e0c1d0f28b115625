package dev.freshet.edge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.ReadOnlyHttp2Headers;
import io.netty.util.AsciiString;

/** An answer of some bytes: all there is by HTTP/1.1, and the body by HTTP/2. */
record Wired(ByteBuf body) implements Shortcut.Whole {
    static final Wired EMPTY = new Wired(Unpooled.EMPTY_BUFFER);

    @Override
    public ByteBuf bytes(ByteBufAllocator allocator) {
        return body;
    }

    @Override
    public Http2Headers fields() {
        return ReadOnlyHttp2Headers.serverHeaders(true, AsciiString.cached("200"));
    }
}
