package dev.freshet.edge;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is answered of a connection of HTTP/2, and what is read: a client and a server of Netty's, that pass bytes. */
class StreamRepeatsTest {
    private static final String LONGEST = "/" + "p".repeat(599);

    /** The paths of the requests that are read, and what the client is told, by stream. */
    private final List<String> read = new ArrayList<>();

    private final List<String> told = new ArrayList<>();
    private final List<Map.Entry<String, String>> learnt = new ArrayList<>();
    private boolean isThere = true;
    private boolean asks = true;
    private final Http2ConnectionHandler server =
            handler(true, new Listener((id, headers) -> read.add(id + " " + headers.path())));
    private final Http2ConnectionHandler client =
            handler(false, new Listener((id, headers) -> told.add(id + " " + headers.status())) {
                @Override
                public int onDataRead(ChannelHandlerContext context, int id, ByteBuf data, int padding, boolean end) {
                    told.add(id + " " + data.toString(StandardCharsets.UTF_8) + (end ? " end" : ""));
                    return data.readableBytes() + padding;
                }
            });
    private final EmbeddedChannel serving = new EmbeddedChannel(server);
    private final EmbeddedChannel asking = new EmbeddedChannel(client);
    private int last = -1;

    /** Takes heads, with a priority and without. */
    private static class Listener extends Http2EventAdapter {
        private final BiConsumer<Integer, Http2Headers> heads;

        Listener(BiConsumer<Integer, Http2Headers> heads) {
            this.heads = heads;
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext context,
                int id,
                Http2Headers headers,
                int dependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean end) {
            onHeadersRead(context, id, headers, padding, end);
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext context, int id, Http2Headers headers, int padding, boolean end) {
            heads.accept(id, headers);
        }
    }

    private static Http2ConnectionHandler handler(boolean server, Http2EventAdapter listener) {
        return new Http2ConnectionHandlerBuilder()
                .server(server)
                .frameListener(listener)
                .initialSettings(Http2Settings.defaultSettings())
                .build();
    }

    @BeforeEach
    void open() {
        pass();
        StreamRepeats.install(server, fields -> {
            fields.forEach(learnt::add);
            return asks ? this::answers : null;
        });
    }

    @AfterEach
    void close() {
        serving.finishAndReleaseAll();
        asking.finishAndReleaseAll();
    }

    private boolean answers(String path, Shortcut.Answer answer) {
        if (isThere) {
            assertThat(answer.mayWait()).isFalse();
            answer.whole(new Wired(Unpooled.copiedBuffer("=" + path, StandardCharsets.UTF_8)));
        }
        return isThere;
    }

    /* Until neither has more to say. */
    private void pass() {
        while (passes(asking, serving) | passes(serving, asking)) {}
    }

    private static boolean passes(EmbeddedChannel from, EmbeddedChannel to) {
        from.flushOutbound();
        boolean any = false;
        for (ByteBuf bytes = from.readOutbound(); bytes != null; bytes = from.readOutbound()) {
            any = true;
            to.writeInbound(bytes);
        }
        return any;
    }

    private static Http2Headers get(String path) {
        return new DefaultHttp2Headers()
                .method("GET")
                .scheme("https")
                .authority("h:8484")
                .path(path)
                .add("authorization", "Bearer s");
    }

    private int send(Http2Headers headers, boolean end) {
        last += 2;
        write(last, headers, end);
        return last;
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    private void write(int id, Http2Headers headers, boolean end) {
        ChannelHandlerContext context = asking.pipeline().context(client);
        client.encoder().writeHeaders(context, id, headers, 0, end, context.newPromise());
        pass();
    }

    @Test
    void firstIsRead_andItsLikeIsAnswered() {
        send(get("/a"), true);
        send(get("/a"), true);
        send(get("/b"), true);

        assertThat(read).containsExactly("1 /a");
        assertThat(told).containsExactly("3 200", "3 =/a end", "5 200", "5 =/b end");
        assertThat(learnt).containsExactly(Map.entry("authorization", "Bearer s"));
        assertThat(server.connection().numActiveStreams()).isEqualTo(1);
    }

    @Test
    void withAPriority_isAnsweredToo() {
        send(get("/a"), true);
        last += 2;
        ChannelHandlerContext context = asking.pipeline().context(client);
        client.encoder()
                .writeHeaders(context, last, get("/b"), 0, (short) 16, false, 0, true, context.newPromise())
                .addListener(written -> assertThat(written.isSuccess()).isTrue());
        pass();

        assertThat(told).containsExactly("3 200", "3 =/b end");
    }

    @Test
    void whatIsNotThere_isRead() {
        send(get("/a"), true);
        isThere = false;
        send(get("/b"), true);

        assertThat(read).containsExactly("1 /a", "3 /b");
        assertThat(told).isEmpty();
    }

    @Test
    void whoAsksForMore_isRead() {
        asks = false;
        send(get("/a"), true);
        send(get("/a"), true);

        assertThat(read).hasSize(2);
    }

    @Test
    void otherFields_areRead_andAreThoseOfTheNext() {
        send(get("/a"), true);
        send(get("/b").set("authorization", "Bearer t"), true);
        send(get("/c"), true);
        send(get("/d"), true);

        assertThat(read).containsExactly("1 /a", "3 /b", "5 /c");
        assertThat(told).containsExactly("7 200", "7 =/d end");
    }

    @Test
    void aFieldMoreOrLess_isRead() {
        Http2Headers more = get("/b").add("x-more", "1");
        send(get("/a"), true);
        send(more, true);
        send(get("/c"), true);

        assertThat(read).hasSize(3);
    }

    @Test
    void withABody_isRead() {
        send(get("/a"), true);
        send(get("/b"), false);

        assertThat(read).containsExactly("1 /a", "3 /b");
        assertThat(told).isEmpty();
    }

    /** What ends a request that has a body is none of its own, whatever it looks like. */
    @Test
    void trailersThatLookLikeARequest_areRead() {
        send(get("/a"), true);
        int id = send(get("/b"), false);
        write(id, get("/c"), true);

        assertThat(told).noneMatch(answer -> answer.contains("="));
    }

    @ParameterizedTest
    @CsvSource({
        ":method, POST",
        ":authority, h h",
        "host, h:8484",
        "connection, keep-alive",
        ":protocol, websocket",
        "x-long, LONG"
    })
    void whatNoGetHas_orContradicts_isRead(String name, String value) {
        for (int i = 0; i < 3; i++) {
            send(get("/a").set(name, value.equals("LONG") ? "l".repeat(1_024) : value), true);
        }

        assertThat(told).noneMatch(answer -> answer.contains("="));
        assertThat(learnt).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {":authority", ":scheme"})
    void withoutWhatARequestHas_isRead(String name) {
        for (int i = 0; i < 3; i++) {
            Http2Headers headers = get("/a");
            headers.remove(name);
            send(headers, true);
        }

        assertThat(told).noneMatch(answer -> answer.contains("="));
    }

    @Test
    void aFieldOfAnotherMethod_inPlaceOfTheScheme_isRead() {
        for (int i = 0; i < 3; i++) {
            Http2Headers headers = get("/a").set(":protocol", "websocket");
            headers.remove(":scheme");
            send(headers, true);
        }

        assertThat(told).noneMatch(answer -> answer.contains("="));
    }

    @Test
    void moreFieldsThanAreKept_areRead() {
        for (int i = 0; i < 3; i++) {
            Http2Headers headers = get("/a");
            for (int field = 0; field < 12; field++) {
                headers.add("x-" + field, "");
            }
            send(headers, true);
        }

        assertThat(told).noneMatch(answer -> answer.contains("="));
    }

    @Test
    void withoutAPath_isRead() {
        send(get("/a"), true);
        Http2Headers none = get("/b");
        none.remove(":path");
        send(none, true);

        assertThat(read).containsExactly("1 /a", "3 null");
    }

    @Test
    void aPathAlone_afterWhatWasForgotten_isRead() {
        send(get("/a"), true);
        send(get("/a").method("POST"), true);
        send(new DefaultHttp2Headers().path("/a"), true);

        assertThat(read).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a?b", "/a#b", "/a b", "*", "a", "/\u00e4", "/a\\b"})
    void aPathOfOtherCharacters_isRead(String path) {
        send(get("/a"), true);
        send(get(path), true);

        assertThat(told).noneMatch(answer -> answer.contains("="));
    }

    @Test
    void aPathThatIsTooLong_isRead() {
        send(get("/a"), true);
        send(get(LONGEST), true);
        send(get(LONGEST + "p"), true);

        assertThat(told).containsExactly("3 200", "3 =" + LONGEST + " end");
        assertThat(read).containsExactly("1 /a", "5 " + LONGEST + "p");
    }

    /** Whoever does not take what was answered has no more of it than streams. */
    @Test
    void whoDoesNotReadOn_keepsItsStreamsOpen() {
        send(get("/a"), true);
        int before = server.connection().numActiveStreams();
        serving.unsafe().outboundBuffer().setUserDefinedWritability(1, false);
        send(get("/b"), true);
        send(get("/c"), true);

        assertThat(told).containsExactly("3 200", "5 200");
        assertThat(server.connection().numActiveStreams()).isEqualTo(before + 2);
        serving.unsafe().outboundBuffer().setUserDefinedWritability(1, true);
        pass();
        assertThat(told).contains("3 =/b end", "5 =/c end");
        assertThat(server.connection().numActiveStreams()).isEqualTo(before);
    }

    /** A client that takes an answer back, before it could leave, goes on with its other streams. */
    @Test
    void whoTakesItsStreamBack_isServedOn() {
        List<Throwable> errors = new ArrayList<>();
        serving.pipeline().addFirst(new ChannelInboundHandlerAdapter() {
            @Override
            public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                errors.add(cause);
            }
        });
        send(get("/a"), true);
        int before = server.connection().numActiveStreams();
        serving.unsafe().outboundBuffer().setUserDefinedWritability(1, false);
        int id = send(get("/b"), true);
        reset(id);
        serving.unsafe().outboundBuffer().setUserDefinedWritability(1, true);
        send(get("/c"), true);

        assertThat(errors).isEmpty();
        assertThat(told).containsExactly("3 200", "5 200", "5 =/c end");
        assertThat(server.connection().numActiveStreams()).isEqualTo(before);
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    private void reset(int id) {
        ChannelHandlerContext context = asking.pipeline().context(client);
        client.encoder().writeRstStream(context, id, Http2Error.CANCEL.code(), context.newPromise());
        pass();
    }

    @Test
    void whatIsAnswered_isReleased() {
        ByteBuf body = Unpooled.copiedBuffer("b", StandardCharsets.UTF_8);
        StreamRepeats.install(server, fields -> (path, answer) -> {
            answer.whole(new Wired(body.retainedDuplicate()));
            return true;
        });
        send(get("/a"), true);
        send(get("/b"), true);

        assertThat(told).contains("3 b end");
        assertThat(body.refCnt()).isEqualTo(1);
        body.release();
    }
}
