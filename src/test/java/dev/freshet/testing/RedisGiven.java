package dev.freshet.testing;

import static org.junit.jupiter.api.Assumptions.abort;

/** The server that {@code FRESHET_TEST_REDIS} names. */
final class RedisGiven extends RedisServer {

    private final String uri;

    RedisGiven(String uri) {
        this.uri = uri;
    }

    @Override
    public String uri() {
        return uri;
    }

    @Override
    public void freeze() {
        abort("FRESHET_TEST_REDIS names a Redis that is not this test's to freeze: skipped");
    }

    @Override
    public void thaw() {}

    @Override
    public void kill() {
        abort("FRESHET_TEST_REDIS names a Redis that is not this test's to kill: skipped");
    }

    @Override
    public void restart() {}

    @Override
    public void close() {}
}
