package dev.freshet.bench;

import java.util.List;

/** To come. */
final class TagsBench {
    private TagsBench() {}

    static void run(List<String> arguments) {
        System.err.println(arguments);
    }
}
