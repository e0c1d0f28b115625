package dev.freshet.edge;

import io.netty.buffer.ByteBuf;
import io.netty.util.ByteProcessor;
import org.jspecify.annotations.Nullable;

/**
 * What bytes a request of HTTP/1.1 may have between its data: the grammar of RFC 9112 without what it tolerates of old senders. One for each
 * connection, which is told every byte once, in order.
 */
final class Framing {
    /*
     * The decoder reads more than this, each leniency a chance for a proxy in front to read the same
     * bytes otherwise: a line may end with LF alone, a value may go on in the next line, words may be
     * apart by anything. So what the decoder has consumed is read here as well, and refused if it is
     * not to the letter. A line ends with CR LF; a name ends with its colon; nothing is folded.
     */

    private static final int LINE_BYTES_MAX = 256;
    private static final int SIZE_DIGITS_MAX = 8;
    private static final int FIELDS_MAX = 128;

    private static final byte TOKEN = 1;
    private static final byte TARGET = 2;
    private static final byte VALUE = 4;
    private static final byte[] CLASSES = classes();
    private static final ByteProcessor OF_A_PATH = Framing::isOfAPath;

    /** Of most bytes there are many in a row that leave the state as it is. */
    private enum State {
        START,
        LF_BEFORE,
        METHOD(Framing.TOKEN),
        TARGET(Framing.TARGET),
        VERSION(Framing.TARGET),
        LF,
        LINE,
        NAME(Framing.TOKEN),
        VALUE(Framing.VALUE),
        LF_OF_END,
        END,
        DATA,
        SIZE,
        EXTENSION,
        LF_OF_SIZE,
        CHUNK,
        CR_OF_CHUNK,
        LF_OF_CHUNK,
        WRONG;

        @SuppressWarnings("ImmutableEnumChecker") // a function of its argument alone
        private final @Nullable ByteProcessor same;

        State() {
            same = null;
        }

        State(byte kind) {
            same = b -> is(b & 0xff, kind);
        }
    }

    private State state = State.START;
    private boolean afterBlank;
    private boolean chunked;
    private long chunkBytes;
    private int lineBytes;
    private int fields;

    private static byte[] classes() {
        byte[] classes = new byte[256];
        for (int b = 0x21; b < 0x7f; b++) {
            boolean letter = Character.isLetterOrDigit(b);
            classes[b] |= letter || "!#$%&'*+-.^_`|~".indexOf(b) >= 0 ? TOKEN : 0;
            classes[b] |= b == '#' || b == '\\' ? 0 : TARGET;
            classes[b] |= VALUE;
        }
        for (int b = 0x80; b < 0x100; b++) {
            classes[b] |= VALUE;
        }
        classes[' '] |= VALUE;
        classes['\t'] |= VALUE;
        return classes;
    }

    /** A new request begins. */
    void begin() {
        state = State.START;
        afterBlank = false;
        fields = 0;
    }

    /** The head is over, and what follows is data, in chunks or not. */
    void body(boolean inChunks) {
        chunked = inChunks;
        state = chunked ? State.SIZE : State.DATA;
        chunkBytes = 0;
        lineBytes = 0;
        fields = 0;
    }

    /** Whether some bytes are a path in the first line, without a query. */
    static boolean isPath(ByteBuf in, int from, int to) {
        return from < to && in.getByte(from) == '/' && in.forEachByte(from, to - from, OF_A_PATH) < 0;
    }

    /** Whether a text is one. */
    static boolean isPath(String text) {
        boolean is = text.startsWith("/");
        for (int i = 1; is && i < text.length(); i++) {
            char c = text.charAt(i);
            is = c < 0x80 && isOfAPath((byte) c);
        }
        return is;
    }

    private static boolean isOfAPath(byte b) {
        return is(b & 0xff, TARGET) && b != '?';
    }

    /** Whether the body comes in chunks. */
    boolean isChunked() {
        return chunked;
    }

    /** Whether what was told so far is a whole head, or the end of the last chunk. */
    boolean isWhole() {
        return state == State.END;
    }

    /** Takes some more bytes. Whether they may stand there. */
    boolean take(ByteBuf in, int from, int to) {
        int at = from;
        while (at < to && state != State.WRONG && state != State.DATA) {
            if (state == State.CHUNK) {
                int skipped = (int) Math.min(chunkBytes, to - at);
                at += skipped;
                chunkBytes -= skipped;
                state = chunkBytes == 0 ? State.CR_OF_CHUNK : State.CHUNK;
            } else {
                at = beyondSame(in, at, to);
                if (at < to) {
                    state = after(in.getByte(at) & 0xff);
                    at++;
                }
            }
        }
        return state != State.WRONG;
    }

    private int beyondSame(ByteBuf in, int from, int to) {
        if (state.same == null) {
            return from;
        }
        int other = in.forEachByte(from, to - from, state.same);
        return other < 0 ? to : other;
    }

    private State after(int b) {
        return switch (state) {
            case START -> start(b);
            case LF_BEFORE -> b == '\n' ? State.START : State.WRONG;
            case METHOD -> b == ' ' ? State.TARGET : State.WRONG;
            case TARGET -> b == ' ' ? State.VERSION : State.WRONG;
            case VERSION -> b == '\r' ? State.LF : State.WRONG;
            case LF -> b == '\n' ? State.LINE : State.WRONG;
            case LINE -> line(b);
            case NAME -> b == ':' ? State.VALUE : State.WRONG;
            case VALUE -> b == '\r' ? State.LF : State.WRONG;
            case LF_OF_END -> b == '\n' ? State.END : State.WRONG;
            case SIZE -> size(b);
            case EXTENSION -> extension(b);
            case LF_OF_SIZE -> b != '\n' ? State.WRONG : chunkBytes == 0 ? State.LINE : State.CHUNK;
            case CR_OF_CHUNK -> b == '\r' ? State.LF_OF_CHUNK : State.WRONG;
            case LF_OF_CHUNK -> nextChunk(b);
            case END, DATA, CHUNK, WRONG -> State.WRONG;
        };
    }

    private static boolean is(int b, byte kind) {
        return (CLASSES[b] & kind) != 0;
    }

    /* One empty line is let pass, as RFC 9112 asks. */
    private State start(int b) {
        if (b == '\r' && !afterBlank) {
            afterBlank = true;
            return State.LF_BEFORE;
        }
        return is(b, TOKEN) ? State.METHOD : State.WRONG;
    }

    private State size(int b) {
        int digit = Character.digit(b, 16);
        if (digit >= 0 && lineBytes < SIZE_DIGITS_MAX) {
            lineBytes++;
            chunkBytes = chunkBytes << 4 | digit;
            return chunkBytes > Integer.MAX_VALUE ? State.WRONG : State.SIZE;
        }
        if (lineBytes == 0) {
            return State.WRONG;
        }
        return b == ';' ? State.EXTENSION : b == '\r' ? State.LF_OF_SIZE : State.WRONG;
    }

    private State line(int b) {
        if (b == '\r') {
            return State.LF_OF_END;
        }
        fields++;
        return is(b, TOKEN) && fields <= FIELDS_MAX ? State.NAME : State.WRONG;
    }

    /* Nobody uses them. What is in quotes may hold what looks like the line's end to others. */
    private State extension(int b) {
        lineBytes++;
        if (b == '\r') {
            return State.LF_OF_SIZE;
        }
        return is(b, VALUE) && b != '"' && lineBytes < LINE_BYTES_MAX ? State.EXTENSION : State.WRONG;
    }

    private State nextChunk(int b) {
        lineBytes = 0;
        return b == '\n' ? State.SIZE : State.WRONG;
    }
}
