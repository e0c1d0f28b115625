package dev.freshet;

import dev.freshet.edge.Token;
import dev.freshet.redis.ClusterUrl;
import dev.freshet.redis.SentinelUrl;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the text of a value is read.
 *
 * @param range what is allowed, in words that follow "is", as errors and the documents have it
 * @param parser throws an {@link IllegalArgumentException} for what is not allowed
 * @param shown how a value is written
 */
record Form<T>(String range, Function<String, T> parser, Function<T, String> shown) {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,18})(B|KiB|MiB|GiB|TiB|)");
    private static final long HOUR_MS = 3_600_000;
    private static final Pattern DURATION = Pattern.compile("(\\d{1,12})(ms|s|m|h)");
    private static final Pattern COUNT = Pattern.compile("\\d{1,18}");
    private static final Pattern ADDRESS = Pattern.compile("(?:\\[([0-9a-zA-Z:.%]+)]|([^\\[\\]:/\\s@]+)):(\\d{1,5})");

    private static final Pattern MODE = Pattern.compile("[0-7]{3}");

    /** What the kernel takes, with the zero at the end. */
    private static final int SOCKET_BYTES_MAX = 107;

    private Form(String range, Function<String, T> parser) {
        this(range, parser, String::valueOf);
    }

    /** An address to listen on. */
    record Address(String host, int port) {
        /** As in a URL. */
        @Override
        public String toString() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }

        /** Whether nobody on another machine can reach it. A name is taken at its word only if it is localhost. */
        boolean isLoopback() {
            try {
                return host.equals("localhost") || InetAddress.ofLiteral(host).isLoopbackAddress();
            } catch (IllegalArgumentException name) {
                return false;
            }
        }
    }

    static final Form<Address> ADDRESS_FORM = new Form<>(
            "host:port with a port from 0 (any) to 65535, such as 127.0.0.1:8484 or [::]:8484", Form::parseAddress);

    static final Form<String> REDIS_URL_FORM = new Form<>(
            "redis://[user[:password]@]host[:port][/db], rediss://…, unix:///path, redis+sentinel://host[:port],…/master or redis+cluster://host[:port],…",
            Form::parseRedisUrl);

    static final Form<List<Token>> TOKENS_FORM = new Form<>(
            "lines of ID sha256:HASH APPS SCOPES, as freshet token new prints them, of an id each",
            Form::parseTokens,
            tokens -> tokens.isEmpty() ? "" : "***");

    static final Form<Boolean> FLAG_FORM = oneOf("true", "false").map(Boolean::valueOf);

    static final Form<Path> SOCKET_FORM =
            new Form<>("the path of a Unix socket, of at most " + SOCKET_BYTES_MAX + " bytes", Form::parseSocket);

    static final Form<String> MODE_FORM = new Form<>(
            "three octal digits, such as 660", text -> matched(MODE, text).group());

    /**
     * A file.
     *
     * @param held what is in it
     */
    static Form<Path> file(String held) {
        return new Form<>("a file: " + held, Form::parsePath);
    }

    /**
     * The same, of which more is to be said.
     *
     * @param more goes on where its range ends
     */
    Form<T> and(String more) {
        return new Form<>(range + more, parser, shown);
    }

    /** The same text, read further. */
    <U> Form<U> map(Function<T, U> further) {
        return new Form<>(range, parser.andThen(further), String::valueOf);
    }

    /** Throws an {@link IllegalArgumentException} for what is not allowed. */
    T parse(String text) {
        return parser.apply(text);
    }

    static Form<Long> size(String least, String most) {
        return between(least, most, Form::parseSize, Form::showSize);
    }

    static Form<Duration> duration(String least, String most) {
        return between(least, most, Form::parseDuration, Form::showDuration);
    }

    static Form<Integer> count(String least, String most) {
        return between(least, most, Form::parseCount, String::valueOf);
    }

    static Form<String> oneOf(String... words) {
        List<String> allowed = List.of(words);
        return new Form<>(String.join(", ", words), text -> {
            if (!allowed.contains(text)) {
                throw new IllegalArgumentException(text);
            }
            return text;
        });
    }

    private static <T extends Comparable<T>> Form<T> between(
            String least, String most, Function<String, T> parser, Function<T, String> shown) {
        T min = parser.apply(least);
        T max = parser.apply(most);
        Function<String, T> ranged = text -> {
            T value = parser.apply(text);
            if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
                throw new IllegalArgumentException(text);
            }
            return value;
        };
        return new Form<>(least + " to " + most, ranged, shown);
    }

    private static String showSize(long bytes) {
        int unit = 4;
        while (unit > 0 && (bytes == 0 || bytes % (1L << (10 * unit)) != 0)) {
            unit--;
        }
        return (bytes >> (10 * unit)) + List.of("", "KiB", "MiB", "GiB", "TiB").get(unit);
    }

    private static String showDuration(Duration time) {
        long ms = time.toMillis();
        if (ms % HOUR_MS == 0 && ms > HOUR_MS) {
            return ms / HOUR_MS + "h";
        }
        return ms % 1_000 == 0 && ms > 0 ? ms / 1_000 + "s" : ms + "ms";
    }

    private static long parseSize(String text) {
        Matcher matcher = matched(SIZE, text);
        int shift = switch (matcher.group(2)) {
            case "KiB" -> 10;
            case "MiB" -> 20;
            case "GiB" -> 30;
            case "TiB" -> 40;
            default -> 0;
        };
        long number = Long.parseLong(matcher.group(1));
        if (number > Long.MAX_VALUE >> shift) {
            throw new IllegalArgumentException(text);
        }
        return number << shift;
    }

    private static Duration parseDuration(String text) {
        Matcher matcher = matched(DURATION, text);
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "h" -> Duration.ofHours(number);
            case "m" -> Duration.ofMinutes(number);
            case "s" -> Duration.ofSeconds(number);
            default -> Duration.ofMillis(number);
        };
    }

    private static int parseCount(String text) {
        return Integer.parseInt(matched(COUNT, text).group());
    }

    private static Address parseAddress(String text) {
        Matcher matcher = matched(ADDRESS, text);
        int port = Integer.parseInt(matcher.group(3));
        if (port > 65_535) {
            throw new IllegalArgumentException(text);
        }
        return new Address(matcher.group(1) != null ? matcher.group(1) : matcher.group(2), port);
    }

    private static List<Token> parseTokens(String text) {
        List<Token> tokens = text.lines()
                .flatMap(line -> Arrays.stream(line.split(";", -1)))
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .map(Token::parse)
                .toList();
        if (tokens.isEmpty() || tokens.stream().map(Token::id).distinct().count() < tokens.size()) {
            throw new IllegalArgumentException("each has an id of its own, and there is one at least");
        }
        return tokens;
    }

    private static Path parsePath(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("no path", e);
        }
    }

    private static Path parseSocket(String text) {
        if (text.getBytes(StandardCharsets.UTF_8).length > SOCKET_BYTES_MAX) {
            throw new IllegalArgumentException("too long");
        }
        return parsePath(text);
    }

    private static String parseRedisUrl(String text) {
        if (SentinelUrl.parse(text).isPresent() || ClusterUrl.parse(text).isPresent()) {
            return text;
        }
        try {
            URI uri = new URI(text);
            boolean isThere = switch (String.valueOf(uri.getScheme())) {
                case "redis", "rediss" -> uri.getHost() != null && uri.getPort() <= 65_535;
                case "unix" ->
                    uri.getHost() == null && !String.valueOf(uri.getPath()).equals("/");
                default -> false;
            };
            if (!isThere || uri.getFragment() != null) {
                throw new IllegalArgumentException("no Redis URL");
            }
            return text;
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("no URL", e);
        }
    }

    private static Matcher matched(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(text);
        }
        return matcher;
    }
}
