package dev.freshet.edge;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.HttpServerOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RepeatsTest {
    private static final String FIELDS = "Host: h\r\nAuthorization: Bearer s\r\n\r\n";

    /** Answers each path with itself. */
    private EmbeddedChannel channel = channel(fields -> RepeatsTest::itself);

    private static boolean itself(String path, Shortcut.Answer answer) {
        answer.whole(wire("=" + path));
        return true;
    }

    private static EmbeddedChannel channel(Shortcut shortcut) {
        Repeats repeats = new Repeats(shortcut);
        return new EmbeddedChannel(new StrictDecoder(new HttpServerOptions(), Optional.of(repeats)), repeats);
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    private static Shortcut.Whole wire(String text) {
        return wire(bytes(text));
    }

    private static Shortcut.Whole wire(ByteBuf bytes) {
        return new Wired(bytes);
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }

    private static String get(String path) {
        return "GET " + path + " HTTP/1.1\r\n" + FIELDS;
    }

    private void send(String text) {
        channel.writeInbound(bytes(text));
    }

    /** The requests that were read, each answered. */
    private List<String> read() {
        List<String> read = unanswered();
        read.forEach(path -> channel.writeOutbound(LastHttpContent.EMPTY_LAST_CONTENT));
        return read;
    }

    private List<String> unanswered() {
        List<String> read = new ArrayList<>();
        for (Object part = channel.readInbound(); part != null; part = channel.readInbound()) {
            if (part instanceof HttpRequest head) {
                read.add(head.decoderResult().isSuccess() ? head.uri() : "REFUSED");
            }
            ReferenceCountUtil.release(part);
        }
        return read;
    }

    private List<String> answered() {
        List<String> answered = new ArrayList<>();
        for (Object part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            if (part instanceof ByteBuf answer) {
                answered.add(answer.toString(StandardCharsets.ISO_8859_1));
            }
            ReferenceCountUtil.release(part);
        }
        return answered;
    }

    private void readFirst() {
        send(get("/first"));
        assertThat(read()).containsExactly("/first");
        assertThat(answered()).isEmpty();
    }

    @Test
    void sameFields_areAnsweredFromThePathAlone() {
        readFirst();

        send(get("/a") + get("/b"));

        assertThat(answered()).containsExactly("=/a", "=/b");
        assertThat(read()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Host: h\r\nAuthorization: Bearer s\r\nPrefer: wait=1\r\n\r\n",
                "Authorization: Bearer s\r\n\r\n",
                "Host: h\r\nAuthorization: Bearer t\r\n\r\n",
                "Host: h\r\nAuthorization: Bearer s\n\r\n"
            })
    void otherFields_areRead(String other) {
        readFirst();

        send("GET /other HTTP/1.1\r\n" + other);

        assertThat(answered()).isEmpty();
        assertThat(read()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HEAD /a HTTP/1.1",
                "GET /a HTTP/1.0",
                "PUT /a HTTP/1.1",
                "GET  HTTP/1.1",
                "get /a HTTP/1.1",
                "GET /a?b HTTP/1.1",
                "GET /a#b HTTP/1.1",
                "GET a HTTP/1.1",
                "GET /a b HTTP/1.1"
            })
    void otherLines_areRead(String line) {
        readFirst();

        send(line + "\r\n" + FIELDS);

        assertThat(answered()).isEmpty();
        assertThat(read()).hasSize(1);
    }

    @Test
    void whatTheShortcutDoesNotAnswer_isRead() {
        EmbeddedChannel silent = channel(fields -> (path, answer) -> false);
        silent.writeInbound(bytes(get("/a") + get("/b")));

        assertThat(silent.inboundMessages()).hasSize(4);
        silent.finishAndReleaseAll();
    }

    @Test
    void noneAtOnce_hasTheRequestRead() {
        EmbeddedChannel silent = channel(fields -> (path, answer) -> {
            answer.none();
            return true;
        });
        silent.writeInbound(bytes(get("/first")));
        silent.writeOutbound(LastHttpContent.EMPTY_LAST_CONTENT);

        silent.writeInbound(bytes(get("/a") + get("/b")));

        assertThat(silent.inboundMessages()).hasSize(6);
        silent.finishAndReleaseAll();
    }

    @Test
    void whileOneThatWasReadWaits_isReadAfterIt() {
        send(get("/first") + get("/second"));
        assertThat(unanswered()).containsExactly("/first", "/second");
        channel.writeOutbound(LastHttpContent.EMPTY_LAST_CONTENT);

        send(get("/third"));
        assertThat(unanswered()).containsExactly("/third");
        channel.writeOutbound(LastHttpContent.EMPTY_LAST_CONTENT, LastHttpContent.EMPTY_LAST_CONTENT);

        send(get("/fourth"));
        assertThat(answered()).containsExactly("=/fourth");
    }

    @Test
    void interimAnswer_endsNoWait() {
        send(get("/first"));
        assertThat(unanswered()).containsExactly("/first");
        channel.writeOutbound(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
        answered();

        send(get("/second"));

        assertThat(answered()).isEmpty();
        assertThat(unanswered()).containsExactly("/second");
    }

    @Test
    void clientThatDoesNotRead_isNotAnsweredBeforeItDoes() {
        readFirst();
        channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(1, 2));
        channel.write(bytes("so many that they wait"));

        send(get("/a"));

        assertThat(read()).containsExactly("/a");
        assertThat(answered()).doesNotContain("=/a");
    }

    @Test
    void headInParts_isAnsweredOnceItIsWhole_byReadingIt() {
        readFirst();

        send(get("/a").substring(0, 30));
        assertThat(answered()).isEmpty();
        send(get("/a").substring(30));

        assertThat(read()).containsExactly("/a");
        assertThat(answered()).isEmpty();
    }

    @Test
    void fieldsThatFollowAnEmptyLine_areNotTakenForTheRequestWithIt() {
        send("\r\n" + get("/first"));
        assertThat(read()).containsExactly("/first");

        send("GET /a HTTP/1.1\r\n" + get("/first"));

        assertThat(answered()).isEmpty();
        assertThat(read()).containsExactly("REFUSED");
    }

    /** It may name no host, which one of HTTP/1.1 has to. */
    @Test
    void requestOfHttp10_isNotRemembered() {
        send("GET /first HTTP/1.0\r\nA: b\r\n\r\n");
        assertThat(read()).containsExactly("/first");

        send("GET /a HTTP/1.1\r\nA: b\r\n\r\n");

        assertThat(answered()).isEmpty();
        assertThat(read()).containsExactly("REFUSED");
    }

    @Test
    void requestWithABody_isNotRemembered() {
        String put = "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n";
        send(put + "x");
        assertThat(read()).containsExactly("/a");

        send(put);

        assertThat(answered()).isEmpty();
        assertThat(read()).containsExactly("/a");
    }

    @Test
    void longFields_areNotRemembered() {
        String agent = "GET /a HTTP/1.1\r\nHost: h\r\nUser-Agent: " + "x".repeat(1_024) + "\r\n\r\n";
        send(agent);
        assertThat(read()).hasSize(1);

        send(agent);

        assertThat(answered()).isEmpty();
    }

    @Test
    void moreAtOnceThanMayWait_leaveInParts() {
        readFirst();
        channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(1, 2));

        send(get("/a") + get("/b") + get("/c"));

        assertThat(answered()).containsExactly("=/a", "=/b", "=/c");
        assertThat(read()).isEmpty();
    }

    @Test
    void severalAtOnce_leaveAtOnce() {
        List<String> flushes = new ArrayList<>();
        channel.pipeline().addFirst(new ChannelOutboundHandlerAdapter() {
            @Override
            public void flush(ChannelHandlerContext context) {
                flushes.add("flush");
                context.flush();
            }
        });
        readFirst();
        flushes.clear();

        send(get("/a") + get("/b") + get("/c"));

        assertThat(answered()).hasSize(3);
        assertThat(flushes).hasSize(1);
    }

    /** Answers that take a while. */
    @Nested
    class Awaited {
        private final Deque<Shortcut.Answer> asked = new ArrayDeque<>();
        private final List<String> paths = new ArrayList<>();

        @BeforeEach
        void first() {
            channel.finishAndReleaseAll();
            channel = channel(fields -> (path, answer) -> {
                paths.add(path);
                asked.add(answer);
                return true;
            });
            readFirst();
        }

        @Test
        void answer_leavesWhenItIsThere() {
            send(get("/a"));
            assertThat(answered()).isEmpty();

            asked.remove().whole(wire("=/a"));

            assertThat(answered()).containsExactly("=/a");
            assertThat(read()).isEmpty();
        }

        @Test
        void nothingIsRead_beforeTheAnswerHasLeft() {
            send(get("/a") + get("/b"));
            send("GET /other HTTP/1.1\r\nHost: h\r\n\r\n");
            assertThat(paths).containsExactly("/a");

            asked.remove().whole(wire("=/a"));
            assertThat(paths).containsExactly("/a", "/b");
            assertThat(unanswered()).isEmpty();
            asked.remove().whole(wire("=/b"));

            assertThat(answered()).containsExactly("=/a", "=/b");
            assertThat(unanswered()).containsExactly("/other");
        }

        @Test
        void thatThereIsNone_hasTheRequestRead_andThenTheNext() {
            send(get("/a") + get("/b"));

            asked.remove().none();

            assertThat(unanswered()).containsExactly("/a", "/b");
            assertThat(asked).isEmpty();
        }

        @Test
        void clientThatIsGone_hasNothingRead() {
            send(get("/a"));
            channel.close();

            asked.remove().none();

            assertThat(unanswered()).isEmpty();
        }

        @Test
        void answerToWhoIsGone_isReleased() {
            send(get("/a"));
            channel.close();
            ByteBuf answer = bytes("=/a");

            asked.remove().whole(wire(answer));

            assertThat(answer.refCnt()).isZero();
        }

        @Test
        void clientThatSendsOnAndOn_isNotReadMeanwhile() {
            send(get("/a"));
            send("x".repeat(Edge.HEADER_BYTES_MAX));
            assertThat(channel.config().isAutoRead()).isTrue();

            send("x");
            assertThat(channel.config().isAutoRead()).isFalse();
            asked.remove().whole(wire("=/a"));

            assertThat(channel.config().isAutoRead()).isTrue();
            assertThat(read()).containsExactly("REFUSED");
        }
    }
}
