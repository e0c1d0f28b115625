package dev.freshet.entry;

import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.function.Consumer;

/** What is read as frames is what they are made of, and nothing but a {@link FrameException} is thrown. */
public final class FrameFuzz implements Consumer<byte[]> {
    private static final int HEAD_BYTES = 24;

    @Override
    public void accept(byte[] bytes) {
        read(Buffer.buffer(bytes.clone()));
        if (bytes.length >= HEAD_BYTES) {
            read(checked(Buffer.buffer(bytes.clone())));
        }
    }

    private static void read(Buffer bytes) {
        try {
            List<Frame> frames = Frame.decodeAll(bytes);
            Buffer again = Buffer.buffer();
            frames.forEach(frame -> again.appendBuffer(frame.encode()));
            if (!again.equals(bytes)) {
                throw new AssertionError("read otherwise than it is written");
            }
        } catch (FrameException refused) {
            // as it should be
        }
    }

    /* No guess hits a checksum: the lengths stay as they came. */
    private static Buffer checked(Buffer bytes) {
        bytes.setInt(0, 0x46524531);
        int left = bytes.length() - HEAD_BYTES;
        int meta = (int) Math.min(left, bytes.getUnsignedInt(4));
        long body = Math.clamp(bytes.getLong(8), 0, left - meta);
        int bodyAt = HEAD_BYTES + meta;
        bytes.setInt(16, Body.of(bytes.getBuffer(bodyAt, bodyAt + (int) body)).crc());
        return bytes.setInt(20, Body.crc32(bytes.slice(0, 20), bytes.getBuffer(HEAD_BYTES, bodyAt)));
    }
}
