package dev.freshet.tag;

/** The marks of an app's tags, as far back as the floor. */
public interface Marks {
    /** The mark of a tag, {@link Mark#NONE} if none is remembered. */
    Mark of(Tag tag);

    /** The stamp below which invalidations may have been forgotten. */
    long floor();
}
