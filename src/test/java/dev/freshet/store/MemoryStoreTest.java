package dev.freshet.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MemoryStoreTest extends StoreContract {
    private final MemoryStore store = new MemoryStore(16 << 20, RULES);

    @Override
    protected Store store() {
        return store;
    }

    @Test
    void fleet_tellsTheReplicasWhoseWindowsAreOpen() {
        now(store.beat(app, new Position("r1", "", 0, 1)));
        now(store.beat(app, new Position("r2", "", 0, 1)));
        now(store.leave(app, "r2"));

        Fleet fleet = now(store.fleet(app));
        assertThat(fleet.members()).hasSize(1);
        assertThat(fleet.members().getFirst().replica()).isEqualTo("r1");
        assertThat(fleet.members().getFirst().windowMs()).isBetween(1L, 2 * WINDOW_MS);
    }

    @Test
    void write_moreThanFits_forgetsSome() {
        MemoryStore small = new MemoryStore(100_000, RULES);
        Draft draft = Draft.of(Body.of(Buffer.buffer(new byte[9_000])), Lifetime.UNLIMITED, List.of());

        for (int i = 0; i < 50; i++) {
            now(small.write(Key.of(app, "v1", "k" + i), draft, new Ticket(1, 0)));
        }

        long kept = java.util.stream.IntStream.range(0, 50)
                .filter(i -> now(small.read(Key.of(app, "v1", "k" + i), Optional.empty()))
                        .isPresent())
                .count();
        assertThat(kept).isBetween(5L, 11L);
    }
}
