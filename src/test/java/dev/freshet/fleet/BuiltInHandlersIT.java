package dev.freshet.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What {@link FleetIT} is measured against: the same app with Next's own handlers, on three machines. */
class BuiltInHandlersIT {

    @Test
    void get_withTheBuiltInHandlers_asksTheOriginThreeTimes() {
        try (Fleet fleet = Fleet.ofBuiltInHandlers()) {
            for (Kind kind : Kind.all()) {
                String key = "alone-" + kind.ordinal();
                fleet.origin().set(key, "one");

                assertThat(fleet.values(kind.path(key))).as(kind.name()).containsOnly("one");
                assertThat(fleet.values(kind.path(key))).as(kind.name()).containsOnly("one");
                assertThat(fleet.origin().calls(key)).as(kind.name()).isEqualTo(3);
            }
        }
    }
}
