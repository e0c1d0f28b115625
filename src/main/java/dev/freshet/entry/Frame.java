package dev.freshet.entry;

import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One entry on the wire: JSON about it, and its bytes as they are.
 *
 * <pre>
 *  0  FRE1          4 bytes, ASCII
 *  4  meta length   u32, big-endian, at most 65,536
 *  8  body length   u64
 * 16  body CRC      CRC-32 (IEEE) of body
 * 20  head CRC      CRC-32 of bytes 0 to 19 and meta
 * 24  meta          a JSON object in UTF-8
 *     body
 * </pre>
 */
public record Frame(Buffer meta, Body body) {
    /*
     * The checksum of the body stands in the head and is covered by the head's own, so a body's
     * checksum is computed once, when it is written, and an answer costs only its meta's.
     */

    /** The largest meta: 128 tags of 256 characters do not fit in headers. */
    public static final int META_BYTES_MAX = 65_536;

    /** The media type of one frame, or of a sequence. */
    public static final String MEDIA_TYPE = "application/vnd.freshet.entry";

    private static final int MAGIC = 0x46524531;
    private static final int HEAD_BYTES = 24;

    /** Checks the size. */
    public Frame {
        if (meta.length() > META_BYTES_MAX) {
            throw new FrameException("meta has at most " + META_BYTES_MAX + " bytes, not " + meta.length());
        }
    }

    /** The frame without its body: so that a body can be sent without being copied. A frame has its body as it came. */
    public Buffer head() {
        if (body.isCoded()) {
            throw new IllegalStateException("the body of a frame is not compressed");
        }
        Buffer head = Buffer.buffer(HEAD_BYTES + meta.length())
                .appendInt(MAGIC)
                .appendInt(meta.length())
                .appendLong(body.length())
                .appendInt(body.crc());
        return head.appendInt(Body.crc32(head, meta)).appendBuffer(meta);
    }

    /** The whole frame. */
    public Buffer encode() {
        return head().appendBuffer(body.bytes());
    }

    /**
     * Reads a buffer that holds one frame and nothing else.
     *
     * @throws FrameException if it does not
     */
    public static Frame decode(Buffer bytes) {
        List<Frame> frames = decodeAll(bytes);
        if (frames.size() != 1) {
            throw new FrameException("expected one frame, got " + frames.size());
        }
        return frames.getFirst();
    }

    /**
     * Reads a sequence of frames.
     *
     * @throws FrameException if it is not one, or holds anything else
     */
    public static List<Frame> decodeAll(Buffer bytes) {
        List<Frame> frames = new ArrayList<>();
        int at = 0;
        while (at < bytes.length()) {
            Frame frame = decodeAt(bytes, at);
            frames.add(frame);
            at += HEAD_BYTES + frame.meta.length() + frame.body.length();
        }
        return frames;
    }

    private static Frame decodeAt(Buffer bytes, int at) {
        int left = bytes.length() - at;
        if (left < HEAD_BYTES || bytes.getInt(at) != MAGIC) {
            throw new FrameException("a frame begins with FRE1 and has at least " + HEAD_BYTES + " bytes");
        }
        long metaLength = bytes.getUnsignedInt(at + 4);
        long bodyLength = bytes.getLong(at + 8);
        if (metaLength > META_BYTES_MAX) {
            throw new FrameException("meta has at most " + META_BYTES_MAX + " bytes, not " + metaLength);
        }
        if (bodyLength < 0 || bodyLength > left - HEAD_BYTES - metaLength) {
            throw new FrameException("the frame is cut short");
        }
        int metaAt = at + HEAD_BYTES;
        int bodyAt = metaAt + (int) metaLength;
        Buffer meta = bytes.getBuffer(metaAt, bodyAt);
        if (Body.crc32(bytes.slice(at, at + 20), meta) != bytes.getInt(at + 20)) {
            throw new FrameException("the checksum of the frame's head is wrong");
        }
        Body body = Body.of(bytes.getBuffer(bodyAt, bodyAt + (int) bodyLength));
        if (body.crc() != bytes.getInt(at + 16)) {
            throw new FrameException("the checksum of the frame's body is wrong");
        }
        return new Frame(meta, body);
    }
}
