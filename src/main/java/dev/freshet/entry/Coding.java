package dev.freshet.entry;

/** How the bytes of a body are kept. */
public enum Coding {
    /** As they came. */
    NONE,
    /** Compressed, as one frame of Zstandard (RFC 8878). */
    ZSTD
}
