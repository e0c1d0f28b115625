package dev.freshet.edge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ByteProcessor;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The requests of one connection that repeat, but for the path, what the one before them said. Stands where answers pass. */
final class Repeats extends ChannelOutboundHandlerAdapter {
    /*
     * Clients send the same fields with each request. Those that were read to the letter once mean the
     * same when they come again, byte for byte, on the same connection; so does whom they let in, and
     * who compares a secret with itself learns nothing. Such a GET can be answered from its path
     * alone: the line and the fields are not parsed, no request is made and no answer encoded, which
     * is two thirds of what a near hit costs besides the kernel.
     *
     * Fields end with an empty line, and have none before: what begins with them is them.
     *
     * Answers leave in the order of their requests. So nothing is answered here while a request that
     * was handed on waits for its answer, or while the client does not read.
     */

    private static final int FIELDS_BYTES_MAX = 1_024;
    private static final int LINE_BYTES_MAX = 600;
    private static final ByteBuf GET = ascii("GET ");
    private static final ByteBuf VERSION = ascii(" HTTP/1.1\r\n");
    private static final int CR_LF = 2;

    private final Shortcut shortcut;
    private ByteBuf fields = Unpooled.EMPTY_BUFFER;
    private Shortcut.@Nullable Asker asker;
    private int handedOn;
    private boolean written;

    Repeats(Shortcut shortcut) {
        this.shortcut = shortcut;
    }

    /**
     * A request is handed on, after which its answer leaves here.
     *
     * @param head the bytes that it came as, if they came at once and nothing of it is yet to come; else none
     */
    void handOn(HttpRequest request, ByteBuf head) {
        handedOn++;
        int line = head.forEachByte(ByteProcessor.FIND_LF) + 1;
        int to = head.writerIndex();
        if (asker == null || !holds(head, line, fields)) {
            boolean fits = holds(head, head.readerIndex(), GET) && to - line <= FIELDS_BYTES_MAX;
            asker = fits ? shortcut.asker(request.headers()) : null;
            fields = asker == null ? Unpooled.EMPTY_BUFFER : Unpooled.copiedBuffer(head.slice(line, to - line));
        }
    }

    private static ByteBuf ascii(String text) {
        return Unpooled.unreleasableBuffer(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
    }

    private static boolean holds(ByteBuf in, int at, ByteBuf text) {
        int bytes = text.readableBytes();
        return at >= in.readerIndex() && in.writerIndex() - at >= bytes && ByteBufUtil.equals(in, at, text, 0, bytes);
    }

    /** Answers the request that begins here, and skips it. Whether it could. */
    @SuppressWarnings("FutureReturnValueIgnored") // A client that is gone needs no answer.
    boolean answers(ChannelHandlerContext context, ByteBuf in) {
        if (asker == null || handedOn > 0 || !context.channel().isWritable()) {
            return false;
        }
        int from = in.readerIndex();
        int cr = in.forEachByte(from, Math.min(LINE_BYTES_MAX, in.readableBytes()), ByteProcessor.FIND_CR);
        int line = cr + CR_LF;
        int version = line - VERSION.readableBytes();
        if (cr < 0 || !holds(in, from, GET) || !holds(in, version, VERSION) || !holds(in, line, fields)) {
            return false;
        }
        int path = from + GET.readableBytes();
        ByteBuf answer = Framing.isPath(in, path, version)
                ? asker.answer(in.toString(path, version - path, StandardCharsets.US_ASCII), context.alloc())
                : null;
        if (answer == null) {
            return false;
        }
        in.readerIndex(line + fields.readableBytes());
        context.write(answer);
        written = true;
        return true;
    }

    /** Sends what was answered. */
    void send(ChannelHandlerContext context) {
        if (written) {
            written = false;
            context.flush();
        }
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // The promise tells it.
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        boolean interim =
                message instanceof HttpResponse response && response.status().code() < 200;
        if (message instanceof LastHttpContent && !interim) {
            handedOn--;
        }
        context.write(message, promise);
    }
}
