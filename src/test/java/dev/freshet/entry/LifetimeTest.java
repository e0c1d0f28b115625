package dev.freshet.entry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class LifetimeTest {
    @Test
    void new_zeroOrMore_isTaken() {
        assertThat(new Lifetime(0, 0).expireMs()).isZero();
        assertThat(new Lifetime(60, 10))
                .as("stale only after it is gone, which is allowed")
                .isNotNull();
        assertThat(Lifetime.UNLIMITED).isEqualTo(new Lifetime(Lifetime.NEVER, Lifetime.NEVER));
    }

    @Test
    void new_negative_isRefused() {
        assertThatThrownBy(() -> new Lifetime(-1, 0)).hasMessage("revalidate and expire are 0 or more");
        assertThatThrownBy(() -> new Lifetime(0, -1)).hasMessage("revalidate and expire are 0 or more");
    }
}
