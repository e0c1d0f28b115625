package dev.freshet.http;

import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.http.Api.Answer;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who refreshes an entry, as its clients see it. */
class LeaseRoutesTest extends OnApi {
    private static Answer want(String key) {
        return api.get(Api.entry(key), "Freshet-Lease", "want");
    }

    private static CompletableFuture<Answer> follow(String key) {
        CompletableFuture<Answer> follower = api.getAsync(Api.entry(key), "Freshet-Lease", "want", "Prefer", "wait=8");
        until(() -> api.leases.waiters() == 1);
        return follower;
    }

    @Test
    void get_byTwo_hasOneLeader() {
        assertThat(want("two").header("Freshet-Lease")).startsWith("leader; token=\"");
        assertThat(want("two").header("Freshet-Lease")).matches("follower; ttl=(10|9(\\.[0-9]{1,3})?)");
    }

    @Test
    void get_ofAFollowerWhoWaits_getsTheLeadersValue() {
        Answer leader = want("value");
        CompletableFuture<Answer> follower = follow("value");
        Answer put = api.put(
                Api.entry("value"),
                "x",
                "Freshet-As-Of",
                leader.header("Freshet-As-Of"),
                "Freshet-Lease",
                "token=\"" + leader.token() + "\"");

        assertThat(put.status()).isEqualTo(201);
        assertThat(follower.join().text()).isEqualTo("x");
        assertThat(follower.join().header("Cache-Status")).isEqualTo("freshet; hit; detail=store; collapsed");
    }

    /** G3: who was to lead is gone, which is known at once. */
    @Test
    void get_byAFollowerWhoIsGoneWhenItIsToLead_letsTheNextOneLead() throws IOException {
        Answer leader = want("gone");
        try (Wire follower = new Wire(api.port)) {
            follower.send("GET " + Api.entry("gone") + " HTTP/1.1\nHost: a\nFreshet-Lease: want\nPrefer: wait=8\n\n");
            until(() -> api.leases.waiters() == 1);
        }
        api.delete(Api.V1 + "/leases/" + leader.token());

        until(() -> want("gone").header("Freshet-Lease").startsWith("leader"));
    }

    /** The same of many at once. */
    @Test
    void lookup_byAFollowerWhoIsGoneWhenItIsToLead_letsTheNextOneLead() throws IOException {
        Answer leader = want("goneToo");
        String body = "{\"entries\":[{\"key\":\"goneToo\"}],\"lease\":true,\"wait\":8}";
        try (Wire follower = new Wire(api.port)) {
            follower.send(
                    "POST " + Api.V1 + "/lookup HTTP/1.1\nHost: a\nContent-Type: application/json\nContent-Length: "
                            + body.length() + "\n\n" + body);
            until(() -> api.leases.waiters() == 1);
        }
        api.delete(Api.V1 + "/leases/" + leader.token());

        until(() -> want("goneToo").header("Freshet-Lease").startsWith("leader"));
    }

    @Test
    void delete_byTheLeader_letsTheNextOneLead() {
        Answer leader = want("failed");
        CompletableFuture<Answer> follower = follow("failed");
        Answer released = api.delete(Api.V1 + "/leases/" + leader.token());

        assertThat(released.status()).isEqualTo(204);
        assertThat(follower.join().status()).isEqualTo(404);
        assertThat(follower.join().header("Freshet-Lease")).startsWith("leader; ");
        assertThat(follower.join().token()).isNotEqualTo(leader.token());
        assertThat(follower.join().header("Cache-Status")).isEqualTo("freshet; fwd=uri-miss; collapsed");
    }

    /** Of 36,000 s some 100 are left: each reader is elected with 97 of 100. */
    @Test
    void get_freshAndNearItsEnd_leadsIfItSaidEarly() {
        api.put(Api.entry("ahead"), "x", "Freshet-Lifetime", "revalidate=36000", "Freshet-Age", "35900");
        assertThat(want("ahead").header("Freshet-Lease")).isEmpty();
        Answer elected = api.get(Api.entry("ahead"), "Freshet-Lease", "want; early");
        for (int i = 0; i < 20 && elected.header("Freshet-Lease").isEmpty(); i++) {
            elected = api.get(Api.entry("ahead"), "Freshet-Lease", "want; early");
        }

        assertThat(elected.status()).isEqualTo(200);
        assertThat(elected.header("Freshet-State")).isEqualTo("fresh");
        assertThat(elected.header("Freshet-Lease")).startsWith("leader; token=");
        assertThat(elected.header("Freshet-As-Of")).isNotEmpty();
    }

    @Test
    void delete_ofALeaseThatNobodyHolds_isNoContent() {
        String token = want("released").token();
        api.delete(Api.V1 + "/leases/" + token);

        assertThat(api.delete(Api.V1 + "/leases/" + token).status()).isEqualTo(204);
    }

    @Test
    void get_ofAFollowerWhoDoesNotWait_isAnsweredAtOnce() {
        want("impatient");

        assertThat(api.get(Api.entry("impatient"), "Freshet-Lease", "want", "Prefer", "wait=0.01")
                        .header("Freshet-Lease"))
                .startsWith("follower; ttl=");
    }

    @Test
    void put_withALeaseThatWasGivenBack_changesNothing() {
        String token = want("lost").token();
        api.delete(Api.V1 + "/leases/" + token);
        Answer put = api.put(Api.entry("lost"), "x", "Freshet-Lease", "token=\"" + token + "\"");

        assertThat(put.status()).isEqualTo(412);
        assertThat(put.problem()).isEqualTo("lease-lost");
        assertThat(api.get(Api.entry("lost")).status()).isEqualTo(404);
    }

    @Test
    void put_withTheLeaseOfAnotherEntry_isRefused() {
        String token = want("one").token();

        assertThat(api.put(Api.entry("other"), "x", "Freshet-Lease", "token=\"" + token + "\"")
                        .problem())
                .isEqualTo("invalid-entry");
    }

    @Test
    void put_ofAFrameWithItsLease_givesItBack() {
        String token = want("framed").token();
        Answer put = api.putFrame(Api.entry("framed"), "{\"lease\":\"" + token + "\",\"age\":2,\"revalidate\":1}", "x");

        assertThat(put.status()).isEqualTo(201);
        assertThat(want("framed").header("Freshet-Lease")).startsWith("leader; ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "r1.abc", "@"})
    void delete_ofNoToken_isRefused(String token) {
        assertThat(api.delete(Api.V1 + "/leases/" + token).problem()).isEqualTo("invalid-name");
    }
}
