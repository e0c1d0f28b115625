package dev.freshet.bench;

import java.util.List;

/** What is said behind the name of a bench. */
final class Arguments {
    private Arguments() {}

    /**
     * A number.
     *
     * @param at which argument, from 0
     * @param otherwise if there are not so many
     */
    static int number(List<String> arguments, int at, int otherwise) {
        if (arguments.size() <= at) {
            return otherwise;
        }
        try {
            return Integer.parseInt(arguments.get(at));
        } catch (NumberFormatException none) {
            throw new IllegalArgumentException("argument " + (at + 1) + " is a number, not " + arguments.get(at), none);
        }
    }
}
