package dev.freshet.sim;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Silences what the replicas log of thousands of faults. */
final class Quietly implements BeforeAllCallback, AfterAllCallback {
    private final Logger freshet = (Logger) LoggerFactory.getLogger("dev.freshet");

    @Override
    public void beforeAll(ExtensionContext context) {
        freshet.setLevel(Level.OFF);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        freshet.setLevel(null);
    }
}
