package dev.freshet.http;

import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freshet.entry.Frame;
import dev.freshet.entry.Key;
import dev.freshet.http.Api.Answer;
import dev.freshet.store.StoreException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LookupRouteTest extends OnApi {
    private static Answer lookup(String json) {
        return api.post(Api.V1 + "/lookup", json);
    }

    private static String digest(String key) {
        return Key.of("shop", "v1", key).digest();
    }

    private static List<JsonNode> metas(Answer answer) {
        return answer.frames().stream().map(Api::meta).toList();
    }

    @Test
    void post_ofSeveral_answersEachInItsOrder() {
        String large = "0123456789".repeat(1_000);
        String etag = api.put(Api.entry("a"), "A").header("ETag").replace("\"", "");
        api.put(Api.entry("b"), large);
        api.store.breakOn(Key.of("shop", "v1", "broken"), new StoreException("it is broken"));
        Answer answer =
                lookup("{\"entries\":[{\"key\":\"b\"},{\"key\":\"missing\"},{\"digest\":\"%s\",\"etag\":\"%s\"},"
                                .formatted(digest("a"), etag)
                        + "{\"key\":\"broken\"},{\"key\":\"a\",\"etag\":\"other\"},{\"key\":\"b\"}]}");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).isEqualTo(Frame.MEDIA_TYPE);
        assertThat(metas(answer))
                .extracting(meta -> meta.path("status").asInt())
                .containsExactly(200, 404, 304, 503, 200, 200);
        assertThat(answer.frames())
                .extracting(frame -> frame.body().bytes().toString())
                .containsExactly(large, "", "", "", "A", large);
        assertThat(metas(answer).get(1).path("asOf").asText()).matches("[0-9]+-[0-9]+-[0-9a-z.]+");
        assertThat(metas(answer).get(2).path("state").asText()).isEqualTo("fresh");
        assertThat(metas(answer).get(3).path("problem").asText())
                .isEqualTo("https://freshet.dev/problems/store-unavailable");
    }

    /* What is known when the entry is judged may be more, and never less. */
    @Test
    void post_tellsWhatWasKnownWhenItCame() {
        api.put(Api.entry("known"), "old", "Freshet-Age", "5", "Freshet-Lifetime", "revalidate=1");
        String json = "{\"entries\":[{\"key\":\"known\"}],\"lease\":true,\"wait\":8,\"waitStale\":true}";
        JsonNode leader = metas(lookup(json)).getFirst();
        String before = place();
        CompletableFuture<Answer> waiting = api.sendAsync(
                "POST", Api.V1 + "/lookup", json.getBytes(StandardCharsets.UTF_8), "Content-Type", "application/json");
        until(() -> api.leases.waiters() == 1);
        api.post(Api.SHOP + "/invalidations", "{\"tags\":[\"meanwhile\"],\"mode\":\"hard\"}");
        api.putFrame(
                Api.entry("known"), "{\"lease\":\"" + leader.at("/lease/token").asText() + "\"}", "new");

        assertThat(known(waiting.join())).isEqualTo(before);
        assertThat(known(lookup(json))).isEqualTo(place()).isNotEqualTo(before);
        assertThat(known(lookup("{\"entries\":[{\"key\":\"missing\"}]}"))).isEmpty();
    }

    private static String known(Answer answer) {
        return metas(answer).getFirst().path("known").asText();
    }

    private String place() {
        JsonNode clock = api.get(Api.SHOP + "/clock").json();
        return clock.path("epoch").asText() + '/' + clock.path("stamp").asLong();
    }

    @Test
    void post_withALease_leadsAndFollows() {
        String json = "{\"entries\":[{\"key\":\"led\"}],\"lease\":true}";
        JsonNode leader = metas(lookup(json)).getFirst();
        JsonNode follower = metas(lookup(json)).getFirst();

        assertThat(leader.at("/lease/role").asText()).isEqualTo("leader");
        assertThat(leader.at("/lease/token").asText()).startsWith(digest("led") + ".");
        assertThat(leader.at("/lease/ttl").asDouble()).isBetween(1.0, 10.0);
        assertThat(follower.at("/lease/role").asText()).isEqualTo("follower");
        assertThat(follower.at("/lease/token").isMissingNode()).isTrue();
    }

    @Test
    void post_ofAStaleEntry_saysWhy() {
        api.put(Api.entry("old"), "x", "Freshet-Age", "5", "Freshet-Lifetime", "revalidate=1");
        api.put(Api.entry("softly"), "x");
        api.post(Api.SHOP + "/invalidations", "{\"tags\":[\"layout\"],\"mode\":\"soft\"}");
        Answer answer = lookup(
                "{\"entries\":[{\"key\":\"old\"},{\"key\":\"softly\",\"softTags\":[\"layout\"]},{\"key\":\"softly\"}]}");

        assertThat(metas(answer))
                .extracting(meta -> meta.path("state").asText())
                .containsExactly("stale", "stale", "fresh");
        assertThat(metas(answer))
                .extracting(meta -> meta.path("reason").asText())
                .containsExactly("time", "tag", "");
    }

    @Test
    void post_ofAStaleEntryByAFollowerWhoWaits_getsTheNewOne() {
        api.put(Api.entry("waited"), "old", "Freshet-Age", "5", "Freshet-Lifetime", "revalidate=1");
        String json = "{\"entries\":[{\"key\":\"waited\"}],\"lease\":true,\"wait\":8,\"waitStale\":true}";
        JsonNode leader = metas(lookup(json)).getFirst();
        CompletableFuture<Answer> follower = api.sendAsync(
                "POST", Api.V1 + "/lookup", json.getBytes(StandardCharsets.UTF_8), "Content-Type", "application/json");
        until(() -> api.leases.waiters() == 1);
        api.putFrame(
                Api.entry("waited"), "{\"lease\":\"" + leader.at("/lease/token").asText() + "\"}", "new");

        assertThat(follower.join().frames().getFirst().body().bytes().toString())
                .isEqualTo("new");
        assertThat(metas(follower.join()).getFirst().path("collapsed").asBoolean())
                .isTrue();
    }

    @Test
    void post_ofAKeyThatNoPathCanHold_findsIt() {
        String digest = digest("\ud800");
        api.put(Api.entry("@" + digest), "x");

        assertThat(metas(lookup("{\"entries\":[{\"key\":\"\\ud800\"}]}"))
                        .getFirst()
                        .path("status")
                        .asInt())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "{\"entries\":[]}",
                "{\"entries\":{}}",
                "{\"entries\":[1]}",
                "{\"entries\":[{}]}",
                "{\"entries\":[{\"key\":1}]}",
                "{\"entries\":[{\"key\":null}]}",
                "{\"entries\":[{\"key\":\"a\",\"tags\":[]}]}",
                "{\"entries\":[{\"key\":\"a\",\"softTags\":\"a\"}]}",
                "{\"entries\":[{\"key\":\"a\",\"etag\":1}]}",
                "{\"entries\":[{\"key\":\"a\"}],\"lease\":1}",
                "{\"entries\":[{\"key\":\"a\"}],\"wait\":\"2\"}",
                "{\"entries\":[{\"key\":\"a\"}],\"wait\":30.001}",
                "{\"entries\":[{\"key\":\"a\"}],\"wait\":-1}",
                "{\"entries\":[{\"key\":\"a\"}],\"waits\":1}",
                "{\"entries\":[{\"key\":\"a\"}],\"entries\":[{\"key\":\"a\"}]}",
                "{\"entries\":[{\"key\":\"a\"}]} x",
                "{\"entries\":[{\"key\":\"a\"}]",
            })
    void post_ofWhatCannotBeRead_isRefused(String json) {
        Answer answer = lookup(json);

        assertThat(answer.problem()).isEqualTo("invalid-request");
        assertThat(answer.json().path("detail").asText()).isNotEmpty();
    }

    @Test
    void post_ofWrongValues_saysWhichKind() {
        assertThat(lookup("{\"entries\":[{\"digest\":\"9F\"}]}").problem()).isEqualTo("invalid-name");
        assertThat(lookup("{\"entries\":[{\"key\":\"a\",\"digest\":\"%s\"}]}".formatted(digest("a")))
                        .problem())
                .isEqualTo("invalid-request");
        assertThat(lookup("{\"entries\":[{\"key\":\"a\",\"softTags\":[\"\"]}]}").problem())
                .isEqualTo("invalid-tag");
        assertThat(api.send("POST", Api.V1 + "/lookup", new byte[] {'{', '}'}).problem())
                .isEqualTo("unsupported-media-type");
        assertThat(api.post(Api.V1 + "/lookup", "{}", "Content-Encoding", "gzip")
                        .problem())
                .isEqualTo("unsupported-media-type");
    }
}
