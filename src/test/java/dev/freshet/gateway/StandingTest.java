package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.store.Pulse;
import dev.freshet.store.Rules;
import dev.freshet.testing.ManualClocks;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a replica says of itself to a remote near cache. */
class StandingTest {
    private final ManualClocks clocks = new ManualClocks();
    private final Coherence app = new Coherence("shop", new Rules(1_000, 50, 1_000, Rules.Acks.EAGER, 0), clocks);

    @BeforeEach
    void beat() {
        app.reset(new Pulse("7.ab", 9, 9, 0, 0, 0, 0, 0, Map.of()));
        app.listening(true);
        app.table().raiseFloor(3);
        app.advance(9);
        app.open(clocks.nanos());
    }

    /** A remote near cache counts from its question, and its trust is over before this replica's. */
    @Test
    void standing_inAnOpenWindow_promisesWhatIsLeftOfIt() {
        clocks.pass(Duration.ofMillis(400));

        assertThat(app.standing()).isEqualTo(new Standing(new Place("7.ab", 9), 3, true, 600));
    }

    @Test
    void standing_whereWritesAreNotHeard_promisesNothing() {
        app.listening(false);

        assertThat(app.standing()).isEqualTo(new Standing(new Place("7.ab", 9), 3, false, 0));
    }

    @Test
    void standing_onceTheWindowIsClosed_promisesNothing() {
        clocks.pass(Duration.ofMillis(1_000));

        assertThat(app.standing()).isEqualTo(new Standing(new Place("7.ab", 9), 3, false, 0));
    }
}
