package dev.freshet.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.freshet.chaos.Operation.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import java.util.StringJoiner;
import java.util.concurrent.locks.LockSupport;

/** Hears the event stream of a replica, and from time to time goes elsewhere, from where it was. */
final class Subscriber implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private static final long AGAIN_NANOS = 50_000_000;

    private final String name;
    private final Site site;
    private final History history;
    private final Random random;
    private final int eventsMax;
    private final Thread thread;

    /** Written by its thread, read by who waits for it to get somewhere. */
    private volatile long position = -1;

    private volatile boolean over;
    private String lastId = "";

    /**
     * Starts to hear.
     *
     * @param eventsMax after at most how many it goes elsewhere
     */
    Subscriber(String name, Site site, History history, long seed, int eventsMax) {
        this.name = name;
        this.site = site;
        this.history = history;
        this.random = new Random(seed);
        this.eventsMax = eventsMax;
        this.thread = Thread.ofPlatform().name(name).daemon().start(this::run);
    }

    /** The last stamp that it was told as the one up to which it knows everything. */
    long position() {
        return position;
    }

    private void run() {
        while (!over) {
            Site.Replica replica = site.replicas().get(random.nextInt(Site.REPLICAS));
            try {
                follow(replica);
            } catch (IOException e) {
                LockSupport.parkNanos(AGAIN_NANOS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void follow(Site.Replica replica) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(replica.process().url() + Client.APP + "/invalidations"))
                .header("Accept", "text/event-stream");
        if (!lastId.isEmpty()) {
            request.header("Last-Event-ID", lastId);
        }
        var response = HTTP.send(request.build(), BodyHandlers.ofInputStream());
        try (InputStream in = response.body()) {
            if (response.statusCode() != 200) {
                throw new IOException("status " + response.statusCode());
            }
            BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            hear(replica.name(), lines, 1 + random.nextInt(eventsMax));
        }
    }

    private void hear(String replica, BufferedReader lines, int count) throws IOException {
        String type = "";
        String id = "";
        String data = "";
        int left = count;
        for (String line = lines.readLine(); line != null && !over && left > 0; line = lines.readLine()) {
            if (line.startsWith("event: ")) {
                type = line.substring(7);
            } else if (line.startsWith("id: ")) {
                id = line.substring(4);
            } else if (line.startsWith("data: ")) {
                data = line.substring(6);
            } else if (line.isEmpty() && !type.isEmpty()) {
                left -= type.equals("write") ? 0 : 1;
                take(replica, type, id, data);
                type = "";
                id = "";
            }
        }
    }

    private void take(String replica, String type, String id, String data) throws IOException {
        if (type.equals("write")) {
            return;
        }
        lastId = id.isEmpty() ? lastId : id;
        long stamp = id.isEmpty() ? 0 : stamp(id);
        long now = history.now();
        String tags = type.equals("invalidate") ? tags(JSON.readTree(data).get("tags")) : "";
        String detail = replica + (type.equals("invalidate") ? "" : " " + data);
        history.add(new Operation(Kind.EVENT, now, now, name, type, tags, stamp, 200, 0, detail));
        position = stamp > 0 ? stamp : position;
    }

    /* An id is the epoch and the stamp. */
    private static long stamp(String id) {
        return Long.parseLong(id.substring(id.lastIndexOf('/') + 1));
    }

    /* Each tag with the stamp of its latest mark. */
    private static String tags(JsonNode tags) {
        StringJoiner text = new StringJoiner(",");
        tags.properties().forEach(tag -> {
            long newest = tag.getValue().path("hard").asLong();
            for (JsonNode soft : tag.getValue().path("soft")) {
                newest = Math.max(newest, soft.path("stamp").asLong());
            }
            text.add(tag.getKey().substring(1) + "=" + newest);
        });
        return text.toString();
    }

    /** Hears nothing more. */
    @Override
    public void close() {
        over = true;
        thread.interrupt();
    }
}
