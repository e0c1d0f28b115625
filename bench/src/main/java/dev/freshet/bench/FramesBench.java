package dev.freshet.bench;

import dev.freshet.entry.Body;
import dev.freshet.entry.Frame;
import io.vertx.core.buffer.Buffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** {@code bench/run frames}: what does it cost to read a frame that was put, and to write the head of one that is answered? */
@Asks(
        "What does it cost to read a frame that was put, whose checksums are computed, and to write one that is answered: its head, for its body is sent as it is, or all of it in one piece?")
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class FramesBench {
    private static final String META = """
            {"tags":["posts","post-42","author-7","_N_T_/blog","_N_T_/layout"],"revalidate":60,"expire":3600,"age":0.25,"type":"text/x-component"}""";

    @Param({"1024", "65536", "1048576", "8388608"})
    public int bytes;

    private Frame frame = new Frame(Buffer.buffer(), Body.EMPTY);
    private Buffer wire = Buffer.buffer();

    /** Makes a frame, and what it is on the wire. */
    @Setup
    public void make() {
        frame = new Frame(Buffer.buffer(META), Body.of(Buffer.buffer(new byte[bytes])));
        wire = frame.encode();
    }

    @Benchmark
    public Frame read() {
        return Frame.decode(wire);
    }

    @Benchmark
    public Buffer writeHead() {
        return frame.head();
    }

    @Benchmark
    public Buffer writeWhole() {
        return frame.encode();
    }
}
