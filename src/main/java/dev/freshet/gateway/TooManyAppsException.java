package dev.freshet.gateway;

/** This replica serves as many apps as it may. */
public final class TooManyAppsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    TooManyAppsException(int appsMax) {
        super("this replica serves " + appsMax + " apps already (limits.apps)");
    }
}
