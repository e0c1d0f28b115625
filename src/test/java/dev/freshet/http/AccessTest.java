package dev.freshet.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freshet.edge.EdgeConfig;
import dev.freshet.edge.Scope;
import dev.freshet.edge.Token;
import dev.freshet.http.Api.Answer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may do what, where tokens are asked for. */
class AccessTest {
    private static final Map<Scope, Token.Minted> WITH_ONE_SCOPE = new EnumMap<>(Scope.class);
    private static final Token.Minted WITH_ALL = Token.mint("all", Set.of("shop"), EnumSet.allOf(Scope.class));
    private static Api api;

    @BeforeAll
    static void start() {
        List<Token> tokens = new ArrayList<>(List.of(WITH_ALL.token()));
        for (Scope scope : Scope.values()) {
            Token.Minted minted = Token.mint(scope.text().replace(':', '-'), Set.of("shop"), EnumSet.of(scope));
            WITH_ONE_SCOPE.put(scope, minted);
            tokens.add(minted.token());
        }
        api = Api.start(EdgeConfig.DEFAULT.with(tokens, Optional.empty()));
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    private static Answer send(String method, String path, String body, Token.Minted as, String... headers) {
        List<String> all = new ArrayList<>(List.of(headers));
        all.addAll(List.of("Authorization", "Bearer " + as.secret(), "Content-Type", "application/json"));
        return api.send(method, path, body.getBytes(), all.toArray(String[]::new));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET    | /v1/apps/shop/deployments/v1/entries/a |  | ENTRIES_READ",
                "HEAD   | /v1/apps/shop/deployments/v1/entries/a |  | ENTRIES_READ",
                "POST   | /v1/apps/shop/deployments/v1/lookup | {\"entries\":[{\"key\":\"a\"}]} | ENTRIES_READ",
                "PUT    | /v1/apps/shop/deployments/v1/entries/a | x | ENTRIES_WRITE",
                "DELETE | /v1/apps/shop/deployments/v1/entries/a |  | ENTRIES_WRITE",
                "DELETE | /v1/apps/shop/deployments/v1/leases/DIGEST.r1.x |  | ENTRIES_WRITE",
                "POST   | /v1/apps/shop/invalidations | {\"tags\":[\"t\"],\"mode\":\"hard\"} | TAGS_INVALIDATE",
                "GET    | /v1/apps/shop/invalidations?after=1 |  | EVENTS_READ",
                "GET    | /v1/apps/shop/tags/t |  | EVENTS_READ",
                "GET    | /v1/apps/shop/clock |  | EVENTS_READ",
            })
    void route_eachScope_isLetInByItsOwnAlone(String method, String template, String body, Scope needed) {
        String path = template.replace("DIGEST", "0".repeat(64));
        String sent = body == null ? "" : body;

        WITH_ONE_SCOPE.forEach((scope, token) -> {
            Answer answer = send(method, path, sent, token, "Accept", "application/json");

            if (scope == needed) {
                assertThat(answer.status()).as(scope.text()).isNotIn(401, 403).isLessThan(500);
            } else {
                assertThat(answer.status()).as(scope.text()).isEqualTo(403);
                assertThat(answer.header("WWW-Authenticate"))
                        .contains("error=\"insufficient_scope\", scope=\"" + needed.text() + "\"");
            }
        });
        assertThat(api.send(method, path, sent.getBytes()).status()).isEqualTo(401);
    }

    @Test
    void request_withoutAToken_isAskedForOne() {
        Answer answer = api.get(Api.entry("a"));
        JsonNode json = answer.json();

        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer realm=\"freshet\"");
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.problem()).isEqualTo("unauthenticated");
        assertThat(json.path("detail").asText()).contains("Authorization: Bearer");
    }

    @Test
    void request_withAnotherToken_isToldSo() {
        Answer answer = send("GET", Api.entry("a"), "", Token.mint("all", Set.of("*"), EnumSet.allOf(Scope.class)));

        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("WWW-Authenticate")).contains("error=\"invalid_token\"");
    }

    @Test
    void request_forAnotherApp_isRefused() {
        assertThat(send("GET", "/v1/apps/shop/clock", "", WITH_ALL).status()).isEqualTo(200);
        for (String app : List.of("shop2", "sho", "blog", "%73hop2")) {
            Answer answer = send("GET", "/v1/apps/" + app + "/clock", "", WITH_ALL);

            assertThat(answer.status()).as(app).isEqualTo(403);
            assertThat(answer.problem()).isEqualTo("insufficient-scope");
        }
    }

    @Test
    void lease_forWhoCannotWrite_isRefused() {
        Token.Minted reader = WITH_ONE_SCOPE.get(Scope.ENTRIES_READ);

        assertThat(send("GET", Api.entry("led"), "", reader, "Freshet-Lease", "want")
                        .status())
                .isEqualTo(403);
        assertThat(send("POST", Api.V1 + "/lookup", "{\"entries\":[{\"key\":\"led\"}],\"lease\":true}", reader)
                        .status())
                .isEqualTo(403);
        assertThat(send("GET", Api.entry("led"), "", WITH_ALL, "Freshet-Lease", "want")
                        .status())
                .isEqualTo(404);
    }

    @Test
    void put_refused_isNotWrittenNorRead() throws Exception {
        try (Wire wire = api.wire()) {
            wire.send("PUT " + Api.entry("denied") + " HTTP/1.1\nHost: h\nContent-Length: 1000000\n\n");

            assertThat(wire.readAll()).startsWith("HTTP/1.1 401 ").contains("connection: close");
        }
    }

    @Test
    void refusals_areCounted() {
        double before = api.count("freshet.refused", "reason", "unauthenticated");
        api.get(Api.entry("a"));

        assertThat(api.count("freshet.refused", "reason", "unauthenticated")).isEqualTo(before + 1);
    }
}
