package dev.freshet.ops;

import io.vertx.core.Future;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * What the operations port asks of the parts of a replica.
 *
 * @param alive whether every event loop turns
 * @param checks what is looked at, by name
 */
public record Health(BooleanSupplier alive, Map<String, Supplier<Future<Finding>>> checks) {
    /**
     * What a check found.
     *
     * @param reason what was found, with figures
     */
    public record Finding(boolean isWell, String reason) {
        /** All is as it should be. */
        public static Finding well(String reason) {
            return new Finding(true, reason);
        }

        /** Something is wrong. */
        public static Finding sick(String reason) {
            return new Finding(false, reason);
        }

        /** Whether {@code used} is a tenth or more below {@code max}. */
        public static Finding below(String what, long used, long max) {
            return new Finding(used < max - max / 10, what + " " + used + " of " + max);
        }
    }

    boolean isAlive() {
        return alive.getAsBoolean();
    }
}
