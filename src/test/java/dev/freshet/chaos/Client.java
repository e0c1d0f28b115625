package dev.freshet.chaos;

import dev.freshet.chaos.Connection.Answer;
import dev.freshet.chaos.Operation.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** One client's connections to every replica, and the requests it makes, each of which is written down. */
final class Client implements AutoCloseable {
    /** The app that everything happens in. */
    static final String APP = "/v1/apps/chaos";

    private static final String ENTRIES = APP + "/deployments/v1/entries/";

    /*
     * What the documents say of the time an answer takes: each command to Redis ends within
     * redis.timeout, 500 ms. A read beats if need be and reads; one that wants a lease claims it too. A write
     * beats and writes. An invalidation beats, is given its stamp, and waits for the longest window, 1 s and a
     * margin, and for 2 s that Redis may take to say that it has ended; if the epoch changes for one beat
     * more; and it asks who is behind. The rest is for a busy machine.
     */
    private static final int COMMAND_MS = 500;
    private static final int WINDOW_MS = 1_060;
    private static final int CONFIRM_MS = 2_000;
    private static final int SLACK_MS = 1_000;

    private static final long AWAY_NANOS = 50_000_000;
    private static final Pattern STAMP = Pattern.compile("\"stamp\":([0-9]+)");

    private final History history;
    private final List<Connection> connections = new ArrayList<>();

    /** A client that connects when it first asks. */
    Client(Site site, History history) {
        this.history = history;
        site.replicas().forEach(replica -> connections.add(new Connection(replica.port(), history)));
    }

    /** What a reader may want beside the entry. */
    record Wish(boolean lease, int waitMs) {
        static final Wish NONE = new Wish(false, 0);

        private String headers() {
            return (lease ? "Freshet-Lease: want\r\n" : "")
                    + (waitMs > 0 ? "Prefer: wait=" + waitMs / 1_000.0 + "\r\n" : "");
        }
    }

    /** Reads a key. */
    Answer read(int replica, int key, Wish wish) {
        Answer answer = ask(replica, "GET", ENTRIES + name(key), wish.headers(), "");
        String body = answer.body();
        String value = answer.status() == 200 ? body.substring(0, body.indexOf('\n')) : "";
        String status = answer.header("cache-status");
        int detail = status.indexOf("detail=");
        history.add(new Operation(
                Kind.READ,
                answer.startNanos(),
                answer.endNanos(),
                Site.name(replica),
                name(key),
                value,
                0,
                answer.status(),
                COMMAND_MS * (wish.lease ? 3 : 2) + wish.waitMs + SLACK_MS,
                answer.header("freshet-state")
                        + (detail < 0 ? "" : " " + status.substring(detail + 7).split("[;,]", 2)[0])));
        return answer;
    }

    /** Writes a key. */
    Answer write(int replica, int key, Value value, String ticket, String token, Random random) {
        String groups =
                Origin.tagsOf(key).stream().map(tag -> "\"t" + tag + "\"").collect(Collectors.joining(", "));
        String headers = "Content-Type: text/plain\r\nCache-Groups: " + groups + "\r\nFreshet-As-Of: " + ticket
                + "\r\nFreshet-Lifetime: revalidate=" + (key % 10 == 0 ? 3 : 600) + ", expire=6000\r\n"
                + (token.isEmpty() ? "" : "Freshet-Lease: token=\"" + token + "\"\r\n");
        String body = value.text() + "\n" + ".".repeat(random.nextInt(2_000));
        Answer answer = ask(replica, "PUT", ENTRIES + name(key), headers, body);
        history.add(new Operation(
                Kind.WRITE,
                answer.startNanos(),
                answer.endNanos(),
                Site.name(replica),
                name(key),
                value.text(),
                Long.parseLong(ticket.split("-", -1)[0]),
                answer.status(),
                COMMAND_MS * 2 + SLACK_MS,
                ticket));
        return answer;
    }

    /**
     * Invalidates tags.
     *
     * @param ended the tags, with the versions that older ones are to be ended of
     * @param mode {@code hard}, {@code soft}, or {@code soft} and its expire in ms
     */
    Answer invalidate(int replica, Value ended, String mode) {
        String[] parts = mode.split(" ", -1);
        String tags = ended.versions().keySet().stream()
                .map(tag -> "\"t" + tag + "\"")
                .collect(Collectors.joining(","));
        String body = "{\"tags\":[" + tags + "],\"mode\":\"" + parts[0] + "\""
                + (parts.length > 1 ? ",\"expire\":" + Long.parseLong(parts[1]) / 1e3 : "") + "}";
        Answer answer = ask(replica, "POST", APP + "/invalidations", "Content-Type: application/json\r\n", body);
        history.add(new Operation(
                Kind.INVALIDATE,
                answer.startNanos(),
                answer.endNanos(),
                Site.name(replica),
                "",
                ended.text(),
                answer.status() == 200 ? stamp(answer) : 0,
                answer.status(),
                COMMAND_MS * 4 + WINDOW_MS + CONFIRM_MS + SLACK_MS,
                mode));
        return answer;
    }

    /** Gives a lease back. */
    void release(int replica, String token) {
        ask(replica, "DELETE", APP + "/deployments/v1/leases/" + token, "", "");
    }

    /** What a replica says of its clock; empty when it does not answer. */
    String clock(int replica) {
        return ask(replica, "GET", APP + "/clock", "", "").body();
    }

    /* Whoever finds nobody there does not ask again at once. */
    private Answer ask(int replica, String method, String path, String headers, String body) {
        Answer answer = connections.get(replica).ask(method, path, headers, body);
        if (answer.status() <= 0) {
            LockSupport.parkNanos(AWAY_NANOS);
        }
        return answer;
    }

    /** The stamp that an answer's JSON tells. */
    static long stamp(Answer answer) {
        Matcher stamp = STAMP.matcher(answer.body());
        return stamp.find() ? Long.parseLong(stamp.group(1)) : 0;
    }

    private static String name(int key) {
        return "k" + key;
    }

    @Override
    public void close() {
        connections.forEach(Connection::close);
    }
}
