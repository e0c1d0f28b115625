package dev.freshet.entry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.sun.management.ThreadMXBean;
import dev.freshet.testing.Tools;
import io.airlift.compress.v3.zstd.ZstdJavaCompressor;
import io.airlift.compress.v3.zstd.ZstdJavaDecompressor;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ZstdTest {
    @TempDir
    Path folder;

    private static Body text(int bytes) {
        return Body.of(Buffer.buffer("<li>Größe</li>".repeat(bytes / 16 + 1)).getBuffer(0, bytes));
    }

    private static Body noise(int bytes) {
        byte[] noise = new byte[bytes];
        new Random(bytes).nextBytes(noise);
        return Body.of(Buffer.buffer(noise));
    }

    private static Body with(Body body, Buffer bytes, int length) {
        return new Body(bytes, body.crc(), length, body.coding());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 10, 255, 256, 257, 1_024, 65_535, 65_792, 131_072, 131_073, 1 << 20, 9 << 20})
    void decode_ofWhatWasEncoded_isTheValue(int bytes) {
        for (Body plain : new Body[] {text(bytes), noise(bytes)}) {
            Body coded = Zstd.encode(plain);

            assertThat(coded.isCoded()).isTrue();
            assertThat(coded.length()).isEqualTo(bytes);
            assertThat(coded.crc()).isEqualTo(plain.crc());
            assertThat(Zstd.decode(coded)).contains(plain);
        }
    }

    @Test
    void encode_ofText_isSmaller() {
        assertThat(Zstd.encode(text(100_000)).bytes().length()).isLessThan(1_000);
    }

    @Test
    void entry_ofACodedBody_hasTheTagOfTheValueAndWeighsWhatIsKept() {
        Body plain = text(100_000);
        Body coded = Zstd.encode(plain);

        assertThat(Entry.etag(7, coded)).isEqualTo(Entry.etag(7, plain));
        assertThat(entry(plain).weightBytes() - entry(coded).weightBytes())
                .isEqualTo(100_000 - coded.bytes().length());
    }

    private static Entry entry(Body body) {
        return new Entry(Key.of("shop", "v1", "a"), 1, 0, 0, List.of(), Lifetime.UNLIMITED, Draft.OCTETS, "", body);
    }

    @Test
    void frame_ofACodedBody_isAFault() {
        Frame frame = new Frame(Buffer.buffer("{}"), Zstd.encode(text(5_000)));

        assertThatIllegalStateException().isThrownBy(frame::encode);
    }

    @Test
    void decode_anyByteChanged_isTheValueOrNothing() {
        Body plain = Body.of(Buffer.buffer()
                .appendBuffer(text(1_500).bytes())
                .appendBuffer(noise(300).bytes()));
        Body coded = Zstd.encode(plain);
        int told = 0;
        for (int i = 0; i < coded.bytes().length(); i++) {
            for (int bit = 0; bit < 8; bit++) {
                Buffer harmed = coded.bytes().copy();
                harmed.setByte(i, (byte) (harmed.getByte(i) ^ 1 << bit));
                Optional<Body> decoded = Zstd.decode(with(coded, harmed, coded.length()));

                assertThat(decoded.map(plain::equals)).isNotEqualTo(Optional.of(false));
                told += decoded.isPresent() ? 1 : 0;
            }
        }
        assertThat(told).isLessThan(coded.bytes().length());
    }

    @Test
    void decode_cutShort_isNothing() {
        Body coded = Zstd.encode(text(5_000));
        for (int i = 0; i < coded.bytes().length(); i++) {
            assertThat(Zstd.decode(with(coded, coded.bytes().getBuffer(0, i), 5_000)))
                    .isEmpty();
        }
    }

    /** Its own checksum is right, and it is another value. */
    @Test
    void decode_ofAnotherValue_isNothing() {
        Body coded = Zstd.encode(text(5_000));

        assertThat(Zstd.decode(with(coded, Zstd.encode(noise(5_000)).bytes(), 5_000)))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4_999, 5_001, 50_000})
    void decode_ofAnotherLength_isNothing(int length) {
        Body coded = Zstd.encode(text(5_000));

        assertThat(Zstd.decode(with(coded, coded.bytes(), length))).isEmpty();
    }

    /** 32 MiB in some kilobytes, which say that they are 1 KiB. */
    @Test
    void decode_ofABomb_takesNoMoreThanItsLength() {
        Body bomb = Zstd.encode(Body.of(Buffer.buffer(new byte[32 << 20])));
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Zstd.decode(Zstd.encode(text(2_000)));
        long before = threads.getCurrentThreadAllocatedBytes();

        assertThat(Zstd.decode(with(bomb, bomb.bytes(), 1_024))).isEmpty();
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1 << 20);
    }

    /** Where libzstd cannot be loaded its place is taken by what is in Java: each reads what the other wrote. */
    @Test
    void frames_areThoseOfTheSameInJava() {
        Body plain = text(200_000);
        byte[] value = plain.bytes().getBytes();
        byte[] frame = new byte[300_000];
        int length = new ZstdJavaCompressor().compress(value, 0, value.length, frame, 0, frame.length);
        assertThat(Zstd.decode(with(Zstd.encode(plain), Buffer.buffer(frame).getBuffer(0, length), value.length)))
                .contains(plain);

        byte[] ours = Zstd.encode(plain).bytes().getBytes();
        byte[] decoded = new byte[value.length];
        new ZstdJavaDecompressor().decompress(ours, 0, ours.length, decoded, 0, decoded.length);
        assertThat(decoded).isEqualTo(value);
    }

    /** What another program makes of it, and the other way round. */
    @Test
    void frames_areThoseOfEverybody() throws Exception {
        Path zstd = Tools.require("zstd");
        Body plain = Body.of(Buffer.buffer()
                .appendBuffer(text(200_000).bytes())
                .appendBuffer(noise(1_000).bytes()));
        Path ours = Files.write(
                folder.resolve("ours.zst"), Zstd.encode(plain).bytes().getBytes());
        Path value = Files.write(folder.resolve("value"), plain.bytes().getBytes());

        run(zstd, "-d", ours);
        assertThat(folder.resolve("ours")).hasBinaryContent(plain.bytes().getBytes());
        run(zstd, "-3", value);
        Buffer theirs = Buffer.buffer(Files.readAllBytes(folder.resolve("value.zst")));
        assertThat(Zstd.decode(new Body(theirs, plain.crc(), plain.length(), Coding.ZSTD)))
                .contains(plain);
    }

    private static void run(Path zstd, String how, Path file) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(zstd.toString(), "-q", how, file.toString())
                .inheritIO()
                .start();
        assertThat(process.waitFor()).isZero();
    }
}
