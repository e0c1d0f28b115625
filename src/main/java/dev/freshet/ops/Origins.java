package dev.freshet.ops;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import java.net.URI;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Whether a browser asks on behalf of this server's own page. */
final class Origins {
    /*
     * A page of somebody else can have a browser send requests here, and that is all: it may neither read
     * the answers nor set the headers of its choice. Unless it was loaded from a name of its own that has
     * come to mean this address since (DNS rebinding): then it is of the same origin, and what gives it
     * away is that name. An address means itself, and a name that ends in localhost this machine.
     */

    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");

    private Origins() {}

    /** Whether a request is addressed to an address, to this machine, or to the host that is listened on. */
    static boolean isAddressedHere(HttpServerRequest request, String listening) {
        HostAndPort authority = request.authority();
        String host = authority == null ? "" : authority.host().toLowerCase(Locale.ROOT);
        return IPV4.matcher(host).matches()
                || host.startsWith("[")
                || host.equals("localhost")
                || host.endsWith(".localhost")
                || host.equals(listening.toLowerCase(Locale.ROOT));
    }

    /** Whether a request comes from a page of the same origin, or from no page at all. */
    static boolean isOfOwnPage(HttpServerRequest request) {
        String site = request.getHeader("Sec-Fetch-Site");
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        return (site == null || site.equals("same-origin")) && (origin == null || isSame(origin, request.authority()));
    }

    private static boolean isSame(String origin, @Nullable HostAndPort authority) {
        if (authority == null) {
            return false;
        }
        try {
            URI uri = URI.create(origin);
            int port = uri.getPort() < 0 ? standardPort(origin) : uri.getPort();
            int asked = authority.port() < 0 ? standardPort(origin) : authority.port();
            return authority.host().equalsIgnoreCase(uri.getHost()) && port == asked;
        } catch (IllegalArgumentException unreadable) {
            return false;
        }
    }

    private static int standardPort(String origin) {
        return origin.startsWith("https:") ? 443 : 80;
    }
}
