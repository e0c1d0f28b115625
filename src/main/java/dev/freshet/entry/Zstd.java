package dev.freshet.entry;

import io.airlift.compress.v3.zstd.ZstdJavaCompressor;
import io.airlift.compress.v3.zstd.ZstdJavaDecompressor;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import java.util.Arrays;
import java.util.Optional;

/** Bodies as frames of Zstandard (RFC 8878), of level 3. Any thread may call. */
public final class Zstd {
    /*
     * Nothing else names the library, and it is of Java alone: where nothing is compressed it is not
     * loaded, and a process without a folder to write to need not unpack anything.
     *
     * What is decoded is bounded by the length that was said, whatever the bytes say: the library
     * writes into an array of that length and fails where it ends.
     */

    /** The longest head of a frame. */
    private static final int HEAD_BYTES_MAX = 18;

    /** It has tables of its own, and is of one thread. */
    private static final ThreadLocal<ZstdJavaDecompressor> DECODER = ThreadLocal.withInitial(ZstdJavaDecompressor::new);

    private Zstd() {}

    /** A body that is kept compressed, be it smaller or not. */
    public static Body encode(Body plain) {
        ZstdJavaCompressor encoder = new ZstdJavaCompressor();
        byte[] bytes = plain.bytes().getBytes();
        byte[] frame = new byte[encoder.maxCompressedLength(bytes.length)];
        int length = encoder.compress(bytes, 0, bytes.length, frame, 0, frame.length);
        return new Body(buffer(Arrays.copyOf(frame, length)), plain.crc(), plain.length(), Coding.ZSTD);
    }

    /** The body as it came; empty if it is not what its length and its checksum say. */
    public static Optional<Body> decode(Body coded) {
        byte[] frame = coded.bytes().getBytes();
        byte[] bytes = new byte[coded.length()];
        try {
            int length = DECODER.get().decompress(frame, 0, frame.length, bytes, 0, bytes.length);
            Body plain = Body.of(buffer(bytes));
            return length == bytes.length && plain.crc() == coded.crc() ? Optional.of(plain) : Optional.empty();
        } catch (RuntimeException damaged) {
            return Optional.empty();
        }
    }

    /** Whether bytes begin as a frame that says that it holds so many. */
    public static boolean isFrameOf(Buffer bytes, int length) {
        byte[] frame = bytes.getBytes(0, Math.min(bytes.length(), HEAD_BYTES_MAX));
        try {
            return DECODER.get().getDecompressedSize(frame, 0, frame.length) == length;
        } catch (RuntimeException other) {
            return false;
        }
    }

    /* Not copied. */
    private static Buffer buffer(byte[] bytes) {
        return BufferInternal.buffer(Unpooled.wrappedBuffer(bytes));
    }
}
