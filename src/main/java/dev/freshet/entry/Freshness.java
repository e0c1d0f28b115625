package dev.freshet.entry;

import dev.freshet.tag.Mark;
import dev.freshet.tag.Marks;
import dev.freshet.tag.Tag;
import java.util.List;

/** How fresh an entry is. The only place that decides it. */
public enum Freshness {
    /** Serve it. */
    FRESH,
    /** Older than its revalidate time: serve it, and have somebody refresh it. */
    STALE_BY_TIME,
    /** A tag of it was softly invalidated: serve it, and have somebody refresh it. */
    STALE_BY_TAG,
    /** Do not serve it. */
    GONE;

    /** Whether it may be served, but wants a refresh. */
    public boolean isStale() {
        return this == STALE_BY_TIME || this == STALE_BY_TAG;
    }

    /**
     * Judges an entry.
     *
     * @param marks of its app
     * @param softTags what else the request depends on
     * @param nowMs ms of Redis time
     */
    public static Freshness of(Entry entry, Marks marks, List<Tag> softTags, long nowMs) {
        return of(entry, entry.asOf(), marks, softTags, nowMs);
    }

    /**
     * Judges an entry.
     *
     * @param asOf the entry's, as a stamp of the history that the marks are of
     * @param marks of its app
     * @param softTags what else the request depends on
     * @param nowMs ms of Redis time
     */
    public static Freshness of(Entry entry, long asOf, Marks marks, List<Tag> softTags, long nowMs) {
        Freshness byAge = byAge(entry, nowMs);
        if (byAge == GONE) {
            return GONE;
        }
        Freshness byTags = worse(byTags(entry.tags(), asOf, marks, nowMs), byTags(softTags, asOf, marks, nowMs));
        // The floor comes last: it rises before a mark is dropped, so who misses the mark meets the floor.
        if (asOf < marks.floor()) {
            return GONE;
        }
        return byTags == FRESH ? byAge : byTags;
    }

    /**
     * How fresh an entry is that the marks leave fresh.
     *
     * @param nowMs ms of Redis time
     */
    public static Freshness byAge(Entry entry, long nowMs) {
        long ageMs = entry.ageMs(nowMs);
        if (ageMs > entry.lifetime().expireMs()) {
            return GONE;
        }
        return ageMs > entry.lifetime().revalidateMs() ? STALE_BY_TIME : FRESH;
    }

    private static Freshness byTags(List<Tag> tags, long asOf, Marks marks, long nowMs) {
        Freshness worst = FRESH;
        for (Tag tag : tags) {
            Freshness one = byMark(marks.of(tag), asOf, nowMs);
            if (one == GONE) {
                return GONE;
            }
            worst = worse(worst, one);
        }
        return worst;
    }

    /**
     * What one mark makes of an entry.
     *
     * @param asOf the entry's, as a stamp of the history that the mark is of
     * @param nowMs ms of Redis time
     */
    public static Freshness byMark(Mark mark, long asOf, long nowMs) {
        if (mark.newest() <= asOf) {
            return FRESH;
        }
        return mark.ends(asOf, nowMs) ? GONE : STALE_BY_TAG;
    }

    private static Freshness worse(Freshness one, Freshness other) {
        return one.compareTo(other) >= 0 ? one : other;
    }
}
