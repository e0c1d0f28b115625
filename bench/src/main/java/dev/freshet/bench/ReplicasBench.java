package dev.freshet.bench;

import java.util.List;

/** To come. */
final class ReplicasBench {
    private ReplicasBench() {}

    static void run(List<String> arguments) {
        System.err.println(arguments);
    }
}
