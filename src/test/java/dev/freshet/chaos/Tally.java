package dev.freshet.chaos;

import io.vertx.redis.client.Response;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a Redis says that it has done. */
final class Tally {
    private static final Pattern SCRIPTS = Pattern.compile("cmdstat_eval(?:sha)?:calls=(\\d+)");

    private Tally() {}

    /** How many scripts it has run for clients, by its {@code INFO commandstats}; those that it sent on or refused do not count. */
    static long scripts(Response info) {
        long all = 0;
        Matcher calls = SCRIPTS.matcher(info.toString());
        while (calls.find()) {
            all += Long.parseLong(calls.group(1));
        }
        return all;
    }
}
