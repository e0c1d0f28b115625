package dev.freshet.entry;

import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import java.util.zip.CRC32;

/**
 * The bytes of an entry with their checksum. However they are kept, checksum and length are those of the bytes that came.
 *
 * @param bytes as they are kept; never changed once they are here
 * @param crc CRC-32 (IEEE) of the bytes that came
 * @param length how many came
 * @param coding how they are kept
 */
public record Body(Buffer bytes, int crc, int length, Coding coding) {
    /** No bytes. */
    public static final Body EMPTY = of(Buffer.buffer());

    /** Bytes as they came. Computes the checksum. */
    public static Body of(Buffer bytes) {
        return new Body(bytes, crc32(bytes), bytes.length(), Coding.NONE);
    }

    /** CRC-32 (IEEE) of some parts, one after the other. */
    static int crc32(Buffer... parts) {
        CRC32 crc = new CRC32();
        for (Buffer part : parts) {
            ByteBuf bytes = ((BufferInternal) part).getByteBuf();
            crc.update(bytes.nioBuffer());
        }
        return (int) crc.getValue();
    }

    /** CRC-32 (IEEE) of the bytes as they are kept and of how many came (u32, big-endian): tells damage before they are decoded. */
    public int keptCrc() {
        return crc32(bytes, Buffer.buffer(4).appendInt(length));
    }

    /** Whether its bytes are kept otherwise than they came. */
    public boolean isCoded() {
        return coding != Coding.NONE;
    }
}
