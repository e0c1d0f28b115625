package dev.freshet.bench;

import dev.freshet.entry.Body;
import dev.freshet.entry.Zstd;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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

/** {@code bench/run compression}: what does it cost to compress a body, and to decode it? */
@Asks("What does it cost to compress the payload of a list of links, and to decode it? 65536 bytes are the most that an event loop does itself.")
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
public class CompressionBench {
    private static final int WORDS = 2_000;

    @Param({"2048", "16384", "65536", "1048576"})
    public int bytes;

    private Body plain = Body.EMPTY;
    private Body coded = Body.EMPTY;

    /** Makes a payload, and says how small it becomes. */
    @Setup
    public void fill() {
        plain = Body.of(Buffer.buffer(payload().substring(0, bytes)));
        coded = Zstd.encode(plain);
        System.out.println(bytes + " bytes become " + coded.bytes().length());
    }

    private String payload() {
        Random random = new Random(1);
        StringBuilder payload = new StringBuilder();
        for (int i = 0; payload.length() < bytes; i++) {
            payload.append("[\"$\",\"li\",\"%d\",{\"children\":[\"$\",\"$L3\",null,{\"href\":\"/posts/%s\",\"children\":\"%s\"}]}],"
                    .formatted(i, words(random, 3, "-"), words(random, 12, " ")));
        }
        return payload.toString();
    }

    /* As in a language, where half of a text is of a few words. */
    private static String words(Random random, int count, String between) {
        return IntStream.range(0, count)
                .mapToObj(i -> word((int) Math.pow(WORDS, random.nextDouble())))
                .collect(Collectors.joining(between));
    }

    private static String word(int number) {
        return new Random(number)
                .ints(2 + number % 9, 'a', 'z' + 1)
                .mapToObj(Character::toString)
                .collect(Collectors.joining());
    }

    @Benchmark
    public Body encode() {
        return Zstd.encode(plain);
    }

    @Benchmark
    public Optional<Body> decode() {
        return Zstd.decode(coded);
    }
}
