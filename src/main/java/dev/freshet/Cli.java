package dev.freshet;

import dev.freshet.edge.Scope;
import dev.freshet.edge.Token;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line. What runs or waits is in {@link Main}. */
@Command(
        name = "freshet",
        description = "A cache gateway. Without a command it serves.",
        synopsisSubcommandLabel = "[COMMAND]",
        footer = {
            "",
            "Every key of conf/freshet.yaml may be given by --KEY VALUE too, such as --near.bytes 1GiB,",
            "and in the environment: near.max-age is FRESHET_NEAR_MAX_AGE."
        })
final class Cli implements Callable<Integer> {
    private final Map<String, String> environment;
    private final Map<String, String> flags = new TreeMap<>();
    private final Map<String, Function<Config.Source, Integer>> commands;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            scope = ScopeType.INHERIT,
            description = "read this file, not conf/freshet.yaml")
    private @Nullable Path file;

    private Cli(Map<String, String> environment, Map<String, Function<Config.Source, Integer>> commands) {
        this.environment = environment;
        this.commands = commands;
    }

    /**
     * Reads arguments.
     *
     * @param commands what runs "serve", "doctor" and "healthcheck", and tells the exit code
     */
    static CommandLine of(Map<String, String> environment, Map<String, Function<Config.Source, Integer>> commands) {
        Cli cli = new Cli(environment, commands);
        CommandLine line = new CommandLine(cli);
        CommandSpec root = line.getCommandSpec().version("freshet " + Version.TEXT);
        root.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .scopeType(ScopeType.INHERIT)
                .description("print this")
                .build());
        root.addOption(OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("print the version")
                .build());
        Settings.keysThatMayBeGiven().forEach(key -> root.addOption(cli.flag(key)));
        line.addSubcommand(new CommandLine(cli.new Tokens()));
        return line.setExecutionExceptionHandler((failed, failing, parsed) -> failed(failed, failing.getErr()))
                .setParameterExceptionHandler(Cli::misread);
    }

    private OptionSpec flag(String key) {
        return OptionSpec.builder("--" + key)
                .type(String.class)
                .arity("1")
                .hidden(true)
                .scopeType(ScopeType.INHERIT)
                .setter(new ISetter() {
                    @Override
                    public <T> @Nullable T set(T value) {
                        if (value != null) {
                            flags.put(key, value.toString());
                        }
                        return null;
                    }
                })
                .build();
    }

    private static int misread(ParameterException wrong, String[] arguments) {
        PrintWriter err = wrong.getCommandLine().getErr();
        if (wrong instanceof UnmatchedArgumentException unknown) {
            String first = unknown.getUnmatched().getFirst();
            List<String> known = Stream.concat(
                            Settings.keysThatMayBeGiven().stream().map("--"::concat),
                            wrong.getCommandLine().getSubcommands().keySet().stream())
                    .toList();
            err.println("There is no " + first + Settings.suggestion(first, known));
        } else {
            err.println(wrong.getMessage());
        }
        wrong.getCommandLine().usage(err);
        err.flush();
        return Main.EXIT_USAGE;
    }

    /** Says why a command failed, and tells the exit code. */
    static int failed(Exception failed, PrintWriter err) {
        if (failed instanceof ConfigException wrong) {
            err.println("Freshet cannot start with this configuration:\n  " + String.join("\n  ", wrong.problems()));
            err.flush();
            return Main.EXIT_CONFIG;
        }
        err.println("This is a fault of Freshet:");
        failed.printStackTrace(err);
        err.flush();
        return Main.EXIT_FAULT;
    }

    private Config.Source source() {
        return new Config.Source(Optional.ofNullable(file), environment, flags);
    }

    private int run(String command) {
        return commands.getOrDefault(command, none -> Main.EXIT_USAGE).apply(source());
    }

    private PrintWriter out() {
        if (spec == null) {
            throw new IllegalStateException("not parsed");
        }
        return spec.commandLine().getOut();
    }

    @Override
    public Integer call() {
        return serve();
    }

    @Command(name = "serve", description = "serve until told to stop")
    int serve() {
        return run("serve");
    }

    @Command(name = "config", description = "print what holds for each key, and where it came from, secrets masked")
    int config() {
        source().explain().forEach(out()::println);
        return 0;
    }

    @Command(name = "check-config", description = "say whether the configuration can be used")
    int checkConfig() {
        source().load().warnings().forEach(warning -> out().println("warning: " + warning));
        out().println("The configuration can be used");
        return 0;
    }

    @Command(name = "doctor", description = "look whether Redis is as Freshet needs it")
    int doctor() {
        return run("doctor");
    }

    @Command(name = "healthcheck", description = "ask the replica that is configured alike whether it is ready")
    int healthcheck() {
        return run("healthcheck");
    }

    @Command(name = "version", description = "print the version")
    int version() {
        out().println("freshet " + Version.TEXT);
        return 0;
    }

    /** The tokens of clients. */
    @Command(name = "token", description = "make tokens")
    final class Tokens implements Callable<Integer> {
        @Spec
        private @Nullable CommandSpec own;

        @Override
        public Integer call() {
            throw wrong("say: token new");
        }

        private ParameterException wrong(String why) {
            return new ParameterException(own == null ? new CommandLine(this) : own.commandLine(), why);
        }

        @Command(name = "new", description = "make one: its secret, shown only now, and its line for access.tokens")
        int make(
                @Option(names = "--id", required = true, paramLabel = "ID", description = "its name in the log")
                        String id,
                @Option(
                                names = "--apps",
                                defaultValue = "*",
                                paramLabel = "APPS",
                                description = "whose entries it is for, with commas; * for all")
                        String apps,
                @Option(
                                names = "--scopes",
                                defaultValue = "entries:read,entries:write,tags:invalidate,events:read",
                                paramLabel = "SCOPES",
                                description = "what it is good for, with commas: ${DEFAULT-VALUE}")
                        String scopes) {
            try {
                Token.Minted minted = Token.mint(id, split(apps), Scope.parse(scopes));
                out().println("secret: " + minted.secret());
                out().println("access.tokens: " + minted.token().line());
                return 0;
            } catch (IllegalArgumentException e) {
                throw wrong("a token: " + e.getMessage());
            }
        }

        private static Set<String> split(String list) {
            return Arrays.stream(list.split(",", -1)).collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
