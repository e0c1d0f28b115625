package dev.freshet.edge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.impl.VertxHttpRequestDecoder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the requests of one connection of HTTP/1.1 to the letter, and knows how long they take to arrive. */
final class StrictDecoder extends VertxHttpRequestDecoder {
    private static final int LENGTH_DIGITS_MAX = 18;

    /** What is arriving. */
    private enum Part {
        NOTHING,
        HEAD,
        BODY,
        /** Nothing that is read: what came was no request. */
        WRONG
    }

    private final Framing framing = new Framing();
    private Part part = Part.NOTHING;
    private int lengths;
    private long sinceNanos;
    private @Nullable Channel channel;
    private final @Nullable Repeats repeats;

    /** Whether the client sends on and on while it waits for an answer, and is not read therefore. */
    private boolean held;

    /**
     * One for a connection.
     *
     * @param repeats what takes requests that repeat, if anything does
     */
    StrictDecoder(HttpServerOptions options, Optional<Repeats> repeats) {
        super(options);
        this.repeats = repeats.orElse(null);
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
        channel = context.channel();
        if (part == Part.WRONG) {
            in.skipBytes(in.readableBytes());
            return;
        }
        if (repeats != null && repeats.isAwaiting()) {
            hold(context, in);
            return;
        }
        int from = in.readerIndex();
        boolean begins = part == Part.NOTHING && in.isReadable();
        if (begins && repeats != null && repeats.take(context, in, out)) {
            return;
        }
        if (begins) {
            framing.begin();
            lengths = 0;
            arrives(Part.HEAD);
        }
        int before = out.size();
        super.decode(context, in, out);
        boolean proper = framing.take(in, from, in.readerIndex());
        for (int i = before; proper && i < out.size(); i++) {
            proper = follows(out.get(i));
        }
        if (!proper && part != Part.WRONG) {
            refuse(in, out, before);
        }
        if (repeats != null && out.size() > before && out.get(before) instanceof HttpRequest request) {
            boolean whole = begins && part == Part.NOTHING;
            repeats.handOn(request, whole ? in.slice(from, in.readerIndex() - from) : Unpooled.EMPTY_BUFFER);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) throws Exception {
        if (repeats != null) {
            repeats.send(context);
        }
        super.channelReadComplete(context);
    }

    private void hold(ChannelHandlerContext context, ByteBuf in) {
        if (!held && in.readableBytes() > Edge.HEADER_BYTES_MAX) {
            held = true;
            context.channel().config().setAutoRead(false);
        }
    }

    /** Reads on, after an answer that {@link Repeats} awaited. */
    void readOn(ChannelHandlerContext context) {
        try {
            if (actualReadableBytes() > 0) {
                channelRead(context, Unpooled.EMPTY_BUFFER);
            }
            channelReadComplete(context);
        } catch (Exception e) {
            context.fireExceptionCaught(e);
        }
        if (held) {
            held = false;
            context.channel().config().setAutoRead(true);
        }
    }

    /* Whether what the decoder has read is what may come now. What it refuses by itself, it tells so. */
    private boolean follows(Object read) {
        if (read instanceof HttpMessage head && head.decoderResult().isSuccess()) {
            if (!framing.isWhole() || lengths > 1 || !isProper(head)) {
                return false;
            }
            framing.body(head.headers().contains(HttpHeaderNames.TRANSFER_ENCODING));
            arrives(Part.BODY);
        } else if (read instanceof HttpMessage) {
            part = Part.WRONG;
        } else if (read instanceof LastHttpContent last) {
            boolean chunked = part == Part.BODY && framing.isChunked();
            part = last.decoderResult().isSuccess() ? Part.NOTHING : Part.WRONG;
            return part == Part.WRONG || !chunked || framing.isWhole();
        }
        return true;
    }

    private void arrives(Part next) {
        part = next;
        sinceNanos = System.nanoTime();
    }

    private void refuse(ByteBuf in, List<Object> out, int before) {
        DecoderResult why = DecoderResult.failure(new IllegalArgumentException("not to the letter of RFC 9112"));
        boolean head = part == Part.HEAD || (out.size() > before && out.get(before) instanceof HttpMessage);
        part = Part.WRONG;
        while (out.size() > before) {
            ReferenceCountUtil.release(out.removeLast());
        }
        in.skipBytes(in.readableBytes());
        if (head) {
            HttpMessage none = createInvalidMessage();
            none.setDecoderResult(why);
            out.add(none);
        } else {
            DefaultLastHttpContent end = new DefaultLastHttpContent();
            end.setDecoderResult(why);
            out.add(end);
        }
    }

    /* Of several lengths the decoder keeps one where the version is HTTP/1.0. */
    @Override
    protected AsciiString splitHeaderName(byte[] bytes, int from, int length) {
        AsciiString name = super.splitHeaderName(bytes, from, length);
        if (HttpHeaderNames.CONTENT_LENGTH.contentEqualsIgnoreCase(name)) {
            lengths++;
        }
        return name;
    }

    @Override
    protected HttpMessage createMessage(String[] line) {
        boolean version = line[2].equals("HTTP/1.1") || line[2].equals("HTTP/1.0");
        if (!version || !line[1].startsWith("/")) {
            throw new IllegalArgumentException("the target is a path, the version HTTP/1.1 or HTTP/1.0");
        }
        return super.createMessage(line);
    }

    /* Who sends both lets two readers differ on where the body ends. */
    @Override
    protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
        throw new IllegalArgumentException("a body is chunked or has a length");
    }

    private static boolean isProper(HttpMessage head) {
        HttpHeaders headers = head.headers();
        boolean is11 = head.protocolVersion().equals(HttpVersion.HTTP_1_1);
        List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
        boolean hosted = hosts.size() == 1 ? Hosts.isProper(hosts.getFirst()) : hosts.isEmpty() && !is11;
        if (!hosted || (length(headers) && encoding(headers))) {
            return false;
        }
        return (!length(headers) || isLength(headers.get(HttpHeaderNames.CONTENT_LENGTH)))
                && (!encoding(headers) || (is11 && isChunked(headers.getAll(HttpHeaderNames.TRANSFER_ENCODING))));
    }

    private static boolean length(HttpHeaders headers) {
        return headers.contains(HttpHeaderNames.CONTENT_LENGTH);
    }

    private static boolean encoding(HttpHeaders headers) {
        return headers.contains(HttpHeaderNames.TRANSFER_ENCODING);
    }

    private static boolean isChunked(List<String> encodings) {
        return encodings.size() == 1 && encodings.getFirst().equalsIgnoreCase("chunked");
    }

    private static boolean isLength(String text) {
        return !text.isEmpty()
                && text.length() <= LENGTH_DIGITS_MAX
                && text.chars().allMatch(digit -> digit >= '0' && digit <= '9');
    }

    /** Whether what is arriving takes too long. While the connection is not read, that is not the client's fault. */
    boolean isLate(long nowNanos, EdgeConfig config) {
        if (part == Part.NOTHING || part == Part.WRONG || channel == null) {
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
