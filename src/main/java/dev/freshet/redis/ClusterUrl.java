package dev.freshet.redis;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A URL that names nodes of a Redis Cluster: {@code redis+cluster://[user[:password]@]host[:port],…}, or {@code
 * rediss+cluster://…} for TLS. Those that are named tell of all others.
 *
 * @param scheme of each node's URL
 * @param credentials the user and the password for every node as they stand in the URL, with the @; empty for none
 * @param seeds as {@code host:port}, 1 to {@value SentinelUrl#SENTINELS_MAX}
 * @param database as it stands in the URL; empty if it names none
 */
public record ClusterUrl(String scheme, String credentials, List<String> seeds, String database) {
    private static final String PORT = "6379";
    private static final Pattern FORM = Pattern.compile("(rediss?)\\+cluster://([^@/]*@)?([^@/]+)(?:/(\\d{0,5}))?");

    /** Reads one; empty for what is none. */
    public static Optional<ClusterUrl> parse(String url) {
        Matcher matcher = FORM.matcher(url);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        return SentinelUrl.addresses(matcher.group(3), PORT)
                .map(seeds -> new ClusterUrl(
                        matcher.group(1),
                        matcher.group(2) == null ? "" : matcher.group(2),
                        seeds,
                        matcher.group(4) == null ? "" : matcher.group(4)));
    }

    /** Whether the database is one that a cluster has: the first. */
    boolean isFirstDatabase() {
        return database.isEmpty() || database.equals("0");
    }

    /** The URL of a node. */
    public String of(String node) {
        return scheme + "://" + credentials + node;
    }
}
