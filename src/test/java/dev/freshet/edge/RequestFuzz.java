package dev.freshet.edge;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.HttpServerOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Requests are read alike, however they are cut up on their way, and whether or not those that repeat are answered before they are read; and
 * what is read is what was sent.
 */
public final class RequestFuzz implements Consumer<byte[]> {
    private static final HttpServerOptions OPTIONS = new HttpServerOptions();

    @Override
    public void accept(byte[] bytes) {
        String whole = read(bytes, bytes.length, Optional.empty(), new ArrayList<>());
        checkSame(whole, "byte by byte", read(bytes, 1, Optional.empty(), new ArrayList<>()));
        List<HttpObject> parts = new ArrayList<>();
        checkSame(
                whole, "with a shortcut", read(bytes, bytes.length, Optional.of(new Repeats(new Known(parts))), parts));
        checkSame(whole, "with one that takes its time", readSlowly(bytes));
    }

    /* Each answer is there when all has been sent and the one before it has left: every second one as bytes. */
    private static String readSlowly(byte[] bytes) {
        List<HttpObject> parts = new ArrayList<>();
        Slow slow = new Slow(parts);
        EmbeddedChannel channel = channel(Optional.of(new Repeats(slow)), parts);
        channel.writeInbound(Unpooled.copiedBuffer(bytes));
        slow.tellAll();
        return told(channel, parts);
    }

    private static void checkSame(String whole, String how, String other) {
        if (!whole.equals(other)) {
            throw new AssertionError("read as\n" + whole + "when it comes at once, and as\n" + other + how);
        }
    }

    private static HttpObject read(String path, Iterable<Map.Entry<String, String>> told) {
        HttpHeaders fields = new DefaultHttpHeaders();
        told.forEach(field -> fields.add(field.getKey(), field.getValue()));
        return new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1, HttpMethod.GET, path, Unpooled.EMPTY_BUFFER, fields, EmptyHttpHeaders.INSTANCE);
    }

    /** Tells what it is asked for as if it had been read. */
    private record Known(List<HttpObject> parts) implements Shortcut {
        @Override
        public Asker asker(Iterable<Map.Entry<String, String>> fields) {
            return (path, answer) -> {
                parts.add(read(path, fields));
                answer.whole(Wired.EMPTY);
                return true;
            };
        }
    }

    /** The same, later; or has it read. */
    private static final class Slow implements Shortcut {
        private final List<HttpObject> parts;
        private final Deque<Runnable> asked = new ArrayDeque<>();
        private int count;

        Slow(List<HttpObject> parts) {
            this.parts = parts;
        }

        @Override
        public Asker asker(Iterable<Map.Entry<String, String>> fields) {
            return (path, answer) -> {
                boolean isHere = count++ % 2 == 0;
                asked.add(() -> {
                    if (isHere) {
                        parts.add(read(path, fields));
                        answer.whole(Wired.EMPTY);
                    } else {
                        answer.none();
                    }
                });
                return true;
            };
        }

        void tellAll() {
            while (!asked.isEmpty()) {
                asked.remove().run();
            }
        }
    }

    private static String read(byte[] bytes, int atOnce, Optional<Repeats> repeats, List<HttpObject> parts) {
        EmbeddedChannel channel = channel(repeats, parts);
        for (int from = 0; from < bytes.length; from += atOnce) {
            channel.writeInbound(Unpooled.copiedBuffer(bytes, from, Math.min(atOnce, bytes.length - from)));
        }
        return told(channel, parts);
    }

    private static EmbeddedChannel channel(Optional<Repeats> repeats, List<HttpObject> parts) {
        ChannelInboundHandlerAdapter server = new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object part) {
                parts.add((HttpObject) part);
                if (part instanceof LastHttpContent) {
                    context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
                }
            }
        };
        EmbeddedChannel channel = new EmbeddedChannel(new StrictDecoder(OPTIONS, repeats));
        repeats.ifPresent(channel.pipeline()::addLast);
        channel.pipeline().addLast(server);
        return channel;
    }

    private static String told(EmbeddedChannel channel, List<HttpObject> parts) {
        String read = told(parts);
        parts.forEach(ReferenceCountUtil::release);
        channel.finishAndReleaseAll();
        return read;
    }

    private static String told(List<HttpObject> parts) {
        StringBuilder whole = new StringBuilder();
        StringBuilder begun = new StringBuilder();
        boolean proper = true;
        for (HttpObject part : parts) {
            proper = proper && part.decoderResult().isSuccess();
            if (proper) {
                tell(part, begun);
            }
            if (proper && part instanceof LastHttpContent) {
                whole.append(begun).append("END\n");
                begun.setLength(0);
            }
        }
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
