package dev.freshet.http;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freshet.entry.Body;
import dev.freshet.entry.Draft;
import dev.freshet.entry.Entry;
import dev.freshet.entry.Frame;
import dev.freshet.entry.Freshness;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.gateway.Place;
import dev.freshet.http.Problem.Kind;
import dev.freshet.lease.Turn;
import dev.freshet.tag.Tag;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The meta of frames: of one that is written, and of one that is read. */
final class Meta {
    /** What an answer's meta has beside what was written, in bytes at most: half of it is the token of a lease. */
    private static final int READ_BYTES = 1_024;

    private static final Set<String> WRITTEN =
            Set.of("tags", "revalidate", "expire", "age", "asOf", "lease", "type", "attributes");

    private interface Writing {
        void to(JsonGenerator json) throws IOException;
    }

    private Meta() {}

    /** What a frame wants stored. */
    static Draft draft(Key key, Frame frame) {
        String text = Json.utf8(frame.meta()).orElseThrow(Meta::unreadable);
        ObjectNode json = Json.read(text).orElseThrow(Meta::unreadable);
        Members members = new Members(json, Kind.INVALID_ENTRY, WRITTEN);
        Draft draft = new Draft(
                Values.tags(members.strings("tags"), Draft.TAGS_MAX),
                new Lifetime(members.msOrNever("revalidate"), members.msOrNever("expire")),
                Values.ageMs(members.ms("age", 0)),
                members.text("asOf").map(Values::ticket),
                members.text("lease").map(token -> Values.lease(key, token)),
                Values.type(members.text("type").orElse(Draft.OCTETS)),
                json.has("attributes") ? attributes(text) : "",
                frame.body());
        return fitting(draft);
    }

    private static Problem unreadable() {
        return new Problem(Kind.DAMAGED_FRAME, "meta is a JSON object in UTF-8, without repeated members");
    }

    /** The same draft, if the meta of its answers will fit. */
    static Draft fitting(Draft draft) {
        int bytes = json(json -> lasting(json, draft.tags(), draft.lifetime(), draft.type(), draft.attributes()))
                .length();
        if (bytes > Frame.META_BYTES_MAX - READ_BYTES) {
            throw new Problem(
                    Kind.INVALID_ENTRY,
                    "tags and attributes take at most " + (Frame.META_BYTES_MAX - READ_BYTES) + " bytes as JSON, not "
                            + bytes);
        }
        return draft;
    }

    /* As it was sent, so that numbers keep their digits and strings their escapes. */
    private static String attributes(String text) {
        try (JsonParser parser = Json.MAPPER.createParser(text)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean found = parser.currentName().equals("attributes");
                parser.nextToken();
                int from = (int) parser.currentTokenLocation().getCharOffset();
                parser.skipChildren();
                parser.finishToken();
                if (found) {
                    return text.substring(from, (int) parser.currentLocation().getCharOffset());
                }
            }
            throw new IllegalStateException("the attributes have gone");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * What a read found.
     *
     * @param etag what the reader has in hand, without quotes
     * @param place up to where the invalidations are known that it was judged by
     */
    static Frame frame(Found found, Optional<String> etag, Place place) {
        if (found.entry().isEmpty()) {
            return new Frame(json(json -> missing(json, found)), Body.EMPTY);
        }
        Entry entry = found.entry().get();
        boolean known = etag.isPresent() && etag.get().equals(entry.etag());
        return new Frame(json(json -> served(json, found, entry, known, place)), known ? Body.EMPTY : entry.body());
    }

    /** What took the place of an entry. */
    static Frame frame(Problem problem) {
        return new Frame(
                json(json -> {
                    json.writeNumberField("status", problem.type().status);
                    json.writeStringField(
                            "problem", Problem.TYPES + problem.type().text());
                }),
                Body.EMPTY);
    }

    private static void missing(JsonGenerator json, Found found) throws IOException {
        json.writeNumberField("status", 404);
        tags(json, List.of());
        turn(json, found);
    }

    private static void served(JsonGenerator json, Found found, Entry entry, boolean known, Place place)
            throws IOException {
        json.writeNumberField("status", known ? 304 : 200);
        json.writeStringField("state", found.state());
        if (found.freshness().isStale()) {
            json.writeStringField("reason", found.freshness() == Freshness.STALE_BY_TAG ? "tag" : "time");
        }
        seconds(json, "age", found.ageMs());
        json.writeStringField("etag", entry.etag());
        json.writeStringField("detail", found.detail());
        if (!place.isNone()) {
            json.writeStringField("known", place.text());
        }
        lasting(json, entry.tags(), entry.lifetime(), entry.type(), entry.attributes());
        turn(json, found);
    }

    /* What stays as it was written. */
    private static void lasting(JsonGenerator json, List<Tag> tags, Lifetime lifetime, String type, String attributes)
            throws IOException {
        tags(json, tags);
        if (lifetime.revalidateMs() != Lifetime.NEVER) {
            seconds(json, "revalidate", lifetime.revalidateMs());
        }
        if (lifetime.expireMs() != Lifetime.NEVER) {
            seconds(json, "expire", lifetime.expireMs());
        }
        json.writeStringField("type", type);
        if (!attributes.isEmpty()) {
            json.writeFieldName("attributes");
            json.writeRawValue(attributes);
        }
    }

    private static void tags(JsonGenerator json, List<Tag> tags) throws IOException {
        json.writeArrayFieldStart("tags");
        for (Tag tag : tags) {
            json.writeString(tag.text());
        }
        json.writeEndArray();
    }

    private static void turn(JsonGenerator json, Found found) throws IOException {
        if (found.collapsed()) {
            json.writeBooleanField("collapsed", true);
        }
        if (found.ticket().isPresent()) {
            json.writeStringField("asOf", found.ticket().get().toString());
        }
        if (found.turn().isEmpty()) {
            return;
        }
        json.writeObjectFieldStart("lease");
        switch (found.turn().get()) {
            case Turn.Lead lead -> {
                json.writeStringField("role", "leader");
                json.writeStringField(
                        "token", LeaseToken.of(found.key(), lead.token()).toString());
                seconds(json, "ttl", lead.ttlMs());
            }
            case Turn.Follow follow -> {
                json.writeStringField("role", "follower");
                seconds(json, "ttl", follow.ttlMs());
            }
            case Turn.LookAgain again -> throw new IllegalStateException("a reader is not told to look again");
        }
        json.writeEndObject();
    }

    private static void seconds(JsonGenerator json, String name, long ms) throws IOException {
        json.writeFieldName(name);
        json.writeNumber(Seconds.text(ms));
    }

    private static Buffer json(Writing members) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator json = Json.MAPPER.createGenerator(bytes)) {
            json.writeStartObject();
            members.to(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Buffer.buffer(bytes.toByteArray());
    }
}
