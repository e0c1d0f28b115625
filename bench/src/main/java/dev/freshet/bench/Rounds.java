package dev.freshet.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What was found of one subject, round by round.
 *
 * @param noisy in how many of them the machine worked for others
 */
record Rounds<R>(List<R> all, int noisy) {
    /** Asks one subject once. */
    interface Asking<S, R> {
        R ask(S subject) throws Exception;
    }

    /** Asks several in turn, there and back, so that what the machine does meanwhile meets all alike: each is warmed, and then asked once a round. */
    static <S, R> Map<String, Rounds<R>> inTurn(
            Map<String, S> subjects, int rounds, Asking<S, ?> warming, Asking<S, R> asking) throws Exception {
        Map<String, Rounds<R>> found = new LinkedHashMap<>();
        List<Map.Entry<String, S>> order = new ArrayList<>(subjects.entrySet());
        for (Map.Entry<String, S> one : order) {
            warming.ask(one.getValue());
            found.put(one.getKey(), new Rounds<>(List.of(), 0));
        }
        for (int i = 0; i < rounds; i++) {
            for (Map.Entry<String, S> one : order) {
                Rounds<R> next = of(1, () -> asking.ask(one.getValue()));
                found.computeIfPresent(one.getKey(), (name, before) -> before.and(next));
            }
            Collections.reverse(order);
        }
        return found;
    }

    /** Asks so many times. */
    static <R> Rounds<R> of(int rounds, Callable<R> asking) throws Exception {
        List<R> all = new ArrayList<>();
        int noisy = 0;
        for (int i = 0; i < rounds; i++) {
            Machine begun = Machine.now();
            all.add(asking.call());
            noisy += begun.isNoisy() ? 1 : 0;
        }
        return new Rounds<>(all, noisy);
    }

    /** These and more. */
    Rounds<R> and(Rounds<R> more) {
        List<R> both = new ArrayList<>(all);
        both.addAll(more.all);
        return new Rounds<>(both, noisy + more.noisy);
    }

    /** A figure of all rounds. */
    Spread spread(ToDoubleFunction<? super R> figure) {
        return Spread.of(all.stream().mapToDouble(figure).toArray());
    }

    /** The median of a figure, as it is written. */
    String median(ToDoubleFunction<? super R> figure) {
        return Spread.text(spread(figure).median());
    }

    /** A figure as a multiple of another subject's in the same round. */
    Spread beside(Rounds<R> others, ToDoubleFunction<? super R> figure) {
        return Spread.of(IntStream.range(0, all.size())
                .mapToDouble(i -> figure.applyAsDouble(all.get(i)) / figure.applyAsDouble(others.all.get(i)))
                .toArray());
    }

    @Override
    public String toString() {
        return noisy == 0 ? Integer.toString(all.size()) : all.size() + ", " + noisy + " noisy";
    }
}
