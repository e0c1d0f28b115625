package dev.freshet.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.chaos.Operation.Kind;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * From when a master was known to be replaced: by then nobody may have his request answered as done by the old one.
 *
 * @param sinceNanos on the run's clock
 * @param firstStamp of the history that began on the new master: the old one gives out none that is as high
 */
record Demotion(long sinceNanos, long firstStamp) {
    /** One that begins now. */
    static Demotion at(long nanos, String before, String epoch) {
        assertThat(epoch).isNotEqualTo(before);
        return new Demotion(nanos, Long.parseLong(epoch.split("\\.", 2)[0]));
    }

    /** Fails if an invalidation was acknowledged though the old master took it. Returns how many were acknowledged. */
    int check(History history) {
        AtomicInteger acknowledged = new AtomicInteger();
        History.read(history.file(), operation -> {
            if (operation.kind() == Kind.INVALIDATE
                    && operation.status() == 200
                    && operation.startNanos() > sinceNanos) {
                acknowledged.incrementAndGet();
                assertThat(operation.stamp()).as("%s", operation).isGreaterThan(firstStamp);
            }
        });
        return acknowledged.get();
    }
}
