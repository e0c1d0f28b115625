package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;

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
        "10.0.0.1, 7000, a:1, 10.0.0.1:7000",
        "::1, 7000, a:1, [::1]:7000",
        "'', 7000, a:1, a:7000",
        "?, 7000, [::1]:1, [::1]:7000",
    })
    void address_ofANode_isWhereItIs(String host, int port, String asked, String address) {
        assertThat(Slots.address(host, port, asked)).isEqualTo(address);
    }
}
