package dev.freshet.ops;

/**
 * Where operators are answered.
 *
 * @param port 0 lets the system choose
 */
public record OpsConfig(String host, int port) {
    /** What an unconfigured gateway uses. */
    public static final OpsConfig DEFAULT = new OpsConfig("127.0.0.1", 8485);

    /** Checks the range. */
    public OpsConfig {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("admin.listen has a port from 0 to 65535, was " + port);
        }
    }
}
