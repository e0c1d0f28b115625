package dev.freshet.store;

/** The store did not do what it was asked: it cannot be reached, is too slow, or refused. Try again later. */
public final class StoreException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Says what was being done. */
    public StoreException(String message, Throwable cause) {
        super(message, cause);
    }

    /** Says what was being done. */
    public StoreException(String message) {
        super(message);
    }
}
