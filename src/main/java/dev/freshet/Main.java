package dev.freshet;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process: its arguments, its exit codes, its signals. */
public final class Main {
    /** How long a stop may take. */
    private static final long STOP_S_MAX = 20;

    private static final int EXIT_USAGE = 64;
    private static final int EXIT_FAULT = 70;
    private static final int EXIT_ADDRESS = 77;
    private static final int EXIT_CONFIG = 78;

    private static final String USAGE = """
            Usage: java -jar freshet.jar [--config FILE]

              --config FILE   read this file, not conf/freshet.yaml
              --version       print the version
              --help          print this

            Every key of the file may be given in the environment too: near.max-age is FRESHET_NEAR_MAX_AGE.
            """;

    private Main() {}

    /** Runs until it is told to stop. */
    public static void main(String[] args) {
        List<String> arguments = List.of(args);
        if (arguments.equals(List.of("--help"))) {
            System.out.print(USAGE);
        } else if (arguments.equals(List.of("--version"))) {
            System.out.println("freshet " + Version.TEXT);
        } else if (arguments.isEmpty()) {
            run(Optional.empty());
        } else if (arguments.size() == 2 && arguments.getFirst().equals("--config")) {
            run(Optional.of(Path.of(arguments.getLast())));
        } else {
            end(EXIT_USAGE, USAGE.stripTrailing());
        }
    }

    private static void run(Optional<Path> file) {
        try {
            start(Config.load(file, System.getenv()));
        } catch (ConfigException e) {
            end(EXIT_CONFIG, "Freshet cannot start with this configuration:\n  " + String.join("\n  ", e.problems()));
        }
    }

    private static void start(Config.Loaded loaded) {
        Config config = loaded.config();
        // Before the first logger: logback.xml reads it.
        System.setProperty("freshet.log.level", config.logLevel());
        Logger log = LoggerFactory.getLogger(Main.class);
        loaded.warnings().forEach(log::warn);
        checkHeap(log, config);
        Vertx vertx = Vertx.vertx(new VertxOptions()
                .setPreferNativeTransport(true)
                .setEventLoopPoolSize(Runtime.getRuntime().availableProcessors())
                .setFileSystemOptions(new FileSystemOptions()
                        .setClassPathResolvingEnabled(false)
                        .setFileCachingEnabled(false)));
        Freshet.start(vertx, config)
                .onSuccess(freshet -> {
                    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(log, freshet), "stop"));
                    log.info("Freshet {} on Java {}", Version.TEXT, Runtime.version());
                    log.info("Store: {}", freshet.storeName());
                    log.info("Data on {}", address(config.http().host(), freshet.port()));
                    log.info("Operations on {}", address(config.ops().host(), freshet.adminPort()));
                })
                .onFailure(failed -> {
                    log.error("Freshet cannot start: {}", failed.getMessage());
                    if (failed instanceof StartException) {
                        System.exit(EXIT_ADDRESS);
                    }
                    log.error("This is a fault of Freshet", failed);
                    System.exit(EXIT_FAULT);
                });
    }

    private static void checkHeap(Logger log, Config config) {
        long kept = config.near().bytes() + (config.redis().isPresent() ? 0 : config.storeBytes());
        long heap = Runtime.getRuntime().maxMemory();
        if (kept > heap / 4 * 3) {
            log.warn("near.bytes and store.bytes may take {} MiB of a heap of {} MiB (-Xmx)", kept >> 20, heap >> 20);
        }
    }

    private static String address(String host, int port) {
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    /* On the thread of the shutdown hook, the one place that may wait. A JVM ended by a signal would exit with 143. */
    private static void stop(Logger log, Freshet freshet) {
        log.info("Stopping");
        try {
            freshet.stop().await(STOP_S_MAX, TimeUnit.SECONDS);
            log.info("Stopped");
        } catch (Exception e) {
            log.warn("Not all was stopped within {} s", STOP_S_MAX);
        }
        Runtime.getRuntime().halt(0);
    }

    private static void end(int code, String why) {
        PrintStream err = System.err;
        err.println(why);
        err.flush();
        System.exit(code);
    }
}
