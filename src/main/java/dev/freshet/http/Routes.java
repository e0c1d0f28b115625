package dev.freshet.http;

import dev.freshet.http.Problem.Kind;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Which path and method are answered by what. Paths are matched as they are sent: a key decides by its raw form what it is. */
final class Routes {
    private final List<Path> paths = new ArrayList<>();

    /** What answers a path and method. */
    interface Route {
        /** Answers, and succeeds when the answer is sent; or fails, with nothing sent. */
        Future<Void> answer(Asked asked);
    }

    /** One path, whose segments in braces stand for any. */
    private record Path(List<String> segments, Map<String, Route> methods) {
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

    /** Adds a route. */
    Routes on(HttpMethod method, String path, Route route) {
        List<String> segments = split(path);
        Path known = paths.stream()
                .filter(other -> other.segments.equals(segments))
                .findFirst()
                .orElse(null);
        if (known == null) {
            known = new Path(segments, new TreeMap<>());
            paths.add(known);
        }
        known.methods.put(method.name(), route);
        return this;
    }

    /** Answers a request. */
    void answer(HttpServerRequest request) {
        try {
            route(request).onFailure(failure -> Problem.answer(request, failure));
        } catch (RuntimeException failure) {
            Problem.answer(request, failure);
        }
    }

    private Future<Void> route(HttpServerRequest request) {
        String sent = request.path();
        List<String> raw = split(sent == null ? "" : sent);
        for (Path path : paths) {
            Optional<Map<String, Segment>> segments = path.match(raw);
            if (segments.isPresent()) {
                Route route = path.methods.get(request.method().name());
                if (route == null) {
                    throw Problem.methodNotAllowed(String.join(", ", path.methods.keySet()));
                }
                return route.answer(new Asked(request, segments.get()));
            }
        }
        throw new Problem(Kind.NOT_FOUND, "there is no such path: the API begins with /v1/apps/");
    }

    private static List<String> split(String path) {
        return List.of(path.split("/", -1));
    }
}
