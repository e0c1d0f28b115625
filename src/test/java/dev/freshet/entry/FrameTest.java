package dev.freshet.entry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A frame is read as it was written, or refused; damaged it is never another one. */
class FrameTest {
    private static final Frame SMALL = frame("{\"type\":\"a/b\"}", "hello");

    @Test
    void encode_aFrame_isWhatTheProtocolDraws() {
        assertThat(HexFormat.of().formatHex(frame("{}", "hi").encode().getBytes()))
                .isEqualTo("46524531" + "00000002" + "0000000000000002" + "d8932aac" + "1d410e50" + "7b7d" + "6869");
    }

    @Test
    void decode_anyFrame_isReadBackByteForByte() {
        for (long seed = 1; seed <= 500; seed++) {
            Random random = new Random(seed);
            Frame frame = new Frame(bytes(random, random.nextInt(300)), Body.of(bytes(random, random.nextInt(3_000))));
            Buffer wire = frame.encode();

            assertThat(Frame.decode(wire)).as("seed %d", seed).isEqualTo(frame);
            assertThat(Frame.decode(wire).encode()).as("seed %d", seed).isEqualTo(wire);
            assertThat(frame.head().appendBuffer(frame.body().bytes()))
                    .as("seed %d", seed)
                    .isEqualTo(wire);
        }
    }

    @Test
    void decode_emptyMetaAndBody_isReadBack() {
        Frame frame = new Frame(Buffer.buffer(), Body.EMPTY);

        assertThat(frame.encode().length()).isEqualTo(24);
        assertThat(Frame.decode(frame.encode())).isEqualTo(frame);
    }

    @Test
    void decode_everySingleBitFlipped_isRefused() {
        byte[] whole = SMALL.encode().getBytes();
        for (int bit = 0; bit < 8 * whole.length; bit++) {
            byte[] damaged = whole.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);

            assertThatThrownBy(() -> Frame.decode(Buffer.buffer(damaged)))
                    .as("bit %d", bit)
                    .isInstanceOf(FrameException.class);
            assertThatThrownBy(() -> Frame.decodeAll(Buffer.buffer(damaged)))
                    .as("bit %d", bit)
                    .isInstanceOf(FrameException.class);
        }
    }

    @Test
    void decode_everyTruncation_isRefused() {
        Buffer whole = SMALL.encode();
        for (int length = 0; length < whole.length(); length++) {
            Buffer cut = whole.getBuffer(0, length);
            assertThatThrownBy(() -> Frame.decode(cut)).as("%d bytes", length).isInstanceOf(FrameException.class);
        }
    }

    @Test
    void decode_randomDamage_isNeverAnotherFrame() {
        for (long seed = 1; seed <= 3_000; seed++) {
            Random random = new Random(seed);
            Frame frame = new Frame(bytes(random, random.nextInt(80)), Body.of(bytes(random, random.nextInt(200))));
            Buffer wire = frame.encode();
            Buffer damaged = damaged(random, wire);
            if (damaged.equals(wire)) {
                continue;
            }
            assertThatThrownBy(() -> Frame.decode(damaged)).as("seed %d", seed).isInstanceOf(FrameException.class);
        }
    }

    @Test
    void decode_lengthsThatOverflow_areRefused() {
        for (long length : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 32, Integer.MAX_VALUE}) {
            Buffer wire = SMALL.encode().setLong(8, length);
            assertThatThrownBy(() -> Frame.decode(wire))
                    .as("body of %d", length)
                    .hasMessage("the frame is cut short");
        }
        Buffer wire = SMALL.encode().setInt(4, -1);
        assertThatThrownBy(() -> Frame.decode(wire)).hasMessage("meta has at most 65536 bytes, not 4294967295");
    }

    @Test
    void decode_somethingAfterTheFrame_isRefused() {
        assertThatThrownBy(() -> Frame.decode(SMALL.encode().appendByte((byte) 0)))
                .isInstanceOf(FrameException.class);
        assertThatThrownBy(() -> Frame.decode(SMALL.encode().appendBuffer(SMALL.encode())))
                .hasMessage("expected one frame, got 2");
        assertThatThrownBy(() -> Frame.decode(Buffer.buffer())).hasMessage("expected one frame, got 0");
    }

    @Test
    void decodeAll_aSequence_isReadInOrder() {
        Random random = new Random(7);
        List<Frame> frames = new ArrayList<>();
        Buffer wire = Buffer.buffer();
        for (int i = 0; i < 20; i++) {
            Frame frame = new Frame(bytes(random, random.nextInt(50)), Body.of(bytes(random, random.nextInt(50))));
            frames.add(frame);
            wire.appendBuffer(frame.encode());
        }

        assertThat(Frame.decodeAll(wire)).isEqualTo(frames);
        assertThat(Frame.decodeAll(Buffer.buffer())).isEmpty();
    }

    @Test
    void decodeAll_oneOfThemDamaged_refusesAll() {
        Buffer wire = SMALL.encode().appendBuffer(SMALL.encode()).appendBuffer(SMALL.encode());
        int middle = SMALL.encode().length() + 24;
        wire.setByte(middle, (byte) (wire.getByte(middle) ^ 1));

        assertThatThrownBy(() -> Frame.decodeAll(wire)).hasMessage("the checksum of the frame's head is wrong");
    }

    @Test
    void new_metaOverItsBound_isRefused() {
        assertThat(frame("x".repeat(Frame.META_BYTES_MAX), "").encode().length())
                .isEqualTo(24 + 65_536);
        assertThatThrownBy(() -> frame("x".repeat(Frame.META_BYTES_MAX + 1), ""))
                .hasMessage("meta has at most 65536 bytes, not 65537");
    }

    /** Flips, cuts, inserts, moves or overwrites. */
    private static Buffer damaged(Random random, Buffer wire) {
        int at = random.nextInt(wire.length());
        int end = at + random.nextInt(wire.length() - at);
        Buffer before = wire.getBuffer(0, at);
        Buffer after = wire.getBuffer(end, wire.length());
        return switch (random.nextInt(4)) {
            case 0 -> before.appendBuffer(after);
            case 1 -> before.appendBuffer(bytes(random, end - at)).appendBuffer(after);
            case 2 ->
                before.appendBuffer(bytes(random, 1 + random.nextInt(30)))
                        .appendBuffer(wire.getBuffer(at, wire.length()));
            default -> after.appendBuffer(before);
        };
    }

    private static Frame frame(String meta, String body) {
        return new Frame(Buffer.buffer(meta), Body.of(Buffer.buffer(body)));
    }

    private static Buffer bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return Buffer.buffer(bytes);
    }
}
