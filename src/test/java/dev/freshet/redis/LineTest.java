package dev.freshet.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.freshet.store.Change;
import dev.freshet.store.Position;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LineTest {
    private static final String JSON =
            "{\"epoch\":\"5.ab\",\"previous\":\"6\",\"stamp\":\"7\",\"marks\":{\"a} b\":\"7|\"}}";

    private static Change.Invalidated waitedForBy(String waiter) {
        return new Change.Invalidated("5.ab", 6, 7, Map.of(new Tag("a} b"), Mark.hard(7)), waiter);
    }

    @Test
    void parse_anInvalidation_saysWhoWaits() {
        assertThat(Line.parse("shop", "invalidate " + JSON + " host-1.7f")).isEqualTo(waitedForBy("host-1.7f"));
    }

    /** As a version writes it that does not know who waits; and as this one does where nobody waits. */
    @Test
    void parse_anInvalidationOfWhichNobodyIsSaidToWait_isOne() {
        assertThat(Line.parse("shop", "invalidate " + JSON)).isEqualTo(waitedForBy(""));
    }

    /** A version that does not know who waits reads the JSON, and no further. */
    @Test
    void json_whatStandsBehindIt_isNoConcernOfItsReaders() throws JsonProcessingException {
        JsonNode read = new ObjectMapper().readValue(JSON + " host-1.7f", JsonNode.class);

        assertThat(read.path("stamp").asText()).isEqualTo("7");
    }

    @Test
    void applied_parsed_isWhatWasSaid() {
        assertThat(Line.parse("shop", Line.applied(new Position("host-1.7f", "5.ab", 7, 3))))
                .isEqualTo(new Change.Applied("host-1.7f", "5.ab", 7));
        assertThat(Line.parse("shop", Line.applied(new Position("b", "", 0, 1))))
                .isEqualTo(new Change.Applied("b", "", 0));
    }

    @Test
    void parse_theLowWaterMark_isTold() {
        assertThat(Line.parse("shop", "ack 5.ab 7")).isEqualTo(new Change.Acknowledged("5.ab", 7));
    }

    @Test
    void parse_whatNobodyKnows_isRefused() {
        assertThatThrownBy(() -> Line.parse("shop", "hello 5")).isInstanceOf(IllegalArgumentException.class);
    }
}
