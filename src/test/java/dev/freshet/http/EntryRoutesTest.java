package dev.freshet.http;

import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.entry.Frame;
import dev.freshet.entry.Key;
import dev.freshet.http.Api.Answer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One entry, walked as by hand. */
class EntryRoutesTest extends OnApi {
    @Test
    void get_ofNothing_isAMissWithATicket() {
        Answer answer = api.get(Api.entry("nothing"));

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.text()).isEmpty();
        assertThat(answer.header("Content-Length")).isEqualTo("0");
        assertThat(answer.header("Freshet-As-Of")).matches("[0-9]+-[0-9]+-[0-9a-z.]+");
        assertThat(answer.header("Freshet-Lease")).isEmpty();
        assertThat(answer.header("Cache-Status")).isEqualTo("freshet; fwd=uri-miss");
        assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
    }

    @Test
    void get_ofWhatWasPut_isAHit() {
        Answer put = api.put(
                Api.entry("greeting"),
                "hello",
                "Content-Type",
                "text/plain; charset=utf-8",
                "Freshet-Lifetime",
                "revalidate=60, expire=600.5",
                "Cache-Groups",
                "\"posts\", \"post-42\"",
                "Freshet-Age",
                "1.5");
        Answer answer = api.get(Api.entry("greeting"));

        assertThat(put.status()).isEqualTo(201);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEqualTo("hello");
        assertThat(answer.header("ETag")).isEqualTo(put.header("ETag")).matches("\"[^\"]+\"");
        assertThat(answer.header("Age")).matches("[1-9]");
        assertThat(answer.header("Content-Type")).isEqualTo("text/plain; charset=utf-8");
        assertThat(answer.header("Freshet-State")).isEqualTo("fresh");
        assertThat(answer.header("Freshet-Lifetime")).isEqualTo("revalidate=60, expire=600.5");
        assertThat(answer.header("Cache-Groups")).isEqualTo("\"posts\", \"post-42\"");
        assertThat(answer.header("Cache-Status")).matches("freshet; hit; ttl=5\\d; detail=(store|near)");
        assertThat(answer.header("Freshet-As-Of")).isEmpty();
        assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
    }

    @Test
    void get_again_isNear() {
        api.put(Api.entry("near"), "x");

        // Of a server that has just started the first copy may be dropped: writes are heard only from then on.
        until(() -> api.get(Api.entry("near")).header("Cache-Status").equals("freshet; hit; detail=near"));
    }

    @Test
    void put_again_isNoContentAndAnotherTag() {
        Answer first = api.put(Api.entry("again"), "x");
        Answer second = api.put(Api.entry("again"), "x");

        assertThat(second.status()).isEqualTo(204);
        assertThat(second.header("ETag")).isNotEqualTo(first.header("ETag"));
    }

    @Test
    void put_ofAForm_isKeptAsItIs() {
        api.put(Api.entry("form"), "a=1&b=%20", "Content-Type", "application/x-www-form-urlencoded");
        Answer answer = api.get(Api.entry("form"));

        assertThat(answer.text()).isEqualTo("a=1&b=%20");
        assertThat(answer.header("Content-Type")).isEqualTo("application/x-www-form-urlencoded");
    }

    @Test
    void put_withoutAnything_isAnEmptyEntry() {
        assertThat(api.send("PUT", Api.entry("empty"), new byte[0]).status()).isEqualTo(201);
        Answer answer = api.get(Api.entry("empty"));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEmpty();
        assertThat(answer.header("Content-Type")).isEqualTo("application/octet-stream");
        assertThat(answer.header("Freshet-Lifetime")).isEmpty();
        assertThat(answer.header("Cache-Groups")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"*", "%s", "W/%s", "\"x\", %s"})
    void get_withTheTagInHand_isNotModified(String header) {
        String etag =
                api.put(Api.entry("known"), "x", "Cache-Groups", "\"known\"").header("ETag");
        Answer answer = api.get(Api.entry("known"), "If-None-Match", header.formatted(etag));

        assertThat(answer.status()).isEqualTo(304);
        assertThat(answer.text()).isEmpty();
        assertThat(answer.header("ETag")).isEqualTo(etag);
        assertThat(answer.header("Freshet-State")).isEqualTo("fresh");
        assertThat(answer.header("Cache-Groups")).isEqualTo("\"known\"");
    }

    @Test
    void get_withAnotherTag_isWhole() {
        api.put(Api.entry("unknown"), "x");

        assertThat(api.get(Api.entry("unknown"), "If-None-Match", "\"other\"").text())
                .isEqualTo("x");
    }

    @Test
    void get_withTheTagOfAMiss_isAMiss() {
        assertThat(api.get(Api.entry("none"), "If-None-Match", "*").status()).isEqualTo(404);
    }

    @Test
    void head_ofAnEntry_tellsAllButTheBody() {
        api.put(Api.entry("head"), "hello", "Content-Type", "text/plain");
        Answer answer = api.send("HEAD", Api.entry("head"), new byte[0]);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEmpty();
        assertThat(answer.header("Content-Length")).isEqualTo("5");
        assertThat(answer.header("Content-Type")).isEqualTo("text/plain");
    }

    @Test
    void head_ofNothing_neverLeads() {
        Answer head = api.send("HEAD", Api.entry("unled"), new byte[0], "Freshet-Lease", "want");
        Answer get = api.get(Api.entry("unled"), "Freshet-Lease", "want");

        assertThat(head.status()).isEqualTo(404);
        assertThat(head.header("Freshet-Lease")).isEmpty();
        assertThat(get.header("Freshet-Lease")).startsWith("leader; ");
    }

    @Test
    void get_softlyInvalidated_isStale() {
        api.put(Api.entry("soft"), "x", "Cache-Groups", "\"soft\"", "Freshet-Lifetime", "revalidate=60");
        api.post(Api.SHOP + "/invalidations", "{\"tags\":[\"soft\"],\"mode\":\"soft\"}");
        Answer answer = api.get(Api.entry("soft"), "Freshet-Lease", "want");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Freshet-State")).isEqualTo("stale");
        assertThat(answer.header("Cache-Status")).matches("freshet; hit; ttl=0; detail=(near|store)");
        assertThat(answer.header("Freshet-Lease"))
                .matches("leader; token=\"[0-9a-f]{64}\\.r1\\.[A-Za-z0-9_-]{16}\\.[0-9]+\"; ttl=(10|9\\.[0-9]+)");
        assertThat(answer.header("Freshet-As-Of")).matches("[0-9]+-[0-9]+-[0-9a-z.]+");
        assertThat(answer.text()).isEqualTo("x");
    }

    @Test
    void get_pastItsTime_isStale() {
        api.put(Api.entry("old"), "x", "Freshet-Age", "61.5", "Freshet-Lifetime", "revalidate=60");
        Answer answer = api.get(Api.entry("old"));

        assertThat(answer.header("Freshet-State")).isEqualTo("stale");
        assertThat(answer.header("Age")).matches("6\\d");
        assertThat(answer.header("Cache-Status")).matches("freshet; hit; ttl=-[2-9]; detail=(store|near)");
    }

    @Test
    void get_pastItsEnd_isAMiss() {
        api.put(Api.entry("ended"), "x", "Freshet-Age", "61.5", "Freshet-Lifetime", "expire=60");

        assertThat(api.get(Api.entry("ended")).status()).isEqualTo(404);
    }

    @Test
    void get_hardInvalidated_isAMiss() {
        api.put(Api.entry("hard"), "x", "Cache-Groups", "\"hard\"");
        assertThat(api.get(Api.entry("hard")).status()).isEqualTo(200);
        api.invalidate("hard");

        assertThat(api.get(Api.entry("hard")).status()).isEqualTo(404);
    }

    @Test
    void get_fromAnotherDeployment_isAMiss() {
        api.put(Api.entry("mine"), "x");

        assertThat(api.get(Api.SHOP + "/deployments/v2/entries/mine").status()).isEqualTo(404);
        assertThat(api.get("/v1/apps/other/deployments/v1/entries/mine").status())
                .isEqualTo(404);
    }

    @Test
    void put_storeIsFull_isAnsweredSoAndTheOldServed() {
        api.put(Api.entry("full"), "old");
        api.store.fill(Key.of("shop", "v1", "full"));
        Answer put = api.put(Api.entry("full"), "new");

        assertThat(put.status()).isEqualTo(507);
        assertThat(put.text()).contains("problems/store-full");
        assertThat(api.get(Api.entry("full")).text()).isEqualTo("old");
    }

    @Test
    void put_computedBeforeAnInvalidation_isNotServed() {
        String ticket = api.get(Api.entry("race")).header("Freshet-As-Of");
        api.invalidate("race");
        Answer put = api.put(Api.entry("race"), "old", "Cache-Groups", "\"race\"", "Freshet-As-Of", ticket);

        assertThat(put.status()).isEqualTo(201);
        assertThat(api.get(Api.entry("race")).status()).isEqualTo(404);
    }

    @Test
    void put_computedBeforeWhatIsStored_changesNothing() {
        String older = api.get(Api.entry("order")).header("Freshet-As-Of");
        api.invalidate("unrelated");
        String newer = api.get(Api.entry("order")).header("Freshet-As-Of");
        api.put(Api.entry("order"), "new", "Freshet-As-Of", newer);
        Answer late = api.put(Api.entry("order"), "old", "Freshet-As-Of", older);

        assertThat(late.status()).isEqualTo(409);
        assertThat(api.get(Api.entry("order")).text()).isEqualTo("new");
    }

    @Test
    void delete_ofAnEntry_endsIt() {
        api.put(Api.entry("gone"), "x");

        assertThat(api.delete(Api.entry("gone")).status()).isEqualTo(204);
        assertThat(api.get(Api.entry("gone")).status()).isEqualTo(404);
        assertThat(api.delete(Api.entry("gone")).status()).isEqualTo(204);
    }

    @ParameterizedTest
    @CsvSource({
        "a%2Fb, ~YS9i",
        "%7Etilde, ~fnRpbGRl",
        "%40at, ~QGF0",
        "caf%C3%A9, ~Y2Fmw6k",
        "'a;b', ~YTti",
        "a%252Fb, ~YSUyRmI",
        "a%20b, ~YSBi",
    })
    void key_inTwoForms_isOneEntry(String plain, String base64) {
        api.put(Api.entry(plain), plain);

        assertThat(api.get(Api.entry(base64)).text()).isEqualTo(plain);
    }

    @Test
    void key_byItsDigest_isTheSameEntry() {
        String digest = Key.of("shop", "v1", "by/digest").digest();
        api.put(Api.entry("by%2Fdigest"), "x");

        assertThat(api.get(Api.entry("@" + digest)).text()).isEqualTo("x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "@", "@9f86", "@" + "G123", "~!", "~w6", "%C3", "~gA"})
    void key_notOfItsForm_isRefused(String key) {
        Answer answer = api.put(Api.entry(key), "x");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.problem()).isEqualTo("invalid-name");
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "%z1", "a%4", "~%"})
    void key_thatNoClientWouldSend_isRefused(String key) throws IOException {
        try (Wire wire = api.wire()) {
            wire.send("GET " + Api.entry(key) + " HTTP/1.1\nHost: h\nConnection: close\n\n");

            assertThat(wire.readAll())
                    .startsWith("HTTP/1.1 400 ")
                    .contains("problems/invalid-name")
                    .contains("cache-control: no-store");
        }
    }

    @Test
    void key_tooLongForAPath_isRefused() {
        assertThat(api.put(Api.entry("a".repeat(2_048)), "x").status()).isEqualTo(201);
        assertThat(api.put(Api.entry("a".repeat(2_049)), "x").problem()).isEqualTo("invalid-name");
        assertThat(api.put(Api.entry("%C3%A9".repeat(1_025)), "x").problem()).isEqualTo("invalid-name");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Freshet-Lifetime | revalidate=a         | 422 | invalid-entry",
                "Freshet-Lifetime | revalidate=-1        | 422 | invalid-entry",
                "Freshet-Lifetime | reval=1              | 422 | invalid-entry",
                "Freshet-Lifetime | revalidate 60        | 400 | invalid-request",
                "Freshet-Age      | -1                   | 422 | invalid-entry",
                "Freshet-Age      | x                    | 400 | invalid-request",
                "Freshet-As-Of    | now                  | 422 | invalid-entry",
                "Freshet-Lease    | token=\"x\"          | 422 | invalid-entry",
                "Freshet-Lease    | want                 | 400 | invalid-request",
                "Cache-Groups     | posts                | 400 | invalid-request",
                "Cache-Groups     | \"\"                 | 422 | invalid-tag",
                "Content-Encoding | gzip                 | 415 | unsupported-media-type",
                "Content-Type     | nonsense             | 415 | unsupported-media-type",
                "Content-Range    | bytes 0-0/2          | 400 | invalid-request",
            })
    void put_withAWrongHeader_changesNothing(String name, String value, int status, String problem) {
        Answer answer = api.put(Api.entry("kept-" + name), "x", name, value);

        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.problem()).isEqualTo(problem);
        assertThat(answer.json().path("detail").asText()).isNotEmpty();
        assertThat(api.store.written())
                .doesNotContain(Key.of("shop", "v1", "kept-" + name).digest());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Freshet-Lease | token=\"x\"",
                "Freshet-Lease | want=?0",
                "Prefer        | wait=31",
                "Prefer        | wait=-1",
                "Prefer        | wait=soon",
                "Prefer        | wait=",
                "If-None-Match | unquoted",
            })
    void get_withAWrongHeader_isRefused(String name, String value) {
        assertThat(api.get(Api.entry("any"), name, value).problem()).isEqualTo("invalid-request");
    }

    @Test
    void get_withOtherPreferences_isAnswered() {
        assertThat(api.get(Api.entry("any"), "Prefer", "Handling=lenient; strict, Wait=0.5")
                        .status())
                .isEqualTo(404);
    }

    @Test
    void put_ofAFrame_isReadAsAFrame() {
        String meta =
                "{\"tags\":[\"posts\",\"f\u00fcnf\"],\"revalidate\":60,\"expire\":null,\"age\":1.5,\"asOf\":\"%s\","
                        + "\"type\":\"text/x-component\",\"attributes\": {\"n\":1.50, \"s\":\"\\ud800\",\"big\":1e400} }";
        String ticket = api.get(Api.entry("framed")).header("Freshet-As-Of");
        Answer put = api.putFrame(Api.entry("framed"), meta.formatted(ticket), "body");
        Answer answer = api.get(Api.entry("framed"), "Accept", Frame.MEDIA_TYPE);

        assertThat(put.status()).isEqualTo(201);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).isEqualTo(Frame.MEDIA_TYPE);
        assertThat(answer.frames()).hasSize(1);
        assertThat(answer.frames().getFirst().body().bytes().toString()).isEqualTo("body");
        assertThat(answer.frames().getFirst().meta().toString())
                .contains("\"attributes\":{\"n\":1.50, \"s\":\"\\ud800\",\"big\":1e400}");
        assertThat(answer.meta().path("status").asInt()).isEqualTo(200);
        assertThat(answer.meta().path("state").asText()).isEqualTo("fresh");
        assertThat(answer.meta().path("revalidate").asInt()).isEqualTo(60);
        assertThat(answer.meta().has("expire")).isFalse();
        assertThat(answer.meta().path("age").asDouble()).isBetween(1.5, 30.0);
        assertThat(answer.meta().path("tags").get(1).asText()).isEqualTo("fünf");
        assertThat('"' + answer.meta().path("etag").asText() + '"').isEqualTo(put.header("ETag"));
    }

    @Test
    void get_plain_ofAFrame_tellsWhatHeadersCan() {
        api.putFrame(Api.entry("plain"), "{\"tags\":[\"f\u00fcnf\"],\"type\":\"text/html\"}", "body");
        Answer answer = api.get(Api.entry("plain"));

        assertThat(answer.text()).isEqualTo("body");
        assertThat(answer.header("Content-Type")).isEqualTo("text/html");
        assertThat(answer.header("Cache-Groups")).isEmpty();
    }

    @Test
    void get_ofManyTags_leavesThemToTheFrame() {
        String tags = String.join(
                ",",
                IntStream.range(0, 128)
                        .mapToObj(i -> '"' + "t".repeat(60) + i + '"')
                        .toList());
        api.putFrame(Api.entry("tags"), "{\"tags\":[" + tags + "]}", "x");

        assertThat(api.get(Api.entry("tags")).header("Cache-Groups")).isEmpty();
        assertThat(api.get(Api.entry("tags"), "Accept", Frame.MEDIA_TYPE).meta().path("tags"))
                .hasSize(128);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}                                | 201 |",
                "{\"attributes\":null}             | 201 |",
                "{\"attributes\":\"text\"}         | 201 |",
                "{\"attributes\":-1.0e5}           | 201 |",
                "{\"revalidate\":1e300}            | 201 |",
                "{\"tag\":[]}                      | 422 | invalid-entry",
                "{\"tags\":\"a\"}                  | 422 | invalid-entry",
                "{\"tags\":[1]}                    | 422 | invalid-entry",
                "{\"tags\":null}                   | 422 | invalid-entry",
                "{\"tags\":[\"\"]}                 | 422 | invalid-tag",
                "{\"tags\":[\"a\\u0000\"]}         | 422 | invalid-tag",
                "{\"tags\":[\"\\ud800\"]}          | 422 | invalid-tag",
                "{\"revalidate\":\"60\"}           | 422 | invalid-entry",
                "{\"revalidate\":-1}               | 422 | invalid-entry",
                "{\"age\":-1}                      | 422 | invalid-entry",
                "{\"age\":1e300}                   | 422 | invalid-entry",
                "{\"asOf\":17}                     | 422 | invalid-entry",
                "{\"asOf\":\"x\"}                  | 422 | invalid-entry",
                "{\"lease\":\"x\"}                 | 422 | invalid-entry",
                "{\"type\":\"text\"}               | 422 | invalid-entry",
                "{\"type\":\"a/b\\r\\nX: y\"}      | 422 | invalid-entry",
                "[]                                | 400 | damaged-frame",
                "{\"age\":0,\"age\":0}             | 400 | damaged-frame",
                "{} {}                             | 400 | damaged-frame",
                "{                                 | 400 | damaged-frame",
            })
    void put_ofAFrame_isCheckedMemberByMember(String meta, int status, String problem) {
        String key = "meta-" + Integer.toHexString(meta.hashCode());
        Answer answer = api.putFrame(Api.entry(key), meta, "x");

        assertThat(answer.status()).as(answer.text()).isEqualTo(status);
        assertThat(problem == null || answer.problem().equals(problem)).isTrue();
        assertThat(api.store.written().contains(Key.of("shop", "v1", key).digest()))
                .isEqualTo(status == 201);
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "true", "12", "-1.0e5", "\"te\\\"xt}\"", "[1, [2]]", "{\"a\": {\"b\":[]}}", "{}"})
    void attributes_ofAnyKind_areKeptAsTheyAre(String attributes) {
        for (String around : List.of("{\"attributes\":%s}", "{ \"attributes\" : %s , \"age\":0}")) {
            api.putFrame(Api.entry("attributes"), around.formatted(attributes), "x");
            Answer answer = api.get(Api.entry("attributes"), "Accept", Frame.MEDIA_TYPE);

            assertThat(answer.frames().getFirst().meta().toString()).contains("\"attributes\":" + attributes + "}");
        }
    }

    @Test
    void put_ofAttributesThatNoAnswerCouldHold_isRefused() {
        String fits = "{\"attributes\":\"" + "a".repeat(64_000) + "\"}";
        String doesNot = "{\"attributes\":\"" + "a".repeat(64_800) + "\"}";

        assertThat(api.putFrame(Api.entry("large-meta"), fits, "x").status()).isEqualTo(201);
        assertThat(api.get(Api.entry("large-meta"), "Accept", Frame.MEDIA_TYPE).status())
                .isEqualTo(200);
        assertThat(api.putFrame(Api.entry("large-meta"), doesNot, "x").problem())
                .isEqualTo("invalid-entry");
    }

    @Test
    void put_ofAFrameWithALargeBody_isRefused() {
        String large = "a".repeat(Api.BODY_BYTES_MAX + 1);
        Answer answer = api.putFrame(Api.entry("large"), "{}", large);

        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.json().path("limit").asInt()).isEqualTo(Api.BODY_BYTES_MAX);
        assertThat(api.putFrame(Api.entry("large"), "{}", large.substring(1)).status())
                .isEqualTo(201);
    }

    @Test
    void put_ofALargestBody_isReadBackWhole() {
        byte[] body = "0123456789abcdef".repeat(Api.BODY_BYTES_MAX / 16).getBytes(StandardCharsets.UTF_8);
        api.send("PUT", Api.entry("largest"), body);

        assertThat(api.get(Api.entry("largest")).http().body()).isEqualTo(body);
        Answer framed = api.get(Api.entry("largest"), "Accept", "text/html, " + Frame.MEDIA_TYPE + ";q=0.9");
        assertThat(framed.frames().getFirst().body().bytes().getBytes()).isEqualTo(body);
    }

    @Test
    void paths_ofNobody_areToldApart() {
        assertThat(Set.of("/", "/v1", "/v1/apps/shop", Api.V1, Api.V1 + "/entries", Api.entry("a/b"), Api.entry("a/")))
                .allSatisfy(path -> assertThat(api.get(path).problem()).isEqualTo("not-found"));
        assertThat(api.post(Api.entry("a"), "{}").header("Allow")).isEqualTo("DELETE, GET, HEAD, PUT");
        assertThat(api.get(Api.V1 + "/lookup").header("Allow")).isEqualTo("POST");
    }

    @Test
    void names_notOfTheirForm_areRefused() {
        assertThat(Set.of(
                        "/v1/apps/Shop/deployments/v1/entries/a",
                        "/v1/apps/shop/deployments/../entries/a",
                        "/v1/apps/shop/deployments/v%2F1/entries/a",
                        "/v1/apps//deployments/v1/entries/a",
                        "/v1/apps/Shop/clock",
                        "/v1/apps/" + "a".repeat(64) + "/clock"))
                .allSatisfy(path -> assertThat(api.get(path).problem()).isEqualTo("invalid-name"));
        assertThat(api.get("/v1/apps/%73hop/clock").status()).isEqualTo(200);
    }

    @Test
    void requests_answered_areTimedByTheirKind() {
        try (Api alone = Api.start()) { // what others asked may be counted when they have gone
            alone.put(Api.entry("timed"), "x", "Cache-Groups", "\"timed\"");
            alone.get(Api.entry("timed"));
            alone.get(Api.entry("nothing"));
            alone.invalidate("timed");
            alone.get(Api.SHOP + "/clock");

            until(() ->
                    alone.requests("read") == 2 && alone.requests("write") == 1 && alone.requests("invalidate") == 1);
        }
    }
}
