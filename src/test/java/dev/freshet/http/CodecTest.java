package dev.freshet.http;

import static dev.freshet.testing.Futures.await;
import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freshet.edge.EdgeMeters;
import dev.freshet.entry.Body;
import dev.freshet.entry.Coding;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Frame;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.entry.Zstd;
import dev.freshet.http.Api.Answer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that are compressed when they are written, and how they are read. */
class CodecTest {
    private static final String TEXT = "<li>Größe</li>\n".repeat(1_000);
    private static final String LARGE = "<li>Größe</li>\n".repeat(50_000);

    private static Api api;

    @BeforeAll
    static void start() {
        api = Api.compressing();
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    private static Answer zstd(String key, String... headers) {
        String[] all = Arrays.copyOf(headers, headers.length + 2);
        all[headers.length] = "Accept-Encoding";
        all[headers.length + 1] = "gzip, zstd";
        return api.get(Api.entry(key), all);
    }

    private static String decoded(Answer answer, String value) {
        Body plain = Body.of(Buffer.buffer(value));
        Buffer bytes = Buffer.buffer(answer.http().body());
        return Zstd.decode(new Body(bytes, plain.crc(), plain.length(), Coding.ZSTD))
                .map(body -> body.bytes().toString())
                .orElse("damaged");
    }

    private static Entry stored(String key) {
        return await(api.store.read(Key.of("shop", "v1", key), Optional.empty()))
                .orElseThrow();
    }

    /** What a client wrote whose library is another, or who would harm. */
    private static void store(String key, Body body) {
        await(api.store.write(
                Key.of("shop", "v1", key), Draft.of(body, Lifetime.UNLIMITED, List.of()), new Ticket(1, 0)));
    }

    private static String plainTag(Answer put) {
        return put.header("ETag");
    }

    private static String codedTag(Answer put) {
        return put.header("ETag").replaceFirst("\"$", "-zstd\"");
    }

    @Test
    void put_ofText_isKeptSmaller() {
        double before = api.count("freshet.compression.bytes", "side", "before");
        double after = api.count("freshet.compression.bytes", "side", "after");
        api.put(Api.entry("text"), TEXT);

        Body kept = stored("text").body();
        assertThat(kept.isCoded()).isTrue();
        assertThat(kept.bytes().length()).isLessThan(kept.length() / 10);
        assertThat(api.count("freshet.compression.bytes", "side", "before") - before)
                .isEqualTo(kept.length());
        assertThat(api.count("freshet.compression.bytes", "side", "after") - after)
                .isEqualTo(kept.bytes().length());
    }

    @Test
    void put_aFrame_isKeptSmaller() {
        assertThat(api.putFrame(Api.entry("framed"), "{\"type\":\"text/html\"}", TEXT)
                        .status())
                .isEqualTo(201);

        assertThat(stored("framed").body().isCoded()).isTrue();
        assertThat(api.get(Api.entry("framed")).text()).isEqualTo(TEXT);
    }

    @Test
    void put_ofASmallOne_isKeptAsItCame() {
        api.put(Api.entry("small"), "x".repeat(Codec.SMALL_BYTES_MAX));
        api.put(Api.entry("larger"), "x".repeat(Codec.SMALL_BYTES_MAX + 1));

        assertThat(stored("small").body().isCoded()).isFalse();
        assertThat(stored("larger").body().isCoded()).isTrue();
    }

    /** Of which nearly a tenth is saved, or a little more. */
    @ParameterizedTest
    @CsvSource({"930, false", "850, true"})
    void put_ofWhatHardlyBecomesSmaller_isKeptAsItCame(int noise, boolean coded) {
        byte[] bytes = new byte[100 * 1_000];
        new Random(1).nextBytes(bytes);
        Arrays.fill(bytes, 100 * noise, bytes.length, (byte) 0);
        api.send("PUT", Api.entry("noise"), bytes);

        assertThat(stored("noise").body().isCoded()).isEqualTo(coded);
        assertThat(api.get(Api.entry("noise")).http().body()).isEqualTo(bytes);
    }

    @Test
    void get_byWhoTakesIt_isWhatIsKept() {
        Answer put = api.put(Api.entry("kept"), TEXT, "Content-Type", "text/html", "Cache-Groups", "\"kept\"");
        Answer answer = zstd("kept");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Encoding")).isEqualTo("zstd");
        assertThat(answer.header("Vary")).isEqualToIgnoringCase("Accept-Encoding");
        assertThat(answer.header("ETag")).isEqualTo(codedTag(put));
        assertThat(answer.header("Content-Type")).isEqualTo("text/html");
        assertThat(answer.header("Cache-Groups")).isEqualTo("\"kept\"");
        assertThat(answer.http().body()).isEqualTo(stored("kept").body().bytes().getBytes());
        assertThat(decoded(answer, TEXT)).isEqualTo(TEXT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "identity", "gzip, br", "zstd;q=0", "identity;q=0", "identity, zstd;q=0.5"})
    void get_byWhoDoesNot_isTheValue(String accepted) {
        Answer put = api.put(Api.entry("plain"), TEXT);
        Answer answer = accepted.isEmpty()
                ? api.get(Api.entry("plain"))
                : api.get(Api.entry("plain"), "Accept-Encoding", accepted);

        assertThat(answer.text()).isEqualTo(TEXT);
        assertThat(answer.header("Content-Encoding")).isEmpty();
        assertThat(answer.header("Vary")).isEqualToIgnoringCase("Accept-Encoding");
        assertThat(answer.header("ETag")).isEqualTo(plainTag(put));
        assertThat(answer.header("Content-Length"))
                .isEqualTo(Integer.toString(stored("plain").body().length()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"*", "zstd", "ZSTD;q=0.1", "identity;q=0, zstd"})
    void get_byWhoTakesItByAnotherWord_isWhatIsKept(String accepted) {
        api.put(Api.entry("words"), TEXT);

        assertThat(api.get(Api.entry("words"), "Accept-Encoding", accepted).header("Content-Encoding"))
                .isEqualTo("zstd");
    }

    @ParameterizedTest
    @ValueSource(strings = {"identity", "zstd"})
    void head_tellsWhatGetTells(String accepted) {
        api.put(Api.entry("head"), TEXT);
        Answer head = api.send("HEAD", Api.entry("head"), new byte[0], "Accept-Encoding", accepted);
        Answer get = api.get(Api.entry("head"), "Accept-Encoding", accepted);

        assertThat(head.text()).isEmpty();
        for (String header : List.of("Content-Length", "Content-Encoding", "Content-Type", "Vary", "ETag")) {
            assertThat(head.header(header)).as(header).isEqualTo(get.header(header));
        }
        assertThat(get.http().body()).hasSize(Integer.parseInt(head.header("Content-Length")));
    }

    /** A large one leaves the event loop to be decoded: near or not, it is answered. */
    @Test
    void get_ofALargeOne_isTheValue() {
        api.put(Api.entry("large"), LARGE);

        assertThat(stored("large").body().length()).isGreaterThan(Codec.ON_LOOP_BYTES_MAX);
        assertThat(api.get(Api.entry("large")).text()).isEqualTo(LARGE);
        until(() -> api.get(Api.entry("large")).header("Cache-Status").contains("near"));
        assertThat(api.get(Api.entry("large")).text()).isEqualTo(LARGE);
        assertThat(decoded(zstd("large"), LARGE)).isEqualTo(LARGE);
    }

    @Test
    void near_holdsWhatIsKept() {
        double before = api.count("freshet.near.bytes");
        api.put(Api.entry("near"), LARGE);
        until(() -> api.get(Api.entry("near")).header("Cache-Status").contains("near"));

        assertThat(api.count("freshet.near.bytes") - before).isLessThan(10_000);
    }

    @Test
    void get_withTheTagOfWhatIsTaken_isNotModified() {
        Answer put = api.put(Api.entry("tagged"), TEXT);

        Answer coded = zstd("tagged", "If-None-Match", codedTag(put));
        assertThat(coded.status()).isEqualTo(304);
        assertThat(coded.header("ETag")).isEqualTo(codedTag(put));
        assertThat(coded.header("Vary")).isEqualToIgnoringCase("Accept-Encoding");
        assertThat(coded.header("Content-Encoding")).isEmpty();
        Answer plain = api.get(Api.entry("tagged"), "If-None-Match", plainTag(put));
        assertThat(plain.status()).isEqualTo(304);
        assertThat(plain.header("ETag")).isEqualTo(plainTag(put));
        assertThat(plain.header("Vary")).isEqualToIgnoringCase("Accept-Encoding");
        assertThat(zstd("tagged", "If-None-Match", "*").header("ETag")).isEqualTo(codedTag(put));
        assertThat(api.get(Api.entry("tagged"), "If-None-Match", "*").header("ETag"))
                .isEqualTo(plainTag(put));
    }

    /** Whoever takes both may have either, and is told which of them is good. */
    @Test
    void get_whoTakesItHasTheValueInHand_isNotModified() {
        Answer put = api.put(Api.entry("either"), TEXT);
        Answer answer = zstd("either", "If-None-Match", plainTag(put));

        assertThat(answer.status()).isEqualTo(304);
        assertThat(answer.header("ETag")).isEqualTo(plainTag(put));
    }

    /** A cache has it from somebody else, who could read it. */
    @Test
    void get_whoDoesNotTakeItHasItInHand_isTheValue() {
        Answer put = api.put(Api.entry("unreadable"), TEXT);
        Answer answer = api.get(Api.entry("unreadable"), "If-None-Match", codedTag(put));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEqualTo(TEXT);
    }

    @Test
    void get_aFrame_hasTheValue() {
        Answer put = api.put(Api.entry("frame"), TEXT);
        Answer answer = zstd("frame", "Accept", Frame.MEDIA_TYPE);

        assertThat(answer.header("Content-Encoding")).isEmpty();
        assertThat(answer.header("ETag")).isEqualTo(plainTag(put));
        assertThat(answer.frames().getFirst().body().bytes()).hasToString(TEXT);
    }

    /** Some that are small, and together more than is decoded on an event loop. */
    @Test
    void lookup_ofMany_hasTheValues() {
        StringBuilder entries = new StringBuilder("{\"key\":\"missing\"}");
        for (int i = 0; i < 30; i++) {
            api.put(Api.entry("many" + i), i + TEXT);
            entries.append(",{\"key\":\"many").append(i).append("\"}");
        }
        Answer answer = api.post(Api.V1 + "/lookup", "{\"entries\":[" + entries + "]}", "Accept-Encoding", "zstd");

        assertThat(answer.header("Content-Encoding")).isEmpty();
        for (int i = 0; i < 30; i++) {
            assertThat(answer.frames().get(i + 1).body().bytes()).hasToString(i + TEXT);
        }
    }

    @Test
    void lookup_withTheTagInHand_needsNoBody() {
        String etag = plainTag(api.put(Api.entry("same"), TEXT)).replace("\"", "");
        Answer answer = api.post(Api.V1 + "/lookup", "{\"entries\":[{\"key\":\"same\",\"etag\":\"" + etag + "\"}]}");

        assertThat(answer.meta().path("status").asInt()).isEqualTo(304);
    }

    private static Body damaged(int length) {
        Body coded = Zstd.encode(Body.of(Buffer.buffer(TEXT)));
        return new Body(coded.bytes(), coded.crc(), length, Coding.ZSTD);
    }

    /** Far more than it is, more than is decoded on the event loop, and more than any value may have. */
    @ParameterizedTest
    @ValueSource(ints = {15_000, Codec.ON_LOOP_BYTES_MAX + 1, Integer.MAX_VALUE})
    void get_ofADamagedOne_isAsIfTheStoreDidNotAnswer(int length) {
        String key = "damaged" + length;
        store(key, damaged(length));

        for (int i = 0; i < 2; i++) {
            Answer answer = api.get(Api.entry(key));
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.problem()).isEqualTo("store-unavailable");
            assertThat(answer.header("ETag")).isEmpty();
            assertThat(answer.header("Vary")).isEmpty();
        }
    }

    @Test
    void get_ofADamagedOne_leavesTheLeaseToTheNext() {
        Body damaged = damaged(15_001);
        await(api.store.write(
                Key.of("shop", "v1", "stale"),
                new Draft(
                        List.of(),
                        new Lifetime(0, 600_000),
                        1_000,
                        Optional.empty(),
                        Optional.empty(),
                        Draft.OCTETS,
                        "",
                        damaged),
                new Ticket(1, 0)));
        String lookup = "{\"entries\":[{\"key\":\"stale\"}],\"lease\":true}";

        assertThat(api.get(Api.entry("stale"), "Freshet-Lease", "want").status())
                .isEqualTo(503);
        assertThat(api.post(Api.V1 + "/lookup", lookup).meta().path("status").asInt())
                .isEqualTo(503);
        until(() ->
                zstd("stale", "Freshet-Lease", "want").header("Freshet-Lease").startsWith("leader"));
    }

    /** Ten of a megabyte, of which some kilobytes are kept. */
    @Test
    void lookup_ofMoreThanMayBeUnderWay_isRefusedAndLeavesTheLeasesToTheNext() {
        StringBuilder entries = new StringBuilder();
        for (int i = 0; i < 10; i++) {
            api.send(
                    "PUT",
                    Api.entry("much" + i),
                    new byte[Api.BODY_BYTES_MAX],
                    "Freshet-Lifetime",
                    "revalidate=0",
                    "Freshet-Age",
                    "1");
            entries.append(i == 0 ? "" : ",")
                    .append("{\"key\":\"much")
                    .append(i)
                    .append("\"}");
        }
        Answer answer = api.post(Api.V1 + "/lookup", "{\"entries\":[" + entries + "],\"lease\":true}");

        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.problem()).isEqualTo("overloaded");
        until(() ->
                zstd("much9", "Freshet-Lease", "want").header("Freshet-Lease").startsWith("leader"));
    }

    @Test
    void lookup_ofADamagedOne_hasTheOthers() {
        store("one", damaged(15_001));
        api.put(Api.entry("two"), TEXT);
        Answer answer = api.post(Api.V1 + "/lookup", "{\"entries\":[{\"key\":\"one\"},{\"key\":\"two\"}]}");

        JsonNode one = Api.meta(answer.frames().getFirst());
        assertThat(one.path("status").asInt()).isEqualTo(503);
        assertThat(one.path("problem").asText()).endsWith("store-unavailable");
        assertThat(answer.frames().getFirst().body().length()).isZero();
        assertThat(answer.frames().getLast().body().bytes()).hasToString(TEXT);
    }

    private static Codec codec(Vertx vertx, int underWayMax) {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        return new Codec(
                vertx,
                new HttpConfig("127.0.0.1", 0, 8 << 20),
                new UnderWay(underWayMax, new EdgeMeters(registry, "data")),
                registry);
    }

    /** What takes an event loop longer than a moment waits for a worker, and all of those are held. */
    @Test
    void decoded_ofMuch_isNotDoneOnTheEventLoop() {
        Vertx vertx = Vertx.vertx(new VertxOptions().setWorkerPoolSize(1));
        Codec codec = codec(vertx, 8 << 20);
        Body small = Zstd.encode(Body.of(Buffer.buffer(new byte[Codec.ON_LOOP_BYTES_MAX])));
        Body large = Zstd.encode(Body.of(Buffer.buffer(new byte[Codec.ON_LOOP_BYTES_MAX + 1])));
        await(codec.decoded(small));
        CountDownLatch held = new CountDownLatch(1);
        Future<Object> holding = vertx.executeBlocking(() -> {
            held.await();
            return held;
        });

        List<Future<?>> decoded = await(Future.future(told -> vertx.runOnContext(run -> told.complete(
                List.of(codec.decoded(small), codec.decoded(large), codec.decoded(List.of(small, small)))))));
        assertThat(decoded).extracting(Future::isComplete).containsExactly(true, false, false);
        held.countDown();
        await(Future.all(holding, decoded.get(1), decoded.get(2)));
        await(vertx.close());
    }

    /** It loads the library, which takes far longer than a moment. */
    @Test
    void decoded_theFirst_isNotDoneOnTheEventLoop() {
        Vertx vertx = Vertx.vertx(new VertxOptions().setWorkerPoolSize(1));
        CountDownLatch held = new CountDownLatch(1);
        Future<Object> holding = vertx.executeBlocking(() -> {
            held.await();
            return held;
        });
        Codec codec = codec(vertx, 8 << 20);
        Body small = Zstd.encode(Body.of(Buffer.buffer(new byte[10])));

        Future<Body> decoded = codec.decoded(small);
        assertThat(decoded.isComplete()).isFalse();
        held.countDown();
        await(Future.all(holding, decoded));
        assertThat(codec.decoded(small).isComplete()).isTrue();
        await(vertx.close());
    }

    /** What waits to be decoded is bounded, and comes back. */
    @Test
    void decoded_ofMoreThanMayBeUnderWay_isRefused() {
        Vertx vertx = Vertx.vertx();
        Codec codec = codec(vertx, 1 << 20);
        Body body = Zstd.encode(Body.of(Buffer.buffer(new byte[700_000])));

        CountDownLatch turn = new CountDownLatch(1);
        List<Future<Body>> both = await(Future.future(told -> vertx.runOnContext(run -> {
            Future<Boolean> before = vertx.executeBlocking(() -> turn.await(5, TimeUnit.SECONDS));
            told.complete(List.of(codec.decoded(body), codec.decoded(body)));
            before.onFailure(told::tryFail);
        })));
        turn.countDown();
        assertThat(await(both.getFirst()).length()).isEqualTo(700_000);
        assertThat(both.getLast().cause()).isInstanceOf(Problem.class).hasMessageContaining("limits.bodies-bytes");
        assertThat(await(codec.decoded(body)).length()).isEqualTo(700_000);
        await(vertx.close());
    }

    /** One that compresses nothing reads what another has compressed. */
    @Test
    void get_whereNothingIsCompressed_readsIt() {
        try (Api other = Api.start()) {
            other.put(Api.entry("own"), TEXT);
            Body plain = Body.of(Buffer.buffer(TEXT));
            await(other.store.write(
                    Key.of("shop", "v1", "theirs"),
                    Draft.of(Zstd.encode(plain), Lifetime.UNLIMITED, List.of()),
                    new Ticket(1, 0)));

            Answer own = other.get(Api.entry("own"), "Accept-Encoding", "zstd");
            assertThat(own.text()).isEqualTo(TEXT);
            assertThat(own.header("Vary")).isEmpty();
            assertThat(own.header("ETag")).doesNotContain("zstd");
            assertThat(other.get(Api.entry("theirs")).text()).isEqualTo(TEXT);
            assertThat(other.get(Api.entry("theirs"), "Accept-Encoding", "zstd").header("Content-Encoding"))
                    .isEqualTo("zstd");
        }
    }
}
