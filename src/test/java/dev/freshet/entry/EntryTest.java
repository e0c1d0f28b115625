package dev.freshet.entry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.tag.Tag;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EntryTest {
    @Test
    void etag_anEntry_isRevisionAndChecksum() {
        assertThat(entry(36, "hi").etag()).isEqualTo("10.d8932aac");
        assertThat(entry(36, "hi").etag()).matches("[0-9a-z]+\\.[0-9a-f]{1,8}");
    }

    @Test
    void etag_writtenAgainOrOtherBytes_differs() {
        assertThat(List.of(
                        entry(1, "a").etag(),
                        entry(2, "a").etag(),
                        entry(1, "b").etag()))
                .doesNotHaveDuplicates();
    }

    @ParameterizedTest(name = "born {0}, now {1}: {2}")
    @CsvSource({"100, 100, 0", "100, 160, 60", "100, 99, 0", "0, 1795377977842, 1795377977842"})
    void ageMs_table(long bornMs, long nowMs, long ageMs) {
        assertThat(new Entry(key(), 1, 0, bornMs, List.of(), Lifetime.UNLIMITED, "", "", Body.EMPTY).ageMs(nowMs))
                .isEqualTo(ageMs);
    }

    @Test
    void weightBytes_anEntry_countsBodyTagsAndAttributes() {
        int bare = entry(1, "").weightBytes();
        Entry full = new Entry(
                key(),
                1,
                0,
                0,
                List.of(new Tag("x".repeat(100)), new Tag("y".repeat(100))),
                Lifetime.UNLIMITED,
                Draft.OCTETS,
                "a".repeat(1_000),
                Body.of(Buffer.buffer(new byte[10_000])));

        assertThat(bare).isBetween(100, 1_000);
        assertThat(full.weightBytes() - bare).isBetween(11_200, 11_500);
    }

    @Test
    void new_partsThatAreEqual_areInMemoryOnce() {
        Entry one = read();
        Entry other = read();

        assertThat(one).isEqualTo(other);
        assertThat(one.key().app()).isSameAs(other.key().app());
        assertThat(one.key().deployment()).isSameAs(other.key().deployment());
        assertThat(one.epoch()).isSameAs(other.epoch());
        assertThat(one.type()).isSameAs(other.type());
        assertThat(one.lifetime()).isSameAs(other.lifetime());
        assertThat(one.tags().getFirst()).isSameAs(other.tags().getFirst());
    }

    /** With objects of its own, as one that comes from a store has. */
    private static Entry read() {
        Key key = Key.of(new String("shop"), new String("v1"), "key");
        Lifetime lifetime = new Lifetime(1_000, 2_000);
        List<Tag> tags = List.of(new Tag(new String("posts")));
        return new Entry(key, 1, new String("1-a"), 0, 0, tags, lifetime, new String("text/html"), "", Body.EMPTY);
    }

    @Test
    void new_tags_areCopied() {
        List<Tag> tags = new ArrayList<>(List.of(new Tag("a")));
        Entry entry = new Entry(key(), 1, 0, 0, tags, Lifetime.UNLIMITED, "", "", Body.EMPTY);
        Draft draft = Draft.of(Body.EMPTY, Lifetime.UNLIMITED, tags);
        tags.clear();

        assertThat(entry.tags()).containsExactly(new Tag("a"));
        assertThat(draft.tags()).containsExactly(new Tag("a"));
    }

    @Test
    void newDraft_tooManyTagsOrNegativeAge_isRefused() {
        List<Tag> tags = IntStream.range(0, 129).mapToObj(i -> new Tag("t" + i)).toList();

        assertThat(Draft.of(Body.EMPTY, Lifetime.UNLIMITED, tags.subList(0, 128))
                        .tags())
                .hasSize(128);
        assertThatThrownBy(() -> Draft.of(Body.EMPTY, Lifetime.UNLIMITED, tags))
                .hasMessage("an entry has at most 128 tags, not 129");
        Draft draft = Draft.of(Body.EMPTY, Lifetime.UNLIMITED, List.of());
        assertThatThrownBy(() -> new Draft(
                        List.of(), draft.lifetime(), -1, draft.ticket(), draft.lease(), draft.type(), "", Body.EMPTY))
                .hasMessage("an age is 0 or more");
    }

    @Test
    void newBody_bytes_haveTheirIeeeChecksum() {
        assertThat(Body.of(Buffer.buffer("123456789")).crc()).isEqualTo(0xCBF43926);
        assertThat(Body.EMPTY.crc()).isZero();
        assertThat(Body.EMPTY.length()).isZero();
    }

    private static Entry entry(long revision, String body) {
        return new Entry(
                key(), revision, 0, 0, List.of(), Lifetime.UNLIMITED, Draft.OCTETS, "", Body.of(Buffer.buffer(body)));
    }

    private static Key key() {
        return Key.of("shop", "v1", "k");
    }
}
