package dev.freshet.gateway;

import dev.freshet.entry.Entry;
import dev.freshet.entry.Freshness;
import dev.freshet.lease.Holder;
import dev.freshet.tag.Mark;
import dev.freshet.tag.Tag;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Why an entry is served or not, for who looks into it.
 *
 * @param found the entry, if there is one
 * @param holder of the lease to refresh it, if anybody
 */
public record Why(Optional<Judged> found, Optional<Holder> holder) {

    /** What made it so. */
    public enum Reason {
        /** Nothing: it is fresh. */
        NONE,
        /** It is older than its lifetime allows. */
        TIME,
        /** A tag of it was invalidated since. */
        TAG,
        /** It is older than what is remembered of invalidations. */
        FLOOR
    }

    /**
     * An entry and what was found of it.
     *
     * @param asOf the stamp that its tags are held against
     * @param ageMs how old it is
     * @param tags its own, in their order, and what each makes of it
     */
    public record Judged(
            Entry entry, long asOf, long ageMs, Freshness freshness, Reason reason, Map<Tag, Effect> tags) {}

    /**
     * What a tag makes of an entry.
     *
     * @param freshness GONE if it ends the entry, STALE_BY_TAG if it makes it stale
     */
    public record Effect(Mark mark, Freshness freshness) {}

    static Judged judge(Coherence app, Entry entry, Freshness freshness, long nowMs) {
        long asOf = app.asOf(entry.epoch(), entry.asOf());
        Map<Tag, Effect> tags = new LinkedHashMap<>();
        for (Tag tag : entry.tags()) {
            Mark mark = app.of(tag);
            tags.put(tag, new Effect(mark, Freshness.byMark(mark, asOf, nowMs)));
        }
        return new Judged(entry, asOf, entry.ageMs(nowMs), freshness, reason(entry, freshness, tags, nowMs), tags);
    }

    private static Reason reason(Entry entry, Freshness freshness, Map<Tag, Effect> tags, long nowMs) {
        if (freshness == Freshness.FRESH) {
            return Reason.NONE;
        }
        if (tags.values().stream().anyMatch(effect -> effect.freshness == freshness)) {
            return Reason.TAG;
        }
        return Freshness.byAge(entry, nowMs) == freshness ? Reason.TIME : Reason.FLOOR;
    }
}
