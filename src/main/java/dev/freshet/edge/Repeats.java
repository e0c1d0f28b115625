package dev.freshet.edge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ByteProcessor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The requests of one connection that repeat, but for the path, what the one before them said. Stands where answers pass. */
final class Repeats extends ChannelOutboundHandlerAdapter implements Shortcut.Answer {
    /*
     * Clients send the same fields with each request. Those that were read to the letter once mean the
     * same when they come again, byte for byte, on the same connection; so does whom they let in, and
     * who compares a secret with itself learns nothing. Such a GET needs no parsing. If it asks for
     * no more than what its path names, and an entry answers it, no request is made either, and
     * no answer encoded: together two thirds of what a near hit costs besides the kernel.
     *
     * Fields end with an empty line, and have none before: what begins with them is them. What a request of
     * HTTP/1.0 may leave out, such as its host, one of HTTP/1.1 may not.
     *
     * Answers leave in the order of their requests. So nothing is answered here while a request that
     * was handed on waits for its answer, or while the client does not read; and nothing is read while
     * one that is to be answered here waits for it.
     */

    /** How far the answer to one request is. */
    private enum Stage {
        NONE,
        /** It is being asked for. */
        ASKED,
        /** It is still to come. */
        AWAITED
    }

    private static final int FIELDS_BYTES_MAX = 1_024;
    private static final int LINE_BYTES_MAX = 600;
    private static final ByteBuf GET = ascii("GET ");
    private static final ByteBuf VERSION = ascii(" HTTP/1.1\r\n");
    private static final int CR_LF = 2;

    private final Shortcut shortcut;
    private ByteBuf fields = Unpooled.EMPTY_BUFFER;
    private @Nullable HttpHeaders headers;
    private Shortcut.@Nullable Asker asker;
    private int handedOn;
    private boolean written;
    private Stage stage = Stage.NONE;
    private String path = "";
    private @Nullable ChannelHandlerContext decoder;

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
        int bytes = head.writerIndex() - line;
        boolean fits = bytes <= FIELDS_BYTES_MAX
                && holds(head, head.readerIndex(), GET)
                && request.protocolVersion().equals(HttpVersion.HTTP_1_1);
        headers = fits ? request.headers() : null;
        asker = fits ? shortcut.asker(request.headers()) : null;
        fields = fits ? Unpooled.copiedBuffer(head.slice(line, bytes)) : Unpooled.EMPTY_BUFFER;
    }

    private static ByteBuf ascii(String text) {
        return Unpooled.unreleasableBuffer(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
    }

    private static boolean holds(ByteBuf in, int at, ByteBuf text) {
        int bytes = text.readableBytes();
        return at >= in.readerIndex() && in.writerIndex() - at >= bytes && ByteBufUtil.equals(in, at, text, 0, bytes);
    }

    /** Takes the request that begins here, if its fields are the same: answers it, or makes it of what they were read as. Whether it did. */
    boolean take(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        HttpHeaders known = headers;
        if (known == null) {
            return false;
        }
        int from = in.readerIndex();
        int cr = in.forEachByte(from, Math.min(LINE_BYTES_MAX, in.readableBytes()), ByteProcessor.FIND_CR);
        int line = cr + CR_LF;
        int target = from + GET.readableBytes();
        int version = line - VERSION.readableBytes();
        if (cr < 0
                || !holds(in, from, GET)
                || !holds(in, version, VERSION)
                || !holds(in, line, fields)
                || !Framing.isPath(in, target, version)) {
            return false;
        }
        path = in.toString(target, version - target, StandardCharsets.US_ASCII);
        decoder = context;
        in.readerIndex(line + fields.readableBytes());
        if (!answers(context)) {
            make(known, out::add);
        }
        return true;
    }

    private void make(HttpHeaders known, Consumer<Object> next) {
        handedOn++;
        next.accept(new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, path, known));
        next.accept(LastHttpContent.EMPTY_LAST_CONTENT);
    }

    private boolean answers(ChannelHandlerContext context) {
        if (asker == null || handedOn > 0 || !isRead(context)) {
            return false;
        }
        stage = Stage.ASKED;
        boolean begun = asker.answers(path, this);
        if (stage == Stage.ASKED) {
            stage = begun ? Stage.AWAITED : Stage.NONE;
        }
        return begun;
    }

    /** Whether an answer is still to come, before which nothing more is to be read. */
    boolean isAwaiting() {
        return stage == Stage.AWAITED;
    }

    @Override
    public boolean mayWait() {
        return true;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // A client that is gone needs no answer.
    public void whole(Shortcut.Whole whole) {
        here().write(whole.bytes(here().alloc()));
        written = true;
        readOn();
    }

    @Override
    public void none() {
        if (here().channel().isActive()) {
            make(Objects.requireNonNull(headers), here()::fireChannelRead);
        }
        readOn();
    }

    private ChannelHandlerContext here() {
        return Objects.requireNonNull(decoder);
    }

    private void readOn() {
        boolean awaited = stage == Stage.AWAITED;
        stage = Stage.NONE;
        if (awaited) {
            ((StrictDecoder) here().handler()).readOn(here());
        }
    }

    /* Of many requests that come at once the answers leave in parts. */
    private boolean isRead(ChannelHandlerContext context) {
        if (!context.channel().isWritable()) {
            send(context);
        }
        return context.channel().isWritable();
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
