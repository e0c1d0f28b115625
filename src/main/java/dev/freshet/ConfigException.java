package dev.freshet;

import java.util.List;

/** Values that the gateway cannot run with: all of them at once, secrets masked. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final List<String> problems;

    ConfigException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    /** One line each. */
    public List<String> problems() {
        return problems;
    }
}
