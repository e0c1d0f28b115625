package dev.freshet.edge;

/** The forms of a Host: a name or an address, and a port. */
final class Hosts {
    private static final String NAME = "abcdefghijklmnopqrstuvwxyz0123456789.-_ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private static final int PORT_MAX = 65_535;

    private Hosts() {}

    /** Whether it is of one of them. Without a word, too, as RFC 9112 has it for what has no authority. */
    static boolean isProper(String host) {
        boolean isAddress = host.startsWith("[");
        int end = isAddress ? host.indexOf(']') + 1 : host.indexOf(':');
        int to = end < 0 ? host.length() : end;
        if (isAddress && to == 0) {
            return false;
        }
        for (int i = 0; i < to; i++) {
            char c = host.charAt(i);
            boolean ofAddress = isAddress && (i == 0 || i == to - 1 || c == ':' || c == '%');
            if (!ofAddress && NAME.indexOf(c) < 0) {
                return false;
            }
        }
        return to == host.length() || (host.charAt(to) == ':' && isPort(host, to + 1));
    }

    private static boolean isPort(String host, int from) {
        int port = 0;
        for (int i = from; i < host.length(); i++) {
            char c = host.charAt(i);
            if (c < '0' || c > '9' || port > PORT_MAX) {
                return false;
            }
            port = 10 * port + c - '0';
        }
        return port <= PORT_MAX;
    }
}
