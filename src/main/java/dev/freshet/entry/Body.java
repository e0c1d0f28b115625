package dev.freshet.entry;

import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import java.util.zip.CRC32;

/**
 * The bytes of an entry with their checksum.
 *
 * @param bytes never changed once they are here
 * @param crc CRC-32 (IEEE) of the bytes
 */
public record Body(Buffer bytes, int crc) {
    /** No bytes. */
    public static final Body EMPTY = of(Buffer.buffer());

    /** Computes the checksum. */
    public static Body of(Buffer bytes) {
        return new Body(bytes, crc32(bytes));
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

    /** The number of bytes. */
    public int length() {
        return bytes.length();
    }
}
