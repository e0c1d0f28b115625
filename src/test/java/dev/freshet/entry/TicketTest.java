package dev.freshet.entry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TicketTest {
    @Test
    void parse_asGiven_isReadBack() {
        Ticket ticket = new Ticket(1_795_377_977_842_918L, 1_795_377_978_000_001L);

        assertThat(Ticket.parse(ticket.toString())).isEqualTo(ticket);
        assertThat(ticket).hasToString("1795377977842918-1795377978000001");
    }

    @Test
    void parse_aStampAlone_wasGrantedBeforeAll() {
        assertThat(Ticket.parse("1795377977842918")).isEqualTo(new Ticket(1_795_377_977_842_918L, 0));
        assertThat(Ticket.parse("0")).isEqualTo(new Ticket(0, 0));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "1-",
                "-1",
                "1-2-",
                "1-2-3-4",
                "1-2-a b",
                " 1",
                "1 ",
                "1.5",
                "1e3",
                "0x1",
                "+1",
                "12345678901234567",
                "1-12345678901234567",
                "١",
                "1\n"
            })
    void parse_anythingElse_isRefused(String text) {
        assertThatThrownBy(() -> Ticket.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a ticket is sent back as it was given, STAMP, STAMP-GRANT or STAMP-GRANT-EPOCH");
    }

    @Test
    void new_negativeStamps_areRefused() {
        assertThatThrownBy(() -> new Ticket(-1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Ticket(0, -1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void compareTo_asOfFirst_thenTheGrant() {
        assertThat(Stream.of(new Ticket(2, 1), new Ticket(1, 9), new Ticket(2, 0), new Ticket(1, 8))
                        .sorted())
                .containsExactly(new Ticket(1, 8), new Ticket(1, 9), new Ticket(2, 0), new Ticket(2, 1));
        assertThat(new Ticket(1, 1)).isEqualByComparingTo(new Ticket(1, 1));
    }

    @Test
    void isNewerThan_laterHistoryFirst_thenWithinOne() {
        Ticket older = new Ticket("100.ab", 150, 9);
        Ticket newer = new Ticket("400.cd", 120, 1);

        assertThat(newer.isNewerThan(older)).isTrue();
        assertThat(older.isNewerThan(newer)).isFalse();
        assertThat(new Ticket("100.ab", 151, 0).isNewerThan(older)).isTrue();
        assertThat(older.isNewerThan(older)).isFalse();
        assertThat(new Ticket("100.xy", 200, 9).isNewerThan(older)).isFalse();
        assertThat(older.isNewerThan(new Ticket("nameless", 900, 9))).isTrue();
    }
}
