package dev.freshet.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Several subjects in turn, there and back, so that what the machine does meanwhile meets all alike. */
final class Rounds {
    /** Asks one subject once. */
    interface Asking<S, R> {
        R ask(S subject) throws Exception;
    }

    private Rounds() {}

    /** Each is warmed, and then asked once a round. */
    static <S, R> Map<String, List<R>> inTurn(
            Map<String, S> subjects, int rounds, Asking<S, ?> warming, Asking<S, R> asking) throws Exception {
        Map<String, List<R>> found = new LinkedHashMap<>();
        for (Map.Entry<String, S> one : subjects.entrySet()) {
            warming.ask(one.getValue());
            found.put(one.getKey(), new ArrayList<>());
        }
        List<String> order = new ArrayList<>(subjects.keySet());
        for (int i = 0; i < rounds; i++) {
            for (String name : order) {
                found.getOrDefault(name, new ArrayList<>()).add(asking.ask(get(subjects, name)));
            }
            Collections.reverse(order);
        }
        return found;
    }

    private static <S> S get(Map<String, S> subjects, String name) {
        S subject = subjects.get(name);
        if (subject == null) {
            throw new IllegalStateException(name);
        }
        return subject;
    }

    /** A figure of all rounds. */
    static <R> Spread spread(List<R> rounds, ToDoubleFunction<R> figure) {
        return Spread.of(rounds.stream().mapToDouble(figure).toArray());
    }

    /** A figure as a multiple of another subject's in the same round. */
    static <R> Spread beside(List<R> rounds, List<R> others, ToDoubleFunction<R> figure) {
        return Spread.of(IntStream.range(0, rounds.size())
                .mapToDouble(i -> figure.applyAsDouble(rounds.get(i)) / figure.applyAsDouble(others.get(i)))
                .toArray());
    }
}
