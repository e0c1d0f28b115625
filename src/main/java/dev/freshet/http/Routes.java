package dev.freshet.http;

import dev.freshet.edge.Access;
import dev.freshet.edge.Denied;
import dev.freshet.edge.EdgeMeters;
import dev.freshet.edge.EdgeMeters.Refusal;
import dev.freshet.edge.Scope;
import dev.freshet.edge.Token;
import dev.freshet.http.Problem.Kind;
import dev.freshet.trace.RequestSpan;
import dev.freshet.trace.Traces;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which path and method are answered by what, and what a token must be good for. Paths are matched as they are sent: a key decides by its raw form what it
 * is. One for each event loop, which alone uses it.
 */
final class Routes {
    /*
     * What waits for something (the store, a leader, its body) is counted, and there are so many at a
     * time. Reads are the first to be refused. Writes have a quarter more: one that is stored ends the
     * wait of many reads. Nothing else is ever refused for it, least of all an invalidation.
     */

    /** So many of the paths that were asked for lately are remembered, as a power of 2; a longer one is read each time. */
    private static final int FOUND_BITS = 10;

    private static final int FOUND_CHARS_MAX = 512;

    private final List<Path> paths = new ArrayList<>();
    private final @Nullable Found[] found = new Found[1 << FOUND_BITS];
    private final Access access;
    private final EdgeMeters meters;
    private final int waitingMax;
    private final @Nullable Traces traces;
    private final Ahead ahead = new Ahead();
    private int waiting;

    /**
     * No routes yet.
     *
     * @param waitingMax requests that wait for something at a time
     * @param traces of the requests, if any
     */
    Routes(Access access, EdgeMeters meters, int waitingMax, Optional<Traces> traces) {
        this.access = access;
        this.meters = meters;
        this.waitingMax = waitingMax;
        this.traces = traces.orElse(null);
    }

    /** What answers a path and method. */
    interface Route {
        /** Answers, and succeeds when the answer is sent; or fails, with nothing sent. */
        Future<Void> answer(Asked asked);
    }

    private record Guarded(Scope scope, Route route) {}

    /** What a path was found to be. */
    private record Found(String sent, Path path, Target target) {}

    /** One path, whose segments in braces stand for any. */
    private record Path(String pattern, List<String> segments, Map<String, Guarded> methods) {
        Optional<Map<String, Segment>> match(List<String> raw) {
            if (raw.size() != segments.size()) {
                return Optional.empty();
            }
            Map<String, Segment> named = new HashMap<>();
            for (int i = 0; i < raw.size(); i++) {
                String segment = segments.get(i);
                if (segment.startsWith("{")) {
                    named.put(segment.substring(1, segment.length() - 1), new Segment(raw.get(i)));
                } else if (!segment.equals(raw.get(i))) {
                    return Optional.empty();
                }
            }
            return Optional.of(named);
        }
    }

    /** Adds a route, for whoever has a scope. */
    Routes on(HttpMethod method, String path, Scope scope, Route route) {
        List<String> segments = split(path);
        Path known = paths.stream()
                .filter(other -> other.segments.equals(segments))
                .findFirst()
                .orElse(null);
        if (known == null) {
            known = new Path(path, segments, new TreeMap<>());
            paths.add(known);
        }
        known.methods.put(method.name(), new Guarded(scope, route));
        return this;
    }

    /** Answers a request. */
    void answer(HttpServerRequest request) {
        RequestSpan span = traces == null ? null : traces.begin(request);
        try {
            Future<Void> answered = route(request, span).onFailure(failure -> Problem.answer(request, failure));
            if (span != null) {
                answered.onComplete(done -> Noted.end(span, request.response(), done.cause()));
            }
        } catch (RuntimeException failure) {
            if (failure instanceof Denied denied) {
                meters.refused(denied);
            }
            Problem.answer(request, failure);
            Noted.end(span, request.response(), failure);
        }
    }

    private Future<Void> route(HttpServerRequest request, @Nullable RequestSpan span) {
        String sent = request.path();
        Found asked = found(sent == null ? "" : sent);
        if (span != null) {
            span.route(asked.path.pattern);
        }
        Guarded guarded = asked.path.methods.get(request.method().name());
        if (guarded == null) {
            throw Problem.methodNotAllowed(String.join(", ", asked.path.methods.keySet()));
        }
        return admitted(guarded, request, asked.target, span);
    }

    private Found found(String sent) {
        Found known = found[slot(sent)];
        if (known != null && known.sent.equals(sent)) {
            return known;
        }
        Found read = find(sent);
        if (sent.length() <= FOUND_CHARS_MAX) {
            found[slot(sent)] = read;
        }
        return read;
    }

    private static int slot(String sent) {
        int hash = sent.hashCode() * 0x9e3779b9;
        return hash >>> (32 - FOUND_BITS);
    }

    /**
     * What a path stands for.
     *
     * @param pattern which it matches
     * @throws Problem if there is no such path
     * @return null if it matches another pattern
     */
    @Nullable
    Target target(String sent, String pattern) {
        Found known = found(sent);
        return known.path.pattern.equals(pattern) ? known.target : null;
    }

    private Found find(String sent) {
        List<String> raw = split(sent);
        for (Path path : paths) {
            Optional<Map<String, Segment>> segments = path.match(raw);
            if (segments.isPresent()) {
                return new Found(sent, path, new Target(segments.get()));
            }
        }
        throw new Problem(Kind.NOT_FOUND, "there is no such path: the API begins with " + beginning());
    }

    private String beginning() {
        String first = paths.getFirst().pattern;
        return first.substring(0, first.indexOf('{'));
    }

    private Future<Void> admitted(
            Guarded guarded, HttpServerRequest request, Target target, @Nullable RequestSpan span) {
        if (access.isOpen()) {
            return counted(guarded, new Asked(request, target, Token.ANYONE, span));
        }
        Token token = access.admit(request.getHeader(HttpHeaders.AUTHORIZATION));
        Asked asked = new Asked(request, target, token, span);
        token.check(guarded.scope, asked.app());
        return counted(guarded, asked);
    }

    private Future<Void> counted(Guarded guarded, Asked asked) {
        int most = most(guarded.scope);
        if (waiting >= most) {
            meters.refused(Refusal.REQUESTS);
            throw new Problem(Kind.OVERLOADED, "http.requests-max requests wait for something already");
        }
        long begunNanos = ahead.sinceNanos();
        Future<Void> answered = guarded.route.answer(asked);
        if (answered.isComplete()) {
            meters.answered(guarded.scope, System.nanoTime() - begunNanos);
        } else {
            waiting += most < Integer.MAX_VALUE ? 1 : 0;
            answered.onComplete(done -> {
                waiting -= most < Integer.MAX_VALUE ? 1 : 0;
                meters.answered(guarded.scope, System.nanoTime() - begunNanos);
            });
        }
        return answered;
    }

    private int most(Scope scope) {
        return switch (scope) {
            case ENTRIES_READ -> waitingMax;
            case ENTRIES_WRITE -> waitingMax + waitingMax / 4;
            case TAGS_INVALIDATE, EVENTS_READ, ADMIN_READ, ADMIN_WRITE -> Integer.MAX_VALUE;
        };
    }

    /** What was read for the request that is being made. */
    Ahead ahead() {
        return ahead;
    }

    /** Whether one more read may wait for something. */
    boolean mayWait() {
        return waiting < most(Scope.ENTRIES_READ);
    }

    /** One more waits, until it is told to {@link #leave}. */
    void enter() {
        waiting++;
    }

    /** One that waited does no longer. */
    void leave() {
        waiting--;
    }

    private static List<String> split(String path) {
        return List.of(path.split("/", -1));
    }
}
