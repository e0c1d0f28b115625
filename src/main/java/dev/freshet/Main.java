package dev.freshet;

import ch.qos.logback.classic.Level;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.dns.AddressResolverOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.transport.Transport;
import java.io.Console;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process: its exit codes, its signals, and what it waits for. */
public final class Main {
    static final int EXIT_CHECK = 1;
    static final int EXIT_USAGE = 64;
    static final int EXIT_FAULT = 70;
    static final int EXIT_ADDRESS = 77;
    static final int EXIT_CONFIG = 78;

    /** What serving tells in place of an exit code: the process lives on. */
    private static final int SERVING = -1;

    /** What a process that a signal ended tells, beside the signal's number. */
    private static final int SIGNALLED = 128;

    /** How long the parts may take to stop beside drain.timeout. */
    private static final long STOP_S_MAX = 3;

    /** A signal this soon after the first is the same one: a terminal tells the whole process group, whose leader tells on. */
    private static final long SAME_SIGNAL_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private static final long DOCTOR_S_MAX = 60;

    /** How old what is known of /etc/hosts may be. */
    private static final int HOSTS_REFRESH_MS = 1_000;

    private static final Map<String, Function<Config.Source, Integer>> COMMANDS =
            Map.of("serve", Main::serve, "doctor", Main::doctor, "healthcheck", Healthcheck::run);

    private Main() {}

    /** Does what the arguments say. */
    public static void main(String[] args) {
        int code = args.length > 1 || !COMMANDS.containsKey(command(args))
                ? Cli.of(System.getenv(), COMMANDS).execute(args)
                : runAlone(command(args));
        if (code != SERVING) {
            System.exit(code);
        }
    }

    private static String command(String[] args) {
        return args.length == 0 ? "serve" : args[0];
    }

    /*
     * A command without options needs no parser. That one takes longer than all else that a start does: its
     * class files are of a version that no AOT cache holds.
     */
    private static int runAlone(String command) {
        try {
            return Objects.requireNonNull(COMMANDS.get(command))
                    .apply(new Config.Source(Optional.empty(), System.getenv(), Map.of()));
        } catch (RuntimeException failed) {
            return Cli.failed(failed, new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        }
    }

    /* Names are looked up for each connection: where a name moves to the new master, a remembered address is the old one. */
    static VertxOptions options() {
        return new VertxOptions()
                .setEventLoopPoolSize(Runtime.getRuntime().availableProcessors())
                .setFileSystemOptions(new FileSystemOptions()
                        .setClassPathResolvingEnabled(false)
                        .setFileCachingEnabled(false))
                .setAddressResolverOptions(
                        new AddressResolverOptions().setCacheMaxTimeToLive(0).setHostsRefreshPeriod(HOSTS_REFRESH_MS));
    }

    private static int serve(Config.Source source) {
        Config.Loaded loaded = source.load();
        Config config = loaded.config();
        // Before the first logger: logback.xml reads it.
        System.setProperty("freshet.log.level", config.logLevel());
        System.setProperty("freshet.log.format", logFormat(config));
        Logger log = LoggerFactory.getLogger(Main.class);
        loaded.warnings().forEach(log::warn);
        checkHeap(log, config);
        Transport transport = transport(config);
        Freshet.start(vertx(transport), config, source.environment())
                .onSuccess(freshet -> {
                    heed(log, source, config, freshet);
                    String scheme = config.edge().tls().isPresent() ? "https://" : "http://";
                    log.info("Freshet {} on Java {}, {}", Version.TEXT, Runtime.version(), transport.name());
                    log.info("Store: {}", freshet.storeName());
                    log.info(
                            "Data on {}{}",
                            scheme,
                            new Form.Address(config.http().host(), freshet.port()));
                    log.info(
                            "Operations on {}{}",
                            scheme,
                            new Form.Address(config.ops().host(), freshet.adminPort()));
                })
                .onFailure(failed -> {
                    log.error("Freshet cannot start: {}", failed.getMessage());
                    if (failed instanceof StartException) {
                        System.exit(EXIT_ADDRESS);
                    }
                    log.error("This is a fault of Freshet", failed);
                    System.exit(EXIT_FAULT);
                });
        return SERVING;
    }

    /* Of the releases that this may run on some answer null for what is no terminal, others say so. */
    @SuppressWarnings("SystemConsoleNull")
    private static String logFormat(Config config) {
        Console console = System.console();
        boolean terminal = console != null && console.isTerminal();
        return config.logFormat().equals("auto") ? terminal ? "text" : "json" : config.logFormat();
    }

    private static void checkHeap(Logger log, Config config) {
        long kept = config.near().bytes() + (config.redis().isPresent() ? 0 : config.storeBytes());
        long heap = Runtime.getRuntime().maxMemory();
        if (kept > heap / 4 * 3) {
            log.warn("near.bytes and store.bytes may take {} MiB of a heap of {} MiB (-Xmx)", kept >> 20, heap >> 20);
        }
    }

    private static Vertx vertx(Transport transport) {
        return Vertx.builder().with(options()).withTransport(transport).build();
    }

    /* io_uring is not taken by itself: it has no Unix sockets, and many an operator rules it out. */
    private static Transport transport(Config config) {
        Transport wanted = switch (config.transport()) {
            case "epoll" -> Transport.EPOLL;
            case "io_uring" -> Transport.IO_URING;
            case "nio" -> Transport.NIO;
            default ->
                Stream.of(Transport.EPOLL, Transport.KQUEUE)
                        .filter(each -> each != null && each.available())
                        .findFirst()
                        .orElse(Transport.NIO);
        };
        if (wanted == null || !wanted.available()) {
            String why =
                    wanted == null ? "" : ": " + wanted.unavailabilityCause().getMessage();
            throw new ConfigException(List.of(
                    "transport: " + config.transport() + " cannot be had on this machine" + why + ": take auto"));
        }
        return wanted;
    }

    /* Each signal comes on a thread of its own, the one place that may wait. */
    private static void heed(Logger log, Config.Source source, Config config, Freshet freshet) {
        AtomicReference<@Nullable Long> firstNanos = new AtomicReference<>();
        Map.of("TERM", 15, "INT", 2)
                .forEach((name, number) -> Signals.on(name, () -> {
                    long nanos = System.nanoTime();
                    Long first = firstNanos.compareAndExchange(null, nanos);
                    if (first == null) {
                        stop(log, config.drain(), freshet);
                    } else if (nanos - first > SAME_SIGNAL_NANOS) {
                        Runtime.getRuntime().halt(SIGNALLED + number);
                    }
                }));
        Signals.on("HUP", () -> reload(log, source, config, freshet));
    }

    private static void stop(Logger log, DrainConfig drain, Freshet freshet) {
        log.info("Stopping");
        Duration most = drain.delay().plus(drain.timeout()).plusSeconds(STOP_S_MAX);
        try {
            freshet.leave().await(most.toMillis(), TimeUnit.MILLISECONDS);
            log.info("Stopped");
        } catch (Exception e) {
            log.warn("Not all was stopped within {} s", most.toSeconds());
        }
        Runtime.getRuntime().halt(0);
    }

    private static void reload(Logger log, Config.Source source, Config old, Freshet freshet) {
        try {
            Config next = source.load().config();
            freshet.reload(next.edge()).await(STOP_S_MAX, TimeUnit.SECONDS);
            if (LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME) instanceof ch.qos.logback.classic.Logger root) {
                root.setLevel(Level.toLevel(next.logLevel()));
            }
            log.info("The configuration is read anew: tokens, certificate and log level");
            if (!old.differsOnlyInWhatMayChange(next)) {
                log.warn("Other keys have changed, too: they wait for a restart");
            }
        } catch (ConfigException e) {
            log.error("The configuration is not read anew, the old one holds: {}", String.join("; ", e.problems()));
        } catch (Exception e) {
            log.error("The configuration is not read anew, the old one holds: {}", e.getMessage());
        }
    }

    private static int doctor(Config.Source source) {
        Config config = source.load().config();
        System.setProperty("freshet.log.level", "error");
        Vertx vertx = vertx(transport(config));
        try {
            Doctor.Report report = new Doctor(vertx, config).examine().await(DOCTOR_S_MAX, TimeUnit.SECONDS);
            report.lines().forEach(System.out::println);
            return report.isWell() ? 0 : EXIT_CHECK;
        } catch (Exception e) {
            System.err.println("The doctor did not finish: " + e.getMessage());
            return EXIT_FAULT;
        } finally {
            vertx.close();
        }
    }
}
