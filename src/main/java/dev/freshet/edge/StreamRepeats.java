package dev.freshet.edge;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Headers.PseudoHeaderName;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What {@link Repeats} is to HTTP/1.1: the requests of one connection of HTTP/2 that repeat, but for the path, what one before them said. */
final class StreamRepeats extends Http2FrameListenerDecorator implements Shortcut.Answer {
    /*
     * The first of them is read as any other is. A client's fields come out of its table of HPACK as the
     * same objects each time, so that they are compared by their addresses.
     *
     * Answers need no order here, and whoever does not read them has no more of them than streams: a body that
     * cannot leave keeps its stream open. But none is awaited: a stream of which nothing was made would have to be
     * followed until then, and most of what is saved is saved where there is nothing to await.
     */

    private static final int FIELDS_MAX = 16;
    private static final int FIELDS_CHARS_MAX = 1_024;
    private static final int PATH_CHARS_MAX = 600;
    private static final AsciiString PATH = PseudoHeaderName.PATH.value();
    private static final int PSEUDO_FIELDS = 4;

    private final Http2ConnectionHandler handler;
    private final Shortcut shortcut;
    private final List<CharSequence> known = new ArrayList<>(2 * FIELDS_MAX);
    private Shortcut.@Nullable Asker asker;
    private @Nullable ChannelHandlerContext context;
    private int newest;

    private StreamRepeats(Http2ConnectionHandler handler, Shortcut shortcut) {
        super(handler.decoder().frameListener());
        this.handler = handler;
        this.shortcut = shortcut;
    }

    /** Has a connection that is open, and that read nothing yet, answer by it. */
    static void install(Http2ConnectionHandler handler, Shortcut shortcut) {
        handler.decoder().frameListener(new StreamRepeats(handler, shortcut));
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext context, int stream, Http2Headers headers, int padding, boolean endOfStream)
            throws Http2Exception {
        if (!takes(context, stream, headers, endOfStream)) {
            super.onHeadersRead(context, stream, headers, padding, endOfStream);
        }
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext context,
            int stream,
            Http2Headers headers,
            int dependency,
            short weight,
            boolean exclusive,
            int padding,
            boolean endOfStream)
            throws Http2Exception {
        if (!takes(context, stream, headers, endOfStream)) {
            super.onHeadersRead(context, stream, headers, dependency, weight, exclusive, padding, endOfStream);
        }
    }

    /* The stream of a new request has a higher number than any before (RFC 9113, section 5.1.1). */
    private boolean takes(ChannelHandlerContext here, int id, Http2Headers headers, boolean isWhole) {
        boolean isNew = id > newest;
        newest = Math.max(newest, id);
        if (!isWhole || !isNew) {
            return false;
        }
        if (!isKnown(headers)) {
            learn(headers);
            return false;
        }
        return asker != null && answers(here, asker, headers.path());
    }

    private boolean answers(ChannelHandlerContext here, Shortcut.Asker of, @Nullable CharSequence path) {
        context = here;
        return path != null
                && path.length() <= PATH_CHARS_MAX
                && Framing.isPath(path.toString())
                && of.answers(path.toString(), this);
    }

    private boolean isKnown(Http2Headers headers) {
        int at = 0;
        for (Map.Entry<CharSequence, CharSequence> field : headers) {
            if (PATH.contentEquals(field.getKey())) {
                continue;
            }
            if (at == known.size()
                    || !AsciiString.contentEquals(known.get(at), field.getKey())
                    || !AsciiString.contentEquals(known.get(at + 1), field.getValue())) {
                return false;
            }
            at += 2;
        }
        return at == known.size();
    }

    private void learn(Http2Headers headers) {
        known.clear();
        asker = null;
        if (headers.size() > FIELDS_MAX || !isGet(headers)) {
            return;
        }
        List<Map.Entry<String, String>> fields = new ArrayList<>(FIELDS_MAX);
        int chars = 0;
        for (Map.Entry<CharSequence, CharSequence> field : headers) {
            CharSequence name = field.getKey();
            if (!PATH.contentEquals(name)) {
                known.add(name);
                known.add(field.getValue());
                chars += name.length() + field.getValue().length();
            }
            if (!PseudoHeaderName.hasPseudoHeaderFormat(name)) {
                fields.add(Map.entry(name.toString(), field.getValue().toString()));
            }
        }
        boolean fits = chars <= FIELDS_CHARS_MAX && fields.size() == headers.size() - PSEUDO_FIELDS;
        if (fits) {
            asker = shortcut.asker(fields);
        } else {
            known.clear();
        }
    }

    /* A proper one, that no other field contradicts (RFC 9113, section 8.3.1). What section 8.2.2 forbids, the codec refuses. */
    private static boolean isGet(Http2Headers headers) {
        return AsciiString.contentEquals(HttpMethod.GET.asciiName(), headers.method())
                && headers.scheme() != null
                && headers.authority() != null
                && Hosts.isProper(headers.authority().toString())
                && !headers.contains(HttpHeaderNames.HOST);
    }

    @Override
    public boolean mayWait() {
        return false;
    }

    /*
     * What a read of the socket brought is answered before it is flushed, by the handler. But each stream is
     * done with at once: of fifty that wait for the flush, none is in the processor's caches by then, which
     * costs a sixth. A void promise would tell the whole connection that a client has taken one stream back,
     * which ends it.
     */
    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // A client that is gone needs no answer.
    public void whole(Shortcut.Whole whole) {
        ChannelHandlerContext here = Objects.requireNonNull(context);
        Http2ConnectionEncoder encoder = handler.encoder();
        encoder.writeHeaders(here, newest, whole.fields(), 0, false, here.newPromise());
        encoder.writeData(here, newest, whole.body(), 0, true, here.newPromise());
        try {
            encoder.flowController().writePendingBytes();
        } catch (Http2Exception e) {
            handler.onError(here, true, e);
        }
    }

    @Override
    public void none() {
        throw new IllegalStateException("nothing is awaited");
    }
}
