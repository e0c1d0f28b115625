package dev.freshet;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The texts that were given for keys, where each came from, and what is wrong with them. Later layers win. */
final class Settings {
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** Variables that the Next.js adapter reads, in the same environment. */
    static final Set<String> ADAPTER_VARIABLES = Set.of(
            "FRESHET_URL",
            "FRESHET_APP",
            "FRESHET_DEADLINE_MS",
            "FRESHET_WAIT_MS",
            "FRESHET_INVALIDATE_MS",
            "FRESHET_EARLY",
            "FRESHET_NEAR_MAX_BYTES",
            "FRESHET_COHERENCE",
            "FRESHET_TOKEN",
            "FRESHET_TOKEN_FILE",
            "FRESHET_CA_FILE",
            "FRESHET_CERT_FILE",
            "FRESHET_KEY_FILE");

    private static final Pattern SECRET = Pattern.compile("freshet_[a-z0-9-]+_\\S+");

    /** Every key, with those that name a file, and what each is of. */
    private static final Map<String, Setting<?>> KEYS = keys();

    private static Map<String, Setting<?>> keys() {
        Map<String, Setting<?>> keys = new TreeMap<>();
        for (Setting<?> setting : Setting.ALL) {
            keys.put(setting.key(), setting);
            if (setting.isSecret()) {
                keys.put(setting.fileKey(), setting);
            }
        }
        return keys;
    }

    private final Map<String, Given> given = new HashMap<>();
    private final Map<String, String> defaults = new HashMap<>();
    private final List<String> problems = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    /**
     * A text and its origin.
     *
     * @param origin a file or a variable
     */
    private record Given(String text, String origin) {}

    /** Adds a file's values. */
    void file(Path file) {
        JsonNode root;
        try {
            root = YAML.readTree(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            // Only the place: the parser's message quotes the line, which may hold a password.
            int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
            problems.add(file + ": line " + line + " is not YAML, or repeats a key");
            return;
        } catch (IOException e) {
            problems.add(file + ": cannot be read (" + e.getClass().getSimpleName() + ")");
            return;
        }
        if (root.isObject()) {
            flatten("", root, file.toString());
        } else if (!root.isMissingNode() && !root.isNull()) {
            problems.add(file + ": is not a list of keys with values");
        }
    }

    /* Both spellings of YAML mean the same key: "near.bytes: 1GiB", and bytes below near. */
    private void flatten(String prefix, JsonNode node, String file) {
        node.properties().forEach(field -> {
            String key = prefix + field.getKey();
            JsonNode value = field.getValue();
            if (value.isObject()) {
                flatten(key + ".", value, file);
            } else if (value.isArray()) {
                problems.add(file + ": " + key + " has a list; it has one value");
            } else if (!value.isNull()) {
                fromFile(key, value.asText().strip(), file);
            }
        });
    }

    private void fromFile(String key, String text, String file) {
        Setting<?> setting = KEYS.get(key);
        if (setting == null) {
            problems.add(file + ": there is no key " + key
                    + suggestion(key, KEYS.keySet().stream().toList()));
        } else if (given.containsKey(setting.key())) {
            problems.add(file + ": " + setting.key() + " is given twice");
        } else {
            give(key, text, file);
        }
    }

    /* A key that ends in -file names where its value stands. */
    private void give(String key, String text, String origin) {
        Setting<?> setting = Objects.requireNonNull(KEYS.get(key));
        if (key.equals(setting.key())) {
            given.put(key, new Given(text, origin));
            return;
        }
        try {
            given.put(setting.key(), new Given(Files.readString(Path.of(text)).strip(), text + ", " + origin));
        } catch (IOException | InvalidPathException e) {
            problems.add(key + ": " + text + " cannot be read (" + e.getClass().getSimpleName() + ") (" + origin + ")");
        }
    }

    /** Adds what the environment says. An empty variable is as good as none. */
    void environment(Map<String, String> environment) {
        Map<String, String> known = new TreeMap<>();
        KEYS.keySet().forEach(key -> known.put(Setting.variable(key), key));
        new TreeMap<>(environment).forEach((variable, text) -> {
            String key = known.get(variable);
            if (key != null && !text.isBlank()) {
                give(key, text.strip(), variable);
            } else if (key == null && isUnknown(variable)) {
                warnings.add("The environment variable " + variable + " means nothing to Freshet"
                        + suggestion(variable, known.keySet().stream().toList()));
            }
        });
    }

    /** Adds what the command line says. */
    void flags(Map<String, String> flags) {
        new TreeMap<>(flags).forEach((key, text) -> give(key, text.strip(), "--" + key));
    }

    /** Every key that may be given, with those that name a file. */
    static Set<String> keysThatMayBeGiven() {
        return KEYS.keySet();
    }

    private static boolean isUnknown(String variable) {
        return variable.startsWith("FRESHET_")
                && !variable.startsWith("FRESHET_TEST_")
                && !ADAPTER_VARIABLES.contains(variable);
    }

    /** The value of a key, or {@code fallback} if there is none or it is wrong. */
    <T> T get(Setting<T> setting, T fallback) {
        defaults.put(setting.key(), setting.form().shown().apply(fallback));
        return find(setting).orElse(fallback);
    }

    /** What holds for each key, once all were asked for, and by what: a line each, secrets masked. */
    List<String> effective() {
        return Setting.ALL.stream()
                .map(setting -> {
                    Given text = given.get(setting.key());
                    String value = text == null ? defaults.getOrDefault(setting.key(), "") : shown(setting, text);
                    return setting.key() + ": " + value + (value.isEmpty() ? "" : " ") + "# "
                            + (text == null ? "default" : text.origin);
                })
                .toList();
    }

    private static String shown(Setting<?> setting, Given text) {
        return setting.equals(Setting.ACCESS_TOKENS) ? "***" : masked(text.text);
    }

    /** The value of a key that may be left out. */
    <T> Optional<T> find(Setting<T> setting) {
        Given text = given.get(setting.key());
        if (text == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(setting.form().parse(text.text));
        } catch (IllegalArgumentException e) {
            String was = setting.equals(Setting.ACCESS_TOKENS)
                    ? ": " + e.getMessage()
                    : ", was \"" + masked(text.text) + "\"";
            problems.add(setting.key() + " is " + setting.form().range() + was + " (" + text.origin + ")");
            return Optional.empty();
        }
    }

    /** What {@code build} makes of values that go together. What it refuses is a problem with all of {@code keys}. */
    <T> @Nullable T together(Supplier<T> build, Setting<?>... keys) {
        try {
            return build.get();
        } catch (IllegalArgumentException e) {
            problem(String.valueOf(e.getMessage()), keys);
            return null;
        }
    }

    /** Adds a problem that the values have together, with where the named ones came from. */
    void problem(String problem, Setting<?>... keys) {
        problems.add(problem + origins(keys));
    }

    private String origins(Setting<?>... keys) {
        List<String> origins = new ArrayList<>();
        for (Setting<?> setting : keys) {
            Given text = given.get(setting.key());
            origins.add(
                    setting.key() + " is " + (text == null ? "the default" : masked(text.text) + " by " + text.origin));
        }
        return " (" + String.join(", ", origins) + ")";
    }

    /** What is wrong. */
    List<String> problems() {
        return problems;
    }

    /** What is odd, but does no harm. */
    List<String> warnings() {
        return warnings;
    }

    /** A value as it may be shown: without what may be a password, whichever key it was given for. */
    static String masked(String given) {
        String text = SECRET.matcher(given).replaceAll("***");
        int from = text.indexOf("//") + 1;
        int at = text.lastIndexOf('@');
        String shown = at < 0 ? text : text.substring(0, from > 0 ? from + 1 : 0) + "***" + text.substring(at);
        int query = shown.indexOf('?');
        return query < 0 ? shown : shown.substring(0, query) + "?***";
    }

    /** What may have been meant, as the end of a message; empty if nothing is near. */
    static String suggestion(String name, List<String> known) {
        return known.stream()
                .min(Comparator.comparingInt(other -> distance(name, other)))
                .filter(nearest -> distance(name, nearest) <= Math.max(2, name.length() / 4))
                .map(nearest -> ": did you mean " + nearest + "?")
                .orElse("");
    }

    /* Levenshtein's: how many letters must be added, removed or changed. */
    private static int distance(String one, String other) {
        int[] row = IntStream.rangeClosed(0, other.length()).toArray();
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                int changed = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[other.length()];
    }
}
