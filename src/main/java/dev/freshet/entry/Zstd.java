package dev.freshet.entry;

import io.airlift.compress.v3.zstd.ZstdCompressor;
import io.airlift.compress.v3.zstd.ZstdDecompressor;
import java.util.Arrays;
import java.util.Optional;

/** Bodies as frames of Zstandard (RFC 8878), of level 3. Any thread may call. The first call takes long: it loads the library. */
public final class Zstd {
    /*
     * Nothing else names the library: where nothing is compressed it is not loaded. It is libzstd, or
     * where that cannot be unpacked, for want of a folder or of a build for the machine, the same in Java.
     *
     * What is decoded is bounded by the length that was said, whatever the bytes say: the library
     * writes into an array of that length and fails where it ends.
     */

    private static final ZstdCompressor ENCODER = ZstdCompressor.create();

    /** The one in Java is of one thread. */
    private static final ThreadLocal<ZstdDecompressor> DECODER = ThreadLocal.withInitial(ZstdDecompressor::create);

    private Zstd() {}

    /** A body that is kept compressed, be it smaller or not. */
    public static Body encode(Body plain) {
        byte[] bytes = plain.kept();
        byte[] frame = new byte[ENCODER.maxCompressedLength(bytes.length)];
        int length = ENCODER.compress(bytes, 0, bytes.length, frame, 0, frame.length);
        return new Body(Arrays.copyOf(frame, length), plain.crc(), plain.length(), Coding.ZSTD);
    }

    /** The body as it came; empty if it is not what its length and its checksum say. */
    public static Optional<Body> decode(Body coded) {
        byte[] frame = coded.kept();
        byte[] bytes = new byte[coded.length()];
        try {
            int length = DECODER.get().decompress(frame, 0, frame.length, bytes, 0, bytes.length);
            Body plain = Body.of(bytes);
            return length == bytes.length && plain.crc() == coded.crc() ? Optional.of(plain) : Optional.empty();
        } catch (RuntimeException damaged) {
            return Optional.empty();
        }
    }
}
