package dev.freshet.entry;

/** A frame that is damaged, cut short, or none. */
public final class FrameException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    FrameException(String message) {
        super(message);
    }
}
