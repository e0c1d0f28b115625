package dev.freshet.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freshet.entry.Frame;
import dev.freshet.entry.Key;
import dev.freshet.http.Api.Answer;
import dev.freshet.http.Problem.Kind;
import dev.freshet.store.StoreException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every problem, as its clients see it. */
class ProblemTest extends OnApi {
    /* incomplete-body and overloaded need a connection of their own: BodiesTest. What tokens may not do: AccessTest. */
    private static Map<Kind, Answer> problems() {
        api.store.breakOn(Key.of("shop", "v1", "out"), new StoreException("it does not answer"));
        api.store.breakOn(Key.of("shop", "v1", "fault"), new IllegalStateException("a fault"));
        api.put(
                Api.entry("newer"),
                "x",
                "Freshet-As-Of",
                api.get(Api.entry("newer")).header("Freshet-As-Of"));
        String lease = "@" + Key.of("shop", "v1", "led").digest();
        String frame = Frame.MEDIA_TYPE;
        Map<Kind, Answer> problems = new HashMap<>();
        problems.put(Kind.INVALID_NAME, api.get("/v1/apps/Shop/clock"));
        problems.put(Kind.INVALID_REQUEST, api.post(Api.SHOP + "/invalidations", "no"));
        problems.put(Kind.DAMAGED_FRAME, api.put(Api.entry("a"), "no", "Content-Type", frame));
        problems.put(Kind.NOT_FOUND, api.get("/v2"));
        problems.put(Kind.METHOD_NOT_ALLOWED, api.send("PATCH", Api.entry("a"), new byte[0]));
        problems.put(Kind.OLDER_COMPUTATION, api.put(Api.entry("newer"), "x", "Freshet-As-Of", "1"));
        problems.put(
                Kind.LEASE_LOST,
                api.put(Api.entry("led"), "x", "Freshet-Lease", "token=\"" + lease.substring(1) + ".r1.x\""));
        problems.put(Kind.TOO_LARGE, api.put(Api.entry("a"), "x".repeat(Api.BODY_BYTES_MAX + 1)));
        problems.put(Kind.UNSUPPORTED_MEDIA_TYPE, api.put(Api.entry("a"), "x", "Content-Encoding", "br"));
        problems.put(Kind.INVALID_TAG, api.put(Api.entry("a"), "x", "Cache-Groups", "\"\""));
        problems.put(Kind.INVALID_ENTRY, api.put(Api.entry("a"), "x", "Freshet-As-Of", "now"));
        for (int i = 0; i < 8; i++) {
            problems.put(Kind.TOO_MANY_APPS, api.get("/v1/apps/app" + i + "/clock"));
        }
        problems.put(Kind.INTERNAL, api.get(Api.entry("fault")));
        api.store.fill(Key.of("shop", "v1", "full"));
        problems.put(Kind.STORE_FULL, api.put(Api.entry("full"), "x"));
        problems.put(Kind.STORE_UNAVAILABLE, api.get(Api.entry("out")));
        return problems;
    }

    @Test
    void problems_ofEachKind_areAnsweredAlike() {
        Map<Kind, Answer> problems = problems();

        assertThat(problems).hasSize(Kind.values().length - 4);
        problems.forEach((kind, answer) -> {
            JsonNode json = answer.json();
            assertThat(answer.status()).as(kind.text()).isEqualTo(kind.status);
            assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
            assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
            assertThat(json.path("type").asText()).isEqualTo("https://freshet.dev/problems/" + kind.text());
            assertThat(json.path("title").asText()).isEqualTo(kind.title);
            assertThat(json.path("status").asInt()).isEqualTo(kind.status);
            assertThat(json.path("detail").asText()).isNotEmpty();
            assertThat(json.path("instance").asText()).startsWith("urn:uuid:");
            assertThat(answer.header("Retry-After")).isEqualTo(kind.status == 503 ? "1" : "");
        });
        assertThat(problems.get(Kind.TOO_LARGE).json().path("limit").asInt()).isEqualTo(Api.BODY_BYTES_MAX);
        assertThat(problems.get(Kind.METHOD_NOT_ALLOWED).header("Allow")).isEqualTo("DELETE, GET, HEAD, PUT");
        assertThat(problems.get(Kind.INTERNAL).text()).doesNotContain("a fault");
    }

    @Test
    void problems_ofAHead_haveNoBody() {
        Answer answer = api.send("HEAD", Api.entry("@"), new byte[0]);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text()).isEmpty();
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    }
}
