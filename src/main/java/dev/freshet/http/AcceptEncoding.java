package dev.freshet.http;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What content codings a reader takes (RFC 9110 §12.5.3). What cannot be read of it counts as not said. */
final class AcceptEncoding {
    private static final String IDENTITY = "identity";
    private static final String ANY = "*";

    /** A coding, and its weight. */
    private static final Pattern MEMBER = Pattern.compile(
            "([A-Za-z0-9!#$%&'*+.^_`|~-]++)(?:[ \\t]*+;[ \\t]*+[qQ]=(0(?:\\.[0-9]{0,3})?|1(?:\\.0{0,3})?))?");

    private AcceptEncoding() {}

    /** Whether a body may be sent in a coding, and the reader would not rather have it as it came. */
    static boolean prefers(String text, String coding) {
        Map<String, Double> weights = weights(text);
        double weight = weights.getOrDefault(coding, weights.getOrDefault(ANY, 0.0));
        return weight > 0 && weight >= weights.getOrDefault(IDENTITY, 0.0);
    }

    private static Map<String, Double> weights(String text) {
        Map<String, Double> weights = new HashMap<>();
        for (String each : text.split(",", -1)) {
            Matcher member = MEMBER.matcher(each.strip());
            if (member.matches()) {
                String weight = member.group(2);
                weights.put(
                        member.group(1).toLowerCase(Locale.ROOT), weight == null ? 1.0 : Double.parseDouble(weight));
            }
        }
        return weights;
    }
}
