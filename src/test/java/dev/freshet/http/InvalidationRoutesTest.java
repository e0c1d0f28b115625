package dev.freshet.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freshet.http.Api.Answer;
import dev.freshet.store.StoreException;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Invalidations, tags and the clock. */
class InvalidationRoutesTest extends OnApi {
    private static final String INVALIDATIONS = Api.SHOP + "/invalidations";

    private static long clock() {
        return api.get(Api.SHOP + "/clock").json().path("stamp").asLong();
    }

    private static long invalidate(String tag) {
        return api.invalidate(tag).json().path("stamp").asLong();
    }

    @Test
    void post_ofTags_saysWhenAndByHowMany() {
        long before = clock();
        Answer answer = api.invalidate("posts");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().path("stamp").asLong()).isGreaterThan(before);
        assertThat(answer.json().path("replicas").asInt()).isEqualTo(1);
        assertThat(clock()).isEqualTo(answer.json().path("stamp").asLong());
    }

    @Test
    void post_settled_saysWhoAcknowledgedAndHowLongItTook() {
        var json = api.invalidate("settled").json();

        assertThat(json.path("replicas").asInt()).isEqualTo(1);
        assertThat(json.path("unacknowledged").isArray()).isTrue();
        assertThat(json.path("unacknowledged")).isEmpty();
        assertThat(json.path("waited").asDouble()).isBetween(0.0, 10.0);
    }

    @Test
    void post_holdOffOutOfRange_saysTheRange() {
        assertThat(api.post("/v1/apps/shop/invalidations", "{\"tags\":[\"posts\"],\"mode\":\"hard\",\"holdOff\":3601}")
                        .text())
                .contains("holdOff")
                .contains("0 to 3600 seconds");
    }

    @Test
    void post_withoutWaiting_isAccepted() {
        Answer answer = api.post(INVALIDATIONS, "{\"tags\":[\"later\"],\"mode\":\"hard\"}", "Prefer", "respond-async");

        assertThat(answer.status()).isEqualTo(202);
        assertThat(answer.json().path("replicas").asInt()).isZero();
        assertThat(answer.json().path("stamp").asLong()).isPositive();
    }

    /** It is in force nowhere else, and so it does not say when it was taken. */
    @Test
    void post_withoutWaitingWhenTheStoreDoesNotTakeIt_isQueued() {
        long before = clock();
        String body = "{\"tags\":[\"queued\"],\"mode\":\"hard\"}";
        api.store.breakInvalidations(Optional.of(new StoreException("the store is away")));
        try {
            Answer queued = api.post(INVALIDATIONS, body, "Prefer", "respond-async");
            assertThat(queued.status()).isEqualTo(202);
            assertThat(queued.header("Preference-Applied")).isEqualTo("respond-async");
            assertThat(queued.text()).isEqualTo("{\"queued\":true}");

            for (String preference : List.of("wait=0", "wait=1", "x")) {
                Answer refused = api.post(INVALIDATIONS, body, "Prefer", preference);
                assertThat(refused.problem()).isEqualTo("store-unavailable");
                assertThat(refused.status()).isEqualTo(503);
            }
        } finally {
            api.store.breakInvalidations(Optional.empty());
        }
        assertThat(invalidate("newer")).isGreaterThan(hard("queued"));
        assertThat(hard("queued")).isGreaterThan(before);
    }

    private static long hard(String tag) {
        return api.get(Api.SHOP + "/tags/" + tag).json().path("hard").asLong();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"tags\":[\"kept\"]}                                        | invalid-request",
                "{\"mode\":\"hard\"}                                          | invalid-request",
                "{\"tags\":[],\"mode\":\"hard\"}                              | invalid-request",
                "{\"tags\":\"kept\",\"mode\":\"hard\"}                        | invalid-request",
                "{\"tags\":[\"kept\"],\"mode\":\"HARD\"}                      | invalid-request",
                "{\"tags\":[\"kept\"],\"mode\":null}                          | invalid-request",
                "{\"tags\":[\"kept\"],\"mode\":\"hard\",\"expire\":1}         | invalid-request",
                "{\"tags\":[\"kept\"],\"mode\":\"soft\",\"expire\":-1}        | invalid-request",
                "{\"tags\":[\"kept\"],\"mode\":\"soft\",\"expire\":\"1\"}     | invalid-request",
                "{\"tags\":[\"kept\"],\"mode\":\"hard\",\"x\":1}              | invalid-request",
                "{\"tags\":[\"kept\"],\"mode\":\"hard\"} {}                   | invalid-request",
                "{\"tags\":[\"kept\"],\"tags\":[\"kept\"],\"mode\":\"hard\"}  | invalid-request",
                "{\"tags\":[\"kept\",\"\"],\"mode\":\"hard\"}                 | invalid-tag",
                "{\"tags\":[\"kept\",\"a\\nb\"],\"mode\":\"hard\"}            | invalid-tag",
            })
    void post_ofWhatIsWrong_changesNothing(String json, String problem) {
        Answer answer = api.post(INVALIDATIONS, json);

        assertThat(answer.problem()).isEqualTo(problem);
        assertThat(answer.json().path("detail").asText()).isNotEmpty();
        assertThat(api.get(Api.SHOP + "/tags/kept").text()).isEqualTo("{\"tag\":\"kept\",\"hard\":0,\"soft\":[]}");
    }

    @Test
    void post_ofTooMuch_isRefused() {
        List<String> tags =
                IntStream.range(0, 257).mapToObj(i -> "\"t" + i + "\"").toList();
        Answer many = api.post(INVALIDATIONS, "{\"tags\":" + tags + ",\"mode\":\"hard\"}");
        Answer large = api.post(INVALIDATIONS, " ".repeat(256 << 10) + "{}");

        assertThat(many.problem()).isEqualTo("invalid-tag");
        assertThat(large.problem()).isEqualTo("too-large");
        assertThat(large.json().path("limit").asInt()).isEqualTo(256 << 10);
    }

    @Test
    void post_fromAWebPage_isRefused() {
        assertThat(api.send("POST", INVALIDATIONS, "{}".getBytes(), "Content-Type", "text/plain")
                        .problem())
                .isEqualTo("unsupported-media-type");
    }

    @Test
    void get_ofATag_tellsItsMark() {
        long hard = invalidate("a/b é");
        api.post(INVALIDATIONS, "{\"tags\":[\"a/b é\"],\"mode\":\"soft\",\"expire\":60}");
        api.post(INVALIDATIONS, "{\"tags\":[\"a/b é\"],\"mode\":\"soft\"}");
        JsonNode mark = api.get(Api.SHOP + "/tags/a%2Fb%20%C3%A9").json();

        assertThat(mark.path("tag").asText()).isEqualTo("a/b é");
        assertThat(mark.path("hard").asLong()).isEqualTo(hard);
        assertThat(mark.path("soft")).hasSize(2);
        assertThat(mark.at("/soft/0/deadline").asLong()
                        - mark.at("/soft/0/stamp").asLong() / 1_000)
                .isBetween(59_900L, 60_100L);
        assertThat(mark.at("/soft/1").has("deadline")).isFalse();
    }

    @Test
    void get_ofWhatIsNoTag_isRefused() {
        assertThat(api.get(Api.SHOP + "/tags/").problem()).isEqualTo("invalid-tag");
        assertThat(api.get(Api.SHOP + "/tags/a%0Ab").problem()).isEqualTo("invalid-tag");
        assertThat(api.get(Api.SHOP + "/tags/%FF").problem()).isEqualTo("invalid-name");
    }

    @Test
    void get_ofTheClock_tellsWhereItStands() {
        JsonNode clock = api.get(Api.SHOP + "/clock").json();

        assertThat(clock.path("stamp").asLong()).isPositive();
        assertThat(clock.path("ticket").asText())
                .matches(clock.path("stamp").asText() + "-[1-9][0-9]*-"
                        + clock.path("epoch").asText());
        assertThat(clock.path("coherent").asBoolean()).isTrue();
        assertThat(clock.path("window").asLong()).isBetween(1L, 10_000L);
        assertThat(clock.path("epoch").asText()).isNotEmpty();
        assertThat(clock.path("floor").asLong()).isZero();
        assertThat(clock.path("replica").asText()).isEqualTo("r1");
    }

    @Test
    void list_sinceAStamp_tellsWhatChanged() {
        long before = clock();
        long stamp = invalidate("listed");
        JsonNode list = api.get(INVALIDATIONS + "?after=" + before, "Accept", "application/json")
                .json();

        assertThat(list.path("epoch"))
                .isEqualTo(api.get(Api.SHOP + "/clock").json().path("epoch"));
        assertThat(list.path("stamp").asLong()).isEqualTo(stamp);
        assertThat(list.at("/tags/listed/hard").asLong()).isEqualTo(stamp);
        assertThat(list.path("tags")).hasSize(1);
        assertThat(list.has("reset")).isFalse();
    }

    @Test
    void list_sinceTheLastStamp_isEmptyAndWhole() {
        long stamp = invalidate("listed");
        Answer answer = api.get(INVALIDATIONS + "?after=" + stamp, "Accept", "application/json");

        assertThat(answer.header("Freshet-Replay")).isEqualTo("whole");
        assertThat(answer.json().path("stamp").asLong()).isEqualTo(stamp);
        assertThat(answer.json().path("tags")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"9000000000000000", "1", "another/1"})
    void list_sinceAnotherHistory_saysSo(String after) {
        Answer answer = api.get(INVALIDATIONS + "?after=" + after, "Accept", "application/json");

        assertThat(answer.header("Freshet-Replay")).isEqualTo("reset; reason=epoch");
        assertThat(answer.json().path("reset").asText()).isEqualTo("epoch");
        assertThat(answer.json().path("tags")).isEmpty();
    }
}
