package dev.freshet.chaos;

import dev.freshet.chaos.Promised.Need;
import dev.freshet.chaos.Verdict.Broken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Judges a history: reads the file twice, first for what was promised, then for what was answered. */
final class Checker {
    private final Verdict verdict = new Verdict();
    private final Disturbances disturbances = new Disturbances();
    private final Writes writes = new Writes();
    private final Streams streams = new Streams();
    private final List<Operation> invalidations = new ArrayList<>();

    private Checker() {}

    static Verdict check(Path history) {
        Checker checker = new Checker();
        History.read(history, checker::gather);
        Promised promised = new Promised(checker.invalidations);
        History.read(history, operation -> checker.judge(operation, promised));
        checker.writes.check(checker.disturbances, checker.verdict);
        checker.streams.check(checker.invalidations, checker.verdict);
        try {
            checker.verdict.bytes(Files.size(history));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return checker.verdict;
    }

    private void gather(Operation operation) {
        switch (operation.kind()) {
            case READ -> {}
            case WRITE -> writes.add(operation);
            case INVALIDATE -> invalidations.add(operation);
            case EVENT -> streams.add(operation);
            case FAULT, STALL -> disturbances.add(operation);
            case RECOVERY -> verdict.recovered(ms(operation.endNanos() - operation.startNanos()));
        }
    }

    private void judge(Operation operation, Promised promised) {
        count(operation);
        if (operation.deadlineMs() > 0 && ms(operation.endNanos() - operation.startNanos()) > operation.deadlineMs()) {
            onTime(operation);
        }
        if (operation.kind() == Operation.Kind.READ && operation.status() == 200) {
            answer(operation, promised);
        }
    }

    private void count(Operation operation) {
        String kind = operation.kind().name().toLowerCase(Locale.ROOT);
        verdict.count(
                switch (operation.kind()) {
                    case READ, WRITE, INVALIDATE -> kind + " " + status(operation);
                    case EVENT, FAULT -> kind + " " + operation.key();
                    case STALL, RECOVERY -> kind + " all";
                });
    }

    private static String status(Operation request) {
        return switch (request.status()) {
            case 200 -> request.kind() == Operation.Kind.READ ? "200 " + request.detail() : "200";
            case 0 -> "disconnected";
            case -1 -> "unanswered";
            default -> Integer.toString(request.status());
        };
    }

    private void onTime(Operation request) {
        long ms = ms(request.endNanos() - request.startNanos() - disturbances.excusedNanos(request));
        if (ms > request.deadlineMs()) {
            boolean recovery = request.kind() == Operation.Kind.RECOVERY;
            verdict.broken(
                    recovery ? Broken.UNRECOVERED : Broken.LATE,
                    ms + " ms of " + request.deadlineMs() + ": " + request);
        }
    }

    private void answer(Operation read, Promised promised) {
        Value value = Value.parse(read.value());
        Optional<Operation> write = writes.of(value.computation());
        if (write.isEmpty()
                || !write.get().key().equals(read.key())
                || !write.get().value().equals(read.value())) {
            verdict.broken(Broken.FOREIGN, read + " answers " + write);
            return;
        }
        if (read.detail().contains("outage")) {
            verdict.count("outage");
            return;
        }
        boolean fresh = read.detail().startsWith("fresh");
        boolean promise = false;
        for (Map.Entry<Integer, Integer> version : value.versions().entrySet()) {
            Optional<Need> need = promised.at(version.getKey(), read.startNanos(), fresh);
            promise |= need.isPresent();
            if (need.isPresent() && isOlder(version.getValue(), write.get(), need.get())) {
                boolean late = write.get().endNanos() > need.get().sinceNanos();
                verdict.broken(
                        late ? Broken.RESURRECTED : Broken.STALE,
                        "tag " + version.getKey() + " needs " + need.get() + ": " + read + " of " + write.get());
                break;
            }
        }
        if (promise) {
            verdict.count("judged");
        }
    }

    private static boolean isOlder(int version, Operation write, Need need) {
        return version < need.version() || write.stamp() < need.stamp();
    }

    private static long ms(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(nanos);
    }
}
