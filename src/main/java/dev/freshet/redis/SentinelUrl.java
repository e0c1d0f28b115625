package dev.freshet.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A URL that names Sentinels and what they call the master: {@code redis+sentinel://[user[:password]@]host[:port],…/master[/db]},
 * or {@code rediss+sentinel://…} for TLS to them and to Redis.
 *
 * @param scheme of the master's URL, and of the Sentinels'
 * @param credentials the user and the password for Redis as they stand in the URL, with the @; empty for none
 * @param sentinels as {@code host:port}, 1 to {@value #SENTINELS_MAX}
 * @param database as it stands in the URL, with the slash; empty for the first
 */
public record SentinelUrl(String scheme, String credentials, List<String> sentinels, String master, String database) {
    static final int SENTINELS_MAX = 16;

    private static final String PORT = "26379";
    private static final Pattern FORM =
            Pattern.compile("(rediss?)\\+sentinel://([^@/]*@)?([^@/]+)/([A-Za-z0-9._-]{1,128})(/\\d{1,5})?");
    private static final Pattern ADDRESS = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[^\\[\\]:\\s]+)(?::(\\d{1,5}))?");

    /** Whether a URL begins like one that names Sentinels. */
    static boolean isMeant(String url) {
        return url.startsWith("redis+sentinel://") || url.startsWith("rediss+sentinel://");
    }

    /** Reads one; empty for what is none. */
    public static Optional<SentinelUrl> parse(String url) {
        Matcher matcher = FORM.matcher(url);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        return addresses(matcher.group(3), PORT)
                .map(sentinels -> new SentinelUrl(
                        matcher.group(1),
                        matcher.group(2) == null ? "" : matcher.group(2),
                        sentinels,
                        matcher.group(4),
                        matcher.group(5) == null ? "" : matcher.group(5)));
    }

    /** Reads {@code host[:port],…}, 1 to {@value #SENTINELS_MAX}, as {@code host:port}; empty for what is none. */
    static Optional<List<String>> addresses(String list, String usualPort) {
        List<String> addresses = new ArrayList<>();
        for (String text : list.split(",", -1)) {
            Matcher address = ADDRESS.matcher(text);
            if (!address.matches() || addresses.size() == SENTINELS_MAX) {
                return Optional.empty();
            }
            String port = address.group(2) == null ? usualPort : address.group(2);
            if (Integer.parseInt(port) > 65_535) {
                return Optional.empty();
            }
            addresses.add(address.group(1) + ":" + port);
        }
        return Optional.of(List.copyOf(addresses));
    }

    /** The URL of a Sentinel, without a password. */
    String of(String sentinel) {
        return scheme + "://" + sentinel;
    }

    /** The URL of the master, if that is there. */
    public String of(String host, int port) {
        return scheme + "://" + credentials + (host.contains(":") ? "[" + host + "]" : host) + ":" + port + database;
    }
}
