package dev.freshet.bench;

import java.util.List;

/** To come. */
final class AcksBench {
    private AcksBench() {}

    static void run(List<String> arguments) {
        System.err.println(arguments);
    }
}
