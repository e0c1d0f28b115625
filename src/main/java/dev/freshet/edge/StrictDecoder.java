package dev.freshet.edge;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.LastHttpContent;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.impl.VertxHttpRequestDecoder;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the requests of one connection of HTTP/1.1, and knows how long they take to arrive. */
final class StrictDecoder extends VertxHttpRequestDecoder {
    /** What is arriving. */
    private enum Part {
        NOTHING,
        HEAD,
        BODY
    }

    private Part part = Part.NOTHING;
    private long sinceNanos;
    private @Nullable Channel channel;

    StrictDecoder(HttpServerOptions options) {
        super(options);
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
        channel = context.channel();
        if (part == Part.NOTHING && in.isReadable()) {
            arrives(Part.HEAD);
        }
        int before = out.size();
        super.decode(context, in, out);
        for (int i = before; i < out.size(); i++) {
            Object read = out.get(i);
            if (read instanceof LastHttpContent) {
                part = Part.NOTHING;
            } else if (read instanceof HttpMessage) {
                arrives(Part.BODY);
            }
        }
    }

    private void arrives(Part next) {
        part = next;
        sinceNanos = System.nanoTime();
    }

    /** Whether what is arriving takes too long. While the connection is not read, that is not the client's fault. */
    boolean isLate(long nowNanos, EdgeConfig config) {
        if (part == Part.NOTHING || channel == null) {
            return false;
        }
        if (!channel.config().isAutoRead()) {
            sinceNanos = nowNanos;
            return false;
        }
        Duration most = part == Part.HEAD ? config.headTimeout() : config.bodyTimeout();
        return nowNanos - sinceNanos > most.toNanos();
    }
}
