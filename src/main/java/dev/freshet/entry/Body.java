package dev.freshet.entry;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32;

/** The bytes of an entry with their checksum. However they are kept, checksum and length are those of the bytes that came. */
public final class Body {
    /** No bytes. */
    public static final Body EMPTY = of(Buffer.buffer());

    /* A buffer of it is made when it is asked for: kept, it would take 100 bytes more of each near copy. */
    private final byte[] kept;
    private final int crc;
    private final int length;
    private final Coding coding;

    /**
     * Bytes that are not kept as they came.
     *
     * @param kept as they are; never changed from here on
     * @param crc CRC-32 (IEEE) of the bytes that came
     * @param length how many came
     * @param coding how they are kept
     */
    public Body(Buffer kept, int crc, int length, Coding coding) {
        this(array(kept), crc, length, coding);
    }

    Body(byte[] kept, int crc, int length, Coding coding) {
        this.kept = kept;
        this.crc = crc;
        this.length = length;
        this.coding = coding;
    }

    /** Bytes as they came; never changed from here on. Computes the checksum. */
    public static Body of(Buffer bytes) {
        return of(array(bytes));
    }

    static Body of(byte[] bytes) {
        return new Body(bytes, crc32(ByteBuffer.wrap(bytes)), bytes.length, Coding.NONE);
    }

    /* Not copied, if it holds nothing else. */
    private static byte[] array(Buffer buffer) {
        ByteBuf bytes = ((BufferInternal) buffer).getByteBuf();
        return bytes.hasArray() && bytes.array().length == bytes.readableBytes() ? bytes.array() : buffer.getBytes();
    }

    /** CRC-32 (IEEE) of some parts, one after the other. */
    static int crc32(Buffer... parts) {
        ByteBuffer[] all = new ByteBuffer[parts.length];
        Arrays.setAll(all, i -> ((BufferInternal) parts[i]).getByteBuf().nioBuffer());
        return crc32(all);
    }

    private static int crc32(ByteBuffer... parts) {
        CRC32 crc = new CRC32();
        for (ByteBuffer part : parts) {
            crc.update(part);
        }
        return (int) crc.getValue();
    }

    /** The bytes as they are kept, not copied. */
    public Buffer bytes() {
        return BufferInternal.buffer(wrapped());
    }

    /** The same as Netty has them. */
    public ByteBuf wrapped() {
        return Unpooled.wrappedBuffer(kept);
    }

    /** Adds the bytes as they are kept to others. */
    public void appendTo(ByteBuf out) {
        out.writeBytes(kept);
    }

    /** How many are kept. */
    public int keptLength() {
        return kept.length;
    }

    byte[] kept() {
        return kept;
    }

    /** CRC-32 (IEEE) of the bytes that came. */
    public int crc() {
        return crc;
    }

    /** How many came. */
    public int length() {
        return length;
    }

    /** How they are kept. */
    public Coding coding() {
        return coding;
    }

    /** CRC-32 (IEEE) of the bytes as they are kept and of how many came (u32, big-endian): tells damage before they are decoded. */
    public int keptCrc() {
        return crc32(ByteBuffer.wrap(kept), ByteBuffer.allocate(4).putInt(0, length));
    }

    /** Whether its bytes are kept otherwise than they came. */
    public boolean isCoded() {
        return coding != Coding.NONE;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Body that
                && crc == that.crc
                && length == that.length
                && coding == that.coding
                && Arrays.equals(kept, that.kept);
    }

    @Override
    public int hashCode() {
        return crc;
    }

    @Override
    public String toString() {
        return length + " bytes";
    }
}
