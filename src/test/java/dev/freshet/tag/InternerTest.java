package dev.freshet.tag;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class InternerTest {
    @Test
    void intern_equalValues_answersTheFirst() {
        Interner<Tag> interner = new Interner<>(16);
        Tag first = new Tag("posts");

        assertThat(interner.intern(first)).isSameAs(first);
        assertThat(interner.intern(new Tag("posts"))).isSameAs(first);
    }

    /** Far more than it remembers, and two of each that share a place: "Aa" and "BB" have one hash. */
    @Test
    void intern_moreThanItRemembers_answersEqualOnes() {
        Interner<String> interner = new Interner<>(16);
        IntStream.range(0, 1_000)
                .mapToObj(Integer::toString)
                .forEach(text -> assertThat(interner.intern(text)).isEqualTo(text));

        assertThat(interner.intern("Aa")).isEqualTo("Aa");
        assertThat(interner.intern("BB")).isEqualTo("BB");
        assertThat(interner.intern("Aa")).isEqualTo("Aa");
    }
}
