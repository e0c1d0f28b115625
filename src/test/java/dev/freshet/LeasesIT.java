package dev.freshet;

import static dev.freshet.testing.Futures.until;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** G3 over a real Redis: of callers at three replicas one leads, whatever becomes of it. */
class LeasesIT extends OnReplicas {
    private static final int CALLERS = 60;
    private static final Pattern TOKEN = Pattern.compile("leader; token=\"([^\"]+)\"; ttl=.*");

    @Test
    void get_missingAndManyWait_oneLeadsAndAllGetItsValue() {
        String key = "herd/deployments/v1/entries/key";
        List<CompletableFuture<HttpResponse<String>>> callers = herd(key, CALLERS);
        HttpResponse<String> leader = leaderOf(callers);
        until(() -> waiters() == CALLERS - 1);
        assertThat(put(0, key, "one", leader).statusCode()).isEqualTo(201);

        assertThat(othersThan(leader, callers)).hasSize(CALLERS - 1).allSatisfy(answer -> {
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo("one");
            assertThat(header(answer, "Cache-Status")).endsWith("; collapsed");
        });
        assertThat(waiters()).isZero();
    }

    /** G1: what the leader read may be what was ended. */
    @Test
    void put_invalidatedWhileItsLeaderComputed_isServedByNoneAndOneLeadsAnew() {
        String key = "doomed/deployments/v1/entries/key";
        List<CompletableFuture<HttpResponse<String>>> callers = herd(key, 6);
        HttpResponse<String> doomed = leaderOf(callers);
        until(() -> waiters() == 5);
        assertThat(invalidate(1, "doomed", "t", false).statusCode()).isEqualTo(200);
        assertThat(put(2, key, "of before", doomed).statusCode()).isEqualTo(201);

        List<CompletableFuture<HttpResponse<String>>> waiting = new ArrayList<>(callers);
        waiting.removeIf(caller -> caller.isDone() && caller.join() == doomed);
        HttpResponse<String> heir = leaderOf(waiting);
        for (int replica = 0; replica < 3; replica++) {
            assertThat(get(replica, key).statusCode()).isEqualTo(404);
        }
        until(() -> waiters() == 4);
        assertThat(put(0, key, "of after", heir).statusCode()).isEqualTo(204);

        assertThat(othersThan(heir, waiting))
                .hasSize(4)
                .allSatisfy(answer -> assertThat(answer.body()).isEqualTo("of after"));
    }

    /** Its failure is told, so nobody waits out its lease. */
    @Test
    void delete_byTheLeader_letsOneOfTheWaitersLead() {
        String key = "failed/deployments/v1/entries/key";
        List<CompletableFuture<HttpResponse<String>>> callers = herd(key, 6);
        HttpResponse<String> leader = leaderOf(callers);
        until(() -> waiters() == 5);
        String token = token(leader);
        assertThat(send(HttpRequest.newBuilder(uri(1, "failed/deployments/v1/leases/" + token))
                                .DELETE())
                        .statusCode())
                .isEqualTo(204);

        List<CompletableFuture<HttpResponse<String>>> waiting = new ArrayList<>(callers);
        waiting.removeIf(caller -> caller.isDone() && caller.join() == leader);
        HttpResponse<String> heir = leaderOf(waiting);
        assertThat(token(heir)).isNotEqualTo(token);
        assertThat(put(2, key, "too late", leader).statusCode()).isEqualTo(412);
        until(() -> waiters() == 4);
        assertThat(put(0, key, "one", heir).statusCode()).isEqualTo(201);

        assertThat(othersThan(heir, waiting))
                .allSatisfy(answer -> assertThat(answer.body()).isEqualTo("one"));
    }

    @Test
    void get_stale_oneLeadsAndTheOthersAreServedAtOnce() {
        String key = "old/deployments/v1/entries/key";
        put(0, key, "one", get(0, key));
        invalidate(1, "old", "t", true);
        List<CompletableFuture<HttpResponse<String>>> callers = herd(key, CALLERS);

        assertThat(callers.stream().map(CompletableFuture::join)).allSatisfy(answer -> {
            assertThat(answer.body()).isEqualTo("one");
            assertThat(header(answer, "Freshet-State")).isEqualTo("stale");
        });
        assertThat(callers.stream().map(CompletableFuture::join).filter(LeasesIT::leads))
                .hasSize(1);
    }

    /** Callers at all replicas at once. */
    private static List<CompletableFuture<HttpResponse<String>>> herd(String key, int callers) {
        List<CompletableFuture<HttpResponse<String>>> herd = new ArrayList<>();
        for (int i = 0; i < callers; i++) {
            herd.add(sendAsync(HttpRequest.newBuilder(uri(i, key))
                    .header("Freshet-Lease", "want")
                    .header("Prefer", "wait=9")
                    .GET()));
        }
        return herd;
    }

    /** The first who is told, and that is to lead. */
    private static HttpResponse<String> leaderOf(List<CompletableFuture<HttpResponse<String>>> callers) {
        until(() -> callers.stream().anyMatch(CompletableFuture::isDone));
        List<HttpResponse<String>> told = callers.stream()
                .filter(CompletableFuture::isDone)
                .map(CompletableFuture::join)
                .toList();
        assertThat(told).hasSize(1);
        assertThat(told.getFirst().statusCode()).isEqualTo(404);
        assertThat(leads(told.getFirst())).isTrue();
        return told.getFirst();
    }

    private static List<HttpResponse<String>> othersThan(
            HttpResponse<String> one, List<CompletableFuture<HttpResponse<String>>> callers) {
        return callers.stream()
                .map(CompletableFuture::join)
                .filter(answer -> answer != one)
                .toList();
    }

    private static HttpResponse<String> put(int replica, String key, String value, HttpResponse<String> leader) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(replica, key))
                .PUT(BodyPublishers.ofString(value))
                .header("Cache-Groups", "\"t\"")
                .header("Freshet-As-Of", header(leader, "Freshet-As-Of"));
        return send(leads(leader) ? request.header("Freshet-Lease", "token=\"" + token(leader) + "\"") : request);
    }

    private static boolean leads(HttpResponse<String> answer) {
        return TOKEN.matcher(header(answer, "Freshet-Lease")).matches();
    }

    private static String token(HttpResponse<String> leader) {
        Matcher token = TOKEN.matcher(header(leader, "Freshet-Lease"));
        assertThat(token.matches()).isTrue();
        return token.group(1);
    }

    private static String header(HttpResponse<String> answer, String name) {
        return answer.headers().firstValue(name).orElse("");
    }
}
