package dev.freshet;

/** Why a gateway did not start. */
public final class StartException extends RuntimeException {
    private static final long serialVersionUID = 1;

    StartException(String message, Throwable cause) {
        super(message, cause);
    }
}
