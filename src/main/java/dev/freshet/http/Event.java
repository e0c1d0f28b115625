package dev.freshet.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freshet.entry.Entry;
import dev.freshet.gateway.Place;
import dev.freshet.store.Change;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** One event of a stream, as it is sent. Any number of streams may send it. */
record Event(Kind kind, Buffer bytes) {
    private static final int TAGS_MAX = 256;

    /** What an event says, and why. */
    enum Kind {
        /** Where the stream begins, and how much is known of what was before. */
        HELLO("hello", ""),
        /** Tags were invalidated. */
        INVALIDATE("invalidate", ""),
        /** An entry was written or removed. */
        WRITE("write", ""),
        /** Forget every copy: the client was away for too long. */
        RESET_BEHIND("reset", "behind"),
        /** Forget every copy: the history of invalidations began anew. */
        RESET_EPOCH("reset", "epoch"),
        /** Forget every copy: the replica may have missed writes. */
        RESET_LOST("reset", "lost"),
        /** Forget every copy: the client reads too slowly. */
        RESET_SLOW("reset", "slow"),
        /** The stream ends: it is old. */
        BYE_AGE("bye", "age"),
        /** The stream ends: the replica stops. */
        BYE_STOP("bye", "stop");

        final String event;
        final String reason;

        Kind(String event, String reason) {
            this.event = event;
            this.reason = reason;
        }
    }

    /**
     * An event.
     *
     * @param fields lines of other fields, each with its end
     */
    static Event of(Kind kind, String fields, JsonNode data) {
        return new Event(kind, Buffer.buffer("event: " + kind.event + "\n" + fields + "data: " + data + "\n\n"));
    }

    /** The field that says up to where a client knows everything once it has the event. */
    static String id(Place place) {
        return "id: " + place.text() + "\n";
    }

    /** The field that says how long a client waits before it comes back. */
    static String retry(long ms) {
        return "retry: " + ms + "\n";
    }

    /** An event whose data is its reason. */
    static Event because(Kind kind, String fields) {
        return of(kind, fields, Json.object().put("reason", kind.reason));
    }

    /** What tells a change, in order; nothing for those that are no client's concern. */
    static List<Event> of(Change change) {
        return switch (change) {
            case Change.Invalidated told -> invalidated(told);
            case Change.Written told -> List.of(written(told));
            case Change.Lost told -> List.of(because(Kind.RESET_LOST, ""));
            case Change.NewEpoch told -> List.of(because(Kind.RESET_EPOCH, ""));
            case Change.Released told -> List.of();
            case Change.Applied told -> List.of();
            case Change.Acknowledged told -> List.of();
            case Change.Live told -> List.of();
            case Change.Echo told -> List.of();
        };
    }

    private static List<Event> invalidated(Change.Invalidated told) {
        Place place = new Place(told.epoch(), told.stamp());
        if (told.marks().isEmpty()) {
            return List.of(of(Kind.INVALIDATE, id(place), Json.marks(told.stamp(), Map.of())));
        }
        List<Event> events = new ArrayList<>();
        marks(place, told.marks()).forEachRemaining(events::add);
        return events;
    }

    private static Event written(Change.Written told) {
        ObjectNode data = Json.object()
                .put("deployment", told.key().deployment())
                .put("digest", told.key().digest());
        if (told.revision() > 0) {
            data.put("revision", Entry.revisionText(told.revision()));
        }
        return of(Kind.WRITE, "", data);
    }

    /** What tells marks, each event made when it is asked for. Only the last has an id: it completes what the others begin. */
    static Iterator<Event> marks(Place place, Map<Tag, Mark> marks) {
        Iterator<Map.Entry<Tag, Mark>> left = marks.entrySet().iterator();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return left.hasNext();
            }

            @Override
            public Event next() {
                Map<Tag, Mark> some = new HashMap<>();
                do {
                    Map.Entry<Tag, Mark> mark = left.next();
                    some.put(mark.getKey(), mark.getValue());
                } while (left.hasNext() && some.size() < TAGS_MAX);
                return of(Kind.INVALIDATE, left.hasNext() ? "" : id(place), Json.marks(place.stamp(), some));
            }
        };
    }
}
