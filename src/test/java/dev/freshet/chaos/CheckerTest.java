package dev.freshet.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.chaos.Operation.Kind;
import dev.freshet.chaos.Verdict.Broken;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Histories by hand: of each kind one that breaks the promise, and those that come close and keep it. Times are in ms. */
class CheckerTest {
    @TempDir
    private Path folder;

    private final List<Operation> history = new ArrayList<>();

    @Test
    void read_afterAnAcknowledgement_ofAnOlderVersion_isStale() {
        written(0, 1, "k1", "1|5=1", "100-1");
        invalidated(10, 12, "0|5=2", 200, 200, "hard");
        read(13, 14, "k1", "1|5=1", "fresh near");

        assertThat(broken()).isEqualTo(Map.of(Broken.STALE, 1L));
    }

    @Test
    void read_thatBeganBeforeTheAcknowledgement_mayBeOld() {
        written(0, 1, "k1", "1|5=1", "100-1");
        invalidated(10, 12, "0|5=2", 200, 200, "hard");
        read(12, 30, "k1", "1|5=1", "fresh near");

        assertThat(broken()).isEmpty();
    }

    @Test
    void read_afterAnInvalidationThatWasNotAcknowledged_mayBeOld() {
        written(0, 1, "k1", "1|5=1", "100-1");
        invalidated(10, 12, "0|5=2", 0, 503, "hard");
        invalidated(10, 12, "0|5=3", 0, 202, "hard");
        invalidated(10, 12, "0|5=4", 0, -1, "hard");
        read(13, 14, "k1", "1|5=1", "fresh near");

        assertThat(broken()).isEmpty();
    }

    @Test
    void read_ofANewerVersion_orOfAnotherTag_isRight() {
        invalidated(10, 12, "0|5=2", 200, 200, "hard");
        written(20, 21, "k1", "1|5=2,6=9", "200-1");
        written(0, 1, "k2", "2|6=1", "100-1");
        read(23, 24, "k1", "1|5=2,6=9", "fresh near");
        read(23, 24, "k2", "2|6=1", "fresh store");

        assertThat(broken()).isEmpty();
    }

    @Test
    void read_afterTwoAcknowledgements_inAnyOrder_needsTheNewer() {
        written(0, 1, "k1", "1|5=2", "200-1");
        invalidated(10, 11, "0|5=3", 300, 200, "hard");
        invalidated(8, 12, "0|5=2", 250, 200, "hard");
        read(13, 14, "k1", "1|5=2", "fresh near");

        assertThat(broken()).isEqualTo(Map.of(Broken.STALE, 1L));
    }

    @Test
    void read_ofOneOfSeveralTags_thatWasEnded_isStale() {
        written(0, 1, "k1", "1|5=1,6=1,7=1", "100-1");
        invalidated(10, 12, "0|7=2,9=2", 200, 200, "hard");
        read(13, 14, "k1", "1|5=1,6=1,7=1", "stale near");

        assertThat(broken()).isEqualTo(Map.of(Broken.STALE, 1L));
    }

    @Test
    void read_ofWhatWasWrittenAfterTheAcknowledgement_underAnOlderTicket_isResurrected() {
        invalidated(10, 12, "0|5=2", 200, 200, "hard");
        written(20, 21, "k1", "1|5=1", "100-1");
        read(23, 24, "k1", "1|5=1", "fresh store");

        assertThat(broken()).isEqualTo(Map.of(Broken.RESURRECTED, 1L));
    }

    /* The data was new already, but whoever marked it could not know. */
    @Test
    void read_ofANewVersion_underAnOlderTicket_isResurrected() {
        invalidated(10, 12, "0|5=2", 200, 200, "hard");
        written(20, 21, "k1", "1|5=2", "199-1");
        read(23, 24, "k1", "1|5=2", "fresh store");

        assertThat(broken()).isEqualTo(Map.of(Broken.RESURRECTED, 1L));
    }

    @Test
    void read_afterASoftAcknowledgement_mayBeOldIfItSaysSo() {
        written(0, 1, "k1", "1|5=1", "100-1");
        invalidated(10, 12, "0|5=2", 200, 200, "soft");
        invalidated(13, 14, "0|5=3", 300, 200, "soft 5000");
        read(15, 16, "k1", "1|5=1", "stale near");
        read(5_000, 5_001, "k1", "1|5=1", "stale store");

        assertThat(broken()).isEmpty();
    }

    @Test
    void read_afterASoftAcknowledgement_ofAnOlderVersionAsFresh_isStale() {
        written(0, 1, "k1", "1|5=1", "100-1");
        invalidated(10, 12, "0|5=2", 200, 200, "soft");
        read(13, 14, "k1", "1|5=1", "fresh near");

        assertThat(broken()).isEqualTo(Map.of(Broken.STALE, 1L));
    }

    @Test
    void read_afterASoftInvalidationExpired_isStale() {
        written(0, 1, "k1", "1|5=1,6=1", "100-1");
        invalidated(10, 12, "0|5=2", 200, 200, "soft 1000");
        read(1_600, 1_601, "k1", "1|5=1,6=1", "stale near");
        invalidated(2_000, 2_001, "0|6=2", 300, 200, "soft 0");
        read(2_002, 2_003, "k1", "1|5=1,6=1", "stale near");

        assertThat(broken()).isEqualTo(Map.of(Broken.STALE, 2L));
    }

    @Test
    void read_ofAnotherKeysValue_orOfOneThatNobodyWrote_isForeign() {
        written(0, 1, "k1", "1|5=1", "100-1");
        read(2, 3, "k2", "1|5=1", "fresh near");
        read(2, 3, "k1", "7|5=1", "fresh near");

        assertThat(broken()).isEqualTo(Map.of(Broken.FOREIGN, 2L));
    }

    @Test
    void write_storedAfterOneWithANewerTicket_isFound() {
        written(0, 1, "k1", "1|5=1", "200-5-100.ab");
        written(2, 3, "k1", "2|5=1", "200-4-100.ab");
        written(4, 5, "k1", "3|5=1", "199-9-100.ab");
        written(6, 7, "k1", "4|5=1", "305-1-300.cd");
        written(8, 9, "k1", "5|5=1", "900-9-100.ab");

        assertThat(broken()).isEqualTo(Map.of(Broken.OVERWRITTEN, 2L));
    }

    @Test
    void write_withAnOlderTicket_thatOverlapsOrWasRefusedOrFollowsALoss_isRight() {
        written(0, 10, "k1", "1|5=1", "200-5");
        written(9, 11, "k1", "2|5=1", "100-1");
        add(Kind.WRITE, 12, 13, "r0", "k1", "3|5=1", 100, 409, "100-2");
        add(Kind.FAULT, 14, 20, "redis", Fault.REDIS_EMPTY.name(), "", 0, 0, "");
        written(21, 22, "k1", "4|5=1", "100-3");
        written(23, 24, "k2", "5|5=1", "50-3");

        assertThat(broken()).isEmpty();
    }

    @Test
    void subscriber_whoGetsPastAnInvalidation_unheard_hasLostIt() {
        heard(1, "s0", "hello", 100, "");
        invalidated(10, 12, "0|5=2,6=1", 200, 200, "hard");
        invalidated(13, 14, "0|7=1", 300, 200, "hard");
        heard(11, "s0", "invalidate", 200, "5=200");
        heard(14, "s0", "invalidate", 300, "7=300");

        assertThat(broken()).isEqualTo(Map.of(Broken.LOST_EVENT, 1L));
    }

    @Test
    void subscriber_whoNeverGetsThere_hasLostIt() {
        heard(1, "s0", "hello", 100, "");
        invalidated(10, 12, "0|5=2", 200, 200, "hard");

        assertThat(broken()).isEqualTo(Map.of(Broken.LOST_EVENT, 1L));
    }

    @Test
    void subscriber_whoseHelloSaysThatNothingWasMissed_thoughSomethingWas_hasLostIt() {
        heard(1, "s0", "hello", 100, "");
        invalidated(10, 12, "0|5=2", 200, 200, "hard");
        heard(15, "s0", "hello", 200, "");

        assertThat(broken()).isEqualTo(Map.of(Broken.LOST_EVENT, 1L));
    }

    @Test
    void subscriber_whoWasResetBefore_hasLostWhatCameAfter() {
        heard(1, "s0", "hello", 100, "");
        heard(5, "s0", "reset", 100, "");
        invalidated(10, 12, "0|5=2", 200, 200, "hard");
        heard(15, "s0", "hello", 200, "");

        assertThat(broken()).isEqualTo(Map.of(Broken.LOST_EVENT, 1L));
    }

    @Test
    void subscriber_whoIsToldOfALaterMark_orReset_orCameLater_hasLostNothing() {
        heard(1, "s0", "hello", 100, "");
        heard(1, "s1", "hello", 100, "");
        invalidated(10, 12, "0|5=2", 200, 200, "hard");
        invalidated(13, 14, "0|5=3", 300, 200, "soft");
        heard(20, "s0", "hello", 100, "");
        heard(21, "s0", "invalidate", 300, "5=300");
        heard(20, "s1", "hello", 100, "");
        heard(21, "s1", "reset", 300, "");
        heard(22, "s2", "hello", 300, "");

        assertThat(broken()).isEmpty();
    }

    @Test
    void subscriber_whoNeedNotHearOfWhatWasNotAcknowledged_hasLostNothing() {
        heard(1, "s0", "hello", 100, "");
        invalidated(10, 12, "0|5=2", 0, 503, "hard");
        heard(20, "s0", "hello", 300, "");

        assertThat(broken()).isEmpty();
    }

    @Test
    void subscriber_whosePositionGoesBack_isFound_butNotAfterAReset() {
        heard(1, "s0", "hello", 300, "");
        heard(2, "s0", "invalidate", 200, "5=200");
        heard(1, "s1", "hello", 300, "");
        heard(2, "s1", "reset", 150, "");
        heard(3, "s1", "invalidate", 200, "5=200");

        assertThat(broken()).isEqualTo(Map.of(Broken.DISORDERED_EVENT, 1L));
    }

    @Test
    void answer_pastItsDeadline_isLate_whateverItIs() {
        add(Kind.READ, 0, 2_001, "r0", "k1", "", 0, 404, "");
        add(Kind.WRITE, 0, 15_000, "r0", "k1", "1|5=1", 100, -1, "100-1");
        add(Kind.INVALIDATE, 0, 2_001, "r0", "", "0|5=1", 0, 503, "hard");

        assertThat(broken()).isEqualTo(Map.of(Broken.LATE, 3L));
    }

    @Test
    void answer_ofAReplicaThatWasPaused_isLateOnlyByWhatIsLeft() {
        add(Kind.FAULT, 1_000, 6_000, "r0", Fault.REPLICA_FREEZE.name(), "", 0, 0, "");
        add(Kind.READ, 0, 7_000, "r0", "k1", "", 0, 404, "");
        add(Kind.READ, 0, 7_001, "r0", "k2", "", 0, 404, "");
        add(Kind.READ, 500, 2_600, "r1", "k3", "", 0, 404, "");

        Verdict verdict = verdict();
        assertThat(verdict.broken()).isEqualTo(Map.of(Broken.LATE, 2L));
        assertThat(verdict.told().toString()).contains("k2", "k3");
    }

    @Test
    void answer_onABusyMachine_hasAsMuchMoreTimeAsItsWakeUpsTake() {
        add(Kind.STALL, 1_000, 1_010, "", "", "", 0, 0, "");
        add(Kind.STALL, 1_100, 1_150, "", "", "", 0, 0, "");
        add(Kind.READ, 1_000, 3_000 + 16 * 50, "r0", "k1", "", 0, 404, "");
        add(Kind.READ, 1_000, 3_001 + 16 * 50, "r0", "k2", "", 0, 404, "");

        Verdict verdict = verdict();
        assertThat(verdict.broken()).isEqualTo(Map.of(Broken.LATE, 1L));
        assertThat(verdict.told().toString()).contains("k2");
    }

    @Test
    void recovery_ofMoreThanTwoWindows_isFound() {
        add(Kind.RECOVERY, 0, 2_000, "", "", "", 0, 0, "");
        add(Kind.RECOVERY, 0, 2_001, "", "", "", 0, 0, "");

        assertThat(broken()).isEqualTo(Map.of(Broken.UNRECOVERED, 1L));
    }

    @Test
    void figures_areWhatTheHistoryHas() {
        written(0, 1, "k1", "1|5=1", "100-1");
        invalidated(10, 12, "0|5=2", 200, 200, "soft");
        read(13, 14, "k1", "1|5=1", "stale near");
        written(15, 16, "k1", "2|5=2", "200-1");
        for (int i = 0; i < 300; i++) {
            read(20 + i, 21 + i, "k1", "2|5=2", "fresh near");
        }
        read(0, 1, "k1", "1|5=1", "fresh near");
        add(Kind.READ, 0, 1, "r0", "k1", "", 0, 404, "");
        add(Kind.FAULT, 5, 6, "r0", "BUS_CUT", "", 0, 0, "");
        add(Kind.RECOVERY, 100, 350, "", "", "", 0, 0, "");

        Verdict verdict = verdict();
        assertThat(verdict.broken()).isEmpty();
        assertThat(verdict.total("read")).isEqualTo(303);
        assertThat(verdict.judged()).isEqualTo(300);
        assertThat(verdict.staleRateMax()).isEqualTo(0.01);
        assertThat(verdict.counts("fault")).isEqualTo(Map.of("BUS_CUT", 1L));
        assertThat(verdict.recoveriesMs()).containsExactly(250L);
        assertThat(verdict.counted("invalidate 200")).isEqualTo(1);
    }

    private void written(long start, long end, String key, String value, String ticket) {
        long asOf = Long.parseLong(ticket.split("-", -1)[0]);
        add(Kind.WRITE, start, end, "r0", key, value, asOf, 201, ticket);
    }

    private void read(long start, long end, String key, String value, String detail) {
        add(Kind.READ, start, end, "r1", key, value, 0, 200, detail);
    }

    private void invalidated(long start, long end, String value, long stamp, int status, String mode) {
        add(Kind.INVALIDATE, start, end, "r2", "", value, stamp, status, mode);
    }

    private void heard(long at, String subscriber, String type, long position, String tags) {
        add(Kind.EVENT, at, at, subscriber, type, tags, position, 200, "");
    }

    private void add(
            Kind kind,
            long startMs,
            long endMs,
            String replica,
            String key,
            String value,
            long stamp,
            int status,
            String detail) {
        boolean asked = kind != Kind.FAULT && kind != Kind.EVENT && kind != Kind.STALL;
        history.add(new Operation(
                kind,
                TimeUnit.MILLISECONDS.toNanos(startMs),
                TimeUnit.MILLISECONDS.toNanos(endMs),
                replica,
                key,
                value,
                stamp,
                status,
                asked ? 2_000 : 0,
                detail));
    }

    private Map<Broken, Long> broken() {
        return verdict().broken();
    }

    private Verdict verdict() {
        Path file = folder.resolve("history");
        try (History written = new History(file)) {
            history.forEach(written::add);
        }
        return Checker.check(file);
    }
}
