package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlotsTest {
    /** Of the Redis Cluster specification, and of CLUSTER KEYSLOT. */
    @ParameterizedTest
    @CsvSource({
        "123456789, 12739",
        "foo, 12182",
        "{foo}.bar, 12182",
        "a{foo}{bar}, 12182",
        "foo{}, 5542",
        "'', 0",
    })
    void of_key_isTheSlotOfWhatStandsBetweenItsBraces(String key, int slot) {
        assertThat(Slots.of(key)).isEqualTo(slot);
    }

    @ParameterizedTest
    @CsvSource({
        "a b c, a b c, 0",
        "a a b, a b b, 0", // a slot has moved
        "a a c, a b c, 1", // the last one of a master has
        "a b d, a b c, 1", // another in its place
        "d e c, a b c, 2",
        "a a -, a b c, 2", // nobody's, for all that is known
        "a b c, a - c, 0",
    })
    void replaced_masters_areThoseWithoutSlots(String now, String before, int replaced) {
        assertThat(slots(now).replaced(slots(before))).isEqualTo(replaced);
    }

    private static Slots slots(String masters) {
        return new Slots(List.of(masters.replace("-", "").split(" ", -1)));
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.1, 7000, a:1, 10.0.0.1:7000",
        "::1, 7000, a:1, [::1]:7000",
        "'', 7000, a:1, a:7000",
        "?, 7000, [::1]:1, [::1]:7000",
    })
    void address_ofANode_isWhereItIs(String host, int port, String asked, String address) {
        assertThat(Slots.address(host, port, asked)).isEqualTo(address);
    }
}
