package dev.freshet.edge;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.HttpServerOptions;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Requests are read alike, however they are cut up on their way; and what is read is what was sent. */
public final class RequestFuzz implements Consumer<byte[]> {
    private static final HttpServerOptions OPTIONS = new HttpServerOptions();

    @Override
    public void accept(byte[] bytes) {
        String whole = read(bytes, bytes.length);
        String inParts = read(bytes, 1);
        if (!whole.equals(inParts)) {
            throw new AssertionError(
                    "read as\n" + whole + "when it comes at once, and as\n" + inParts + "byte by byte");
        }
    }

    private static String read(byte[] bytes, int atOnce) {
        EmbeddedChannel channel = new EmbeddedChannel(new StrictDecoder(OPTIONS));
        for (int from = 0; from < bytes.length; from += atOnce) {
            channel.writeInbound(Unpooled.copiedBuffer(bytes, from, Math.min(atOnce, bytes.length - from)));
        }
        StringBuilder whole = new StringBuilder();
        StringBuilder begun = new StringBuilder();
        boolean proper = true;
        for (Object part = channel.readInbound(); part != null; part = channel.readInbound()) {
            proper = proper && ((HttpObject) part).decoderResult().isSuccess();
            if (proper) {
                tell(part, begun);
            }
            if (proper && part instanceof LastHttpContent) {
                whole.append(begun).append("END\n");
                begun.setLength(0);
            }
            ReferenceCountUtil.release(part);
        }
        channel.finishAndReleaseAll();
        /* Nothing after what is refused is acted on, nor the request that it belongs to, though some of it may have come. */
        return proper ? whole.append(begun).toString() : whole + "REFUSED";
    }

    private static void tell(Object part, StringBuilder read) {
        if (part instanceof HttpRequest head) {
            read.append("HEAD ").append(head.method()).append(' ').append(head.uri());
            head.headers().forEach(field -> read.append('|').append(field));
            read.append('\n');
        }
        if (part instanceof HttpContent content) {
            read.append(content.content().toString(StandardCharsets.ISO_8859_1));
        }
    }
}
