package dev.freshet.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freshet.entry.Key;
import dev.freshet.store.StoreException;
import org.junit.jupiter.api.Test;

/** Why an entry is served or not, as its clients see it. */
class WhyRouteTest extends OnApi {
    private static JsonNode why(String key) {
        return api.get(Api.V1 + "/why/" + key).json();
    }

    private static void invalidate(String json) {
        assertThat(api.post(Api.SHOP + "/invalidations", json).status()).isEqualTo(200);
    }

    @Test
    void get_missing_saysSo() {
        assertThat(why("nothing").toString())
                .isEqualTo("{\"digest\":\"" + Key.of("shop", "v1", "nothing").digest() + "\",\"state\":\"missing\"}");
    }

    @Test
    void get_fresh_hasItsLifetimeAndTags() {
        api.put(
                Api.entry("well"),
                "hello",
                "Freshet-Lifetime",
                "revalidate=60, expire=600.5",
                "Freshet-Age",
                "30",
                "Cache-Groups",
                "\"why-a\", \"why-b\"");
        JsonNode why = why("well");

        assertThat(why.path("state").asText()).isEqualTo("fresh");
        assertThat(why.has("reason")).isFalse();
        assertThat(why.has("lease")).isFalse();
        assertThat(why.path("age").asDouble()).isBetween(30.0, 40.0);
        assertThat(why.path("revalidate").asDouble()).isEqualTo(60);
        assertThat(why.path("expire").asDouble()).isEqualTo(600.5);
        assertThat(why.path("bytes").asInt()).isEqualTo(5);
        assertThat(why.path("revision").asLong()).isPositive();
        assertThat(why.path("asOf").asLong()).isPositive();
        assertThat(why.path("tags").toString())
                .isEqualTo("[{\"tag\":\"why-a\",\"effect\":\"none\",\"hard\":0,\"soft\":[]},"
                        + "{\"tag\":\"why-b\",\"effect\":\"none\",\"hard\":0,\"soft\":[]}]");
    }

    @Test
    void get_old_isStaleOrGoneByTime() {
        api.put(Api.entry("old"), "x", "Freshet-Lifetime", "revalidate=60, expire=600", "Freshet-Age", "61");
        api.put(Api.entry("older"), "x", "Freshet-Lifetime", "revalidate=60, expire=600", "Freshet-Age", "601");

        assertThat(why("old").path("state").asText()).isEqualTo("stale");
        assertThat(why("old").path("reason").asText()).isEqualTo("time");
        assertThat(why("older").path("state").asText()).isEqualTo("gone");
        assertThat(why("older").path("reason").asText()).isEqualTo("time");
        assertThat(why("older").has("revalidate")).isTrue();
    }

    @Test
    void get_invalidated_namesTheTagThatEndedIt() {
        api.put(Api.entry("ended"), "x", "Cache-Groups", "\"why-soft\", \"why-hard\", \"why-none\"");
        invalidate("{\"tags\":[\"why-soft\"],\"mode\":\"soft\"}");
        assertThat(why("ended").path("state").asText()).isEqualTo("stale");
        assertThat(why("ended").path("reason").asText()).isEqualTo("tag");
        invalidate("{\"tags\":[\"why-hard\"],\"mode\":\"hard\"}");
        JsonNode why = why("ended");

        assertThat(why.path("state").asText()).isEqualTo("gone");
        assertThat(why.path("reason").asText()).isEqualTo("tag");
        assertThat(why.path("tags").findValuesAsText("effect")).containsExactly("stale", "gone", "none");
        assertThat(why.path("tags").get(1).path("hard").asLong())
                .isGreaterThan(why.path("asOf").asLong());
        assertThat(why.has("revalidate")).isFalse();
    }

    @Test
    void get_beingRefreshed_namesTheReplicaAndTakesNoLease() {
        assertThat(why("led").has("lease")).isFalse();
        api.get(Api.entry("led"), "Freshet-Lease", "want");
        JsonNode lease = why("led").path("lease");

        assertThat(lease.path("replica").asText()).isEqualTo("r1");
        assertThat(lease.path("ttl").asDouble()).isBetween(0.001, 10.0);
        assertThat(lease.size()).isEqualTo(2);
    }

    @Test
    void get_storeDown_is503() {
        api.store.breakOn(Key.of("shop", "v1", "down"), new StoreException("down"));

        assertThat(api.get(Api.V1 + "/why/down").problem()).isEqualTo("store-unavailable");
    }

    @Test
    void get_ofNoKey_isRefused() {
        assertThat(api.get(Api.V1 + "/why/@x").problem()).isEqualTo("invalid-name");
    }
}
