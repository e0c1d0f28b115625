package dev.freshet;

import dev.freshet.entry.Key;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** A near cache in another process, by the rules that protocol.md states, fed by one replica. */
final class RemoteCache implements AutoCloseable {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final long WAIT_MS = 2_000;

    private final String app;
    private final String base;
    private final HttpResponse<InputStream> stream;
    private final Map<String, Copy> copies = new HashMap<>();

    /** When each tag or digest was last told of, by a count of events. */
    private final Map<String, Long> told = new HashMap<>();

    private long events;
    private long forgotten;
    private String place = "";
    private int waiting;
    private boolean late;
    private boolean paused;

    /** A value, with the tags that end it. */
    record Copy(String value, Set<String> tags) {}

    private record Fields(String event, String id, JsonObject data) {}

    RemoteCache(String app, int port) {
        this.app = app;
        base = "http://127.0.0.1:" + port + "/v1/apps/" + app;
        stream = send(HttpRequest.newBuilder(URI.create(base + "/invalidations")), BodyHandlers.ofInputStream());
        Thread.ofVirtual().start(this::listen);
        awaitPlace("", 0);
    }

    /** From now on what it is told arrives only while it waits for it: as late as can be. */
    synchronized void late() {
        late = true;
    }

    /** Stops applying what it is told, or goes on. */
    synchronized void pause(boolean pausing) {
        paused = pausing;
        notifyAll();
    }

    private void listen() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
            Map<String, String> fields = new HashMap<>();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int colon = line.indexOf(": ");
                if (colon > 0) {
                    fields.put(line.substring(0, colon), line.substring(colon + 2));
                } else if (line.isEmpty() && fields.containsKey("event")) {
                    apply(new Fields(
                            fields.get("event"), fields.getOrDefault("id", ""), new JsonObject(fields.get("data"))));
                    fields.clear();
                }
            }
        } catch (IOException over) {
            /* The test closed it, or the replica is gone. */
        }
    }

    private synchronized void apply(Fields fields) {
        while (paused || (late && waiting == 0)) {
            pass(WAIT_MS);
        }
        events++;
        switch (fields.event) {
            case "invalidate" -> fields.data.getJsonObject("tags").fieldNames().forEach(this::end);
            case "write" -> {
                told.put(fields.data.getString("digest"), events);
                copies.remove(fields.data.getString("digest"));
            }
            case "reset" -> {
                forgotten = events;
                copies.clear();
            }
            default -> {}
        }
        place = fields.id.isEmpty() ? place : fields.id;
        notifyAll();
    }

    private void end(String tag) {
        told.put(tag, events);
        copies.values().removeIf(copy -> copy.tags.contains(tag));
    }

    /** The copy of a key, whatever it is worth. */
    synchronized Optional<Copy> copy(String key) {
        return Optional.ofNullable(copies.get(digest(key)));
    }

    /** The copy of a key, if the clock's answer proves that it is good for this request. */
    Optional<Copy> strict(String key) {
        JsonObject clock =
                new JsonObject(send(HttpRequest.newBuilder(URI.create(base + "/clock")), BodyHandlers.ofString())
                        .body());
        boolean proven = clock.getBoolean("coherent") && awaitPlace(clock.getString("epoch"), clock.getLong("stamp"));
        return proven ? copy(key) : Optional.empty();
    }

    private synchronized boolean awaitPlace(String epoch, long stamp) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MS);
        waiting++;
        notifyAll();
        while (!isAt(epoch, stamp) && !paused && System.nanoTime() < deadline) {
            pass(TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime()) + 1);
        }
        waiting--;
        return isAt(epoch, stamp);
    }

    private boolean isAt(String epoch, long stamp) {
        int slash = place.indexOf('/');
        return slash > 0 && place.startsWith(epoch) && Long.parseLong(place.substring(slash + 1)) >= stamp;
    }

    private void pass(long ms) {
        try {
            wait(ms);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Reads a key from the replica that feeds this, and keeps what may be kept. */
    Optional<String> fetch(String key) {
        long before;
        synchronized (this) {
            before = events;
        }
        HttpResponse<String> answer = send(
                HttpRequest.newBuilder(URI.create(base + "/deployments/v1/entries/" + key)), BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            return Optional.empty();
        }
        Set<String> tags = Set.of(answer.headers()
                .firstValue("Cache-Groups")
                .orElse("")
                .replace("\"", "")
                .split(", "));
        keep(digest(key), new Copy(answer.body(), tags), before);
        return Optional.of(answer.body());
    }

    private synchronized void keep(String digest, Copy copy, long before) {
        boolean overtaken = forgotten > before
                || told.getOrDefault(digest, 0L) > before
                || copy.tags.stream().anyMatch(tag -> told.getOrDefault(tag, 0L) > before);
        if (!overtaken) {
            copies.put(digest, copy);
        }
    }

    private String digest(String key) {
        return Key.of(app, "v1", key).digest();
    }

    private static <T> HttpResponse<T> send(HttpRequest.Builder request, HttpResponse.BodyHandler<T> body) {
        try {
            return HTTP.send(request.timeout(Duration.ofSeconds(10)).build(), body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            late = false;
        }
        pause(false);
        try {
            stream.body().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
