package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.loop.Clocks;
import dev.freshet.store.Pulse;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** G1: what may be believed, and for how long. */
class CoherenceTest {
    private static final Tag TAG = new Tag("posts");

    private final Coherence app = new Coherence("shop", 1_000, Clocks.SYSTEM);

    @Test
    void new_anApp_isNotCoherent() {
        assertThat(app.isCoherent()).isFalse();
        assertThat(app.mayUseNear()).isFalse();
        assertThat(app.epoch()).isEmpty();
        assertThat(app.applied()).isZero();
    }

    @Test
    void open_byABeatJustSent_isCoherent() {
        app.open(System.nanoTime(), 60_000);

        assertThat(app.isCoherent()).isTrue();
        assertThat(app.mayUseNear()).as("writes are not heard").isFalse();
        app.listening(true);
        assertThat(app.mayUseNear()).isTrue();
    }

    @Test
    void open_byABeatSentAWindowAgo_isNotCoherent() {
        app.open(System.nanoTime() - Duration.ofMillis(200).toNanos(), 200);

        assertThat(app.isCoherent()).isFalse();
    }

    @Test
    void close_open_isNotCoherent() {
        app.open(System.nanoTime(), 60_000);
        app.close();

        assertThat(app.isCoherent()).isFalse();
    }

    @Test
    void reset_open_closesBeforeItForgets() {
        app.open(System.nanoTime(), 60_000);
        app.table().merge(TAG, Mark.hard(5), 5);
        app.advance(5);
        app.reset("e2");

        assertThat(app.isCoherent()).isFalse();
        assertThat(app.marks().of(TAG)).isEqualTo(Mark.NONE);
        assertThat(app.applied()).isZero();
        assertThat(app.epoch()).isEqualTo("e2");
    }

    @Test
    void advance_toAnEarlierStamp_doesNotFall() {
        app.advance(5);
        app.advance(4);

        assertThat(app.applied()).isEqualTo(5);
    }

    @Test
    void inWindow_open_isJudged() {
        app.open(System.nanoTime(), 60_000);

        assertThat(app.inWindow(() -> 1)).contains(1);
    }

    /** The judgement may have been made by marks that lack an acknowledged one, though a beat has brought it since. */
    @Test
    void inWindow_opensWhileJudging_isNotBelieved() {
        assertThat(app.inWindow(() -> {
                    app.open(System.nanoTime(), 60_000);
                    return 1;
                }))
                .isEmpty();
    }

    @Test
    void inWindow_closesWhileJudging_isNotBelieved() {
        app.open(System.nanoTime(), 60_000);

        assertThat(app.inWindow(() -> {
                    app.close();
                    return 1;
                }))
                .isEmpty();
    }

    /** The judgement may have been made by a table that was just emptied. */
    @Test
    void inWindow_anotherHistoryBeginsWhileJudging_isNotBelieved() {
        app.open(System.nanoTime(), 60_000);

        assertThat(app.inWindow(() -> {
                    app.reset("e2");
                    app.open(System.nanoTime(), 60_000);
                    return 1;
                }))
                .isEmpty();
    }

    @Test
    void ticket_now_isAsOfWhatWasApplied() {
        app.advance(5);
        app.tell(pulse(1_795_377_977_842_918L), System.nanoTime());

        assertThat(app.ticket().asOf()).isEqualTo(5);
        assertThat(app.ticket().grantMicros())
                .isBetween(1_795_377_977_842_918L - 1_000_000, 1_795_377_977_842_918L + 60_000_000);
    }

    @Test
    void newConfig_outOfRange_saysTheKeyAndTheRange() {
        assertThatThrownBy(() -> config(199, 20, 1_000, 1)).hasMessage("coherence.window is 200ms to 1m, was 199ms");
        assertThatThrownBy(() -> config(60_001, 20, 1_000, 1)).hasMessageStartingWith("coherence.window");
        assertThatThrownBy(() -> config(300, 19, 1_000, 1)).hasMessageStartingWith("coherence.beat");
        assertThatThrownBy(() -> config(300, 101, 1_000, 1)).hasMessageStartingWith("coherence.beat");
        assertThatThrownBy(() -> config(300, 100, 999, 1)).hasMessageStartingWith("limits.marks");
        assertThatThrownBy(() -> config(300, 100, 10_000_001, 1)).hasMessageStartingWith("limits.marks");
        assertThatThrownBy(() -> config(300, 100, 1_000, 0)).hasMessageStartingWith("limits.apps");
        assertThatThrownBy(() -> config(300, 100, 1_000, 10_001)).hasMessageStartingWith("limits.apps");
    }

    private static CoherenceConfig config(long windowMs, long beatMs, int marksMax, int appsMax) {
        return new CoherenceConfig(Duration.ofMillis(windowMs), Duration.ofMillis(beatMs), marksMax, appsMax);
    }

    private static Pulse pulse(long timeMicros) {
        return new Pulse("e1", 5, 5, 0, timeMicros, 0, Map.of());
    }
}
