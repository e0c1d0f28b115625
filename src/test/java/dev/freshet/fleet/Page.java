package dev.freshet.fleet;

import java.net.http.HttpResponse;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An answer of the app, as HTML or JSON: the value that it shows, and the build that made it. */
public record Page(String url, int status, String value, String build, String cache, String control, String body) {

    private static final Pattern HTML = Pattern.compile("data-value=\"([^\"]*)\" data-build=\"([^\"]*)\"");
    private static final Pattern JSON = Pattern.compile("\"value\":\"([^\"]*)\",\"build\":\"([^\"]*)\"");

    Page(String url, HttpResponse<String> answer) {
        this(
                url,
                answer.statusCode(),
                shown(answer.body(), 1),
                shown(answer.body(), 2),
                answer.headers().firstValue("x-nextjs-cache").orElse(""),
                answer.headers().firstValue("cache-control").orElse(""),
                answer.body());
    }

    /** The value that a body shows. */
    static String value(String body) {
        return shown(body, 1);
    }

    private static String shown(String body, int group) {
        Matcher html = HTML.matcher(body);
        if (html.find()) {
            return html.group(group);
        }
        Matcher json = JSON.matcher(body);
        return json.find() ? json.group(group) : "(nothing)";
    }

    /** Without the body, which is long. */
    @Override
    public String toString() {
        return url + " " + status + " " + value + " of " + build + (cache.isEmpty() ? "" : ", " + cache);
    }
}
