package dev.freshet.bench;

import com.sun.management.ThreadMXBean;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import org.jspecify.annotations.Nullable;

/** A server process of a bench, on loopback. It is ended by {@link #close}, and at the latest when this JVM ends. */
final class Child implements AutoCloseable {
    private static final long READY_S_MAX = 30;

    private final Process process;
    private final int port;
    private final String adminListen;
    private @Nullable ThreadMXBean threads;

    private Child(int port, Map<String, String> environment, List<String> command) throws IOException {
        this.port = port;
        this.adminListen = environment.getOrDefault("FRESHET_ADMIN_LISTEN", "");
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.startsWith("FRESHET_"));
        builder.environment().putAll(environment);
        builder.redirectErrorStream(true);
        File log = new File("bench/target", "child-" + port + ".log");
        process = builder.redirectOutput(log).start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    }

    /**
     * A redis-server without persistence.
     *
     * @param cpu the one it is pinned to, below 0 for none
     */
    static Child redis(int cpu) throws IOException, InterruptedException {
        int port = freePort();
        List<String> command = pinned(cpu);
        command.addAll(List.of("redis-server", "--port", Integer.toString(port), "--bind", "127.0.0.1"));
        command.addAll(List.of("--save", "", "--appendonly", "no", "--maxclients", "10000"));
        return new Child(port, Map.of(), command).ready(port);
    }

    /** A replica: the jar that is shipped, in 256 MiB. */
    static Child replica(Child redis, int cpu) throws IOException, InterruptedException {
        return replica(redis, cpu, Map.of());
    }

    /** A replica that is configured by {@code environment}. */
    static Child replica(Child redis, int cpu, Map<String, String> environment)
            throws IOException, InterruptedException {
        return replica(redis, cpu, "256m", environment);
    }

    /** The same with a heap of so much. */
    static Child replica(Child redis, int cpu, String heap, Map<String, String> environment)
            throws IOException, InterruptedException {
        int port = freePort();
        int adminPort = freePort();
        List<String> command = pinned(cpu);
        command.addAll(List.of(Processes.java(), "-Xmx" + heap, "-jar", "target/freshet.jar"));
        Map<String, String> all = new HashMap<>(environment);
        all.put("FRESHET_LISTEN", "127.0.0.1:" + port);
        all.put("FRESHET_ADMIN_LISTEN", "127.0.0.1:" + adminPort);
        all.put("FRESHET_REDIS_URL", redis.url());
        return new Child(port, all, command).ready(port).served(all);
    }

    /** Makes the command of a server that listens on a port. */
    interface Listening {
        List<String> on(String port) throws IOException;
    }

    /** Any server, on a port of its own. */
    static Child serving(int cpu, Listening server) throws IOException, InterruptedException {
        int port = freePort();
        List<String> command = pinned(cpu);
        command.addAll(server.on(Integer.toString(port)));
        return new Child(port, Map.of(), command).ready(port);
    }

    /** The processor time that it and whatever it started have taken. */
    double cpuSeconds() {
        return Machine.cpuSeconds(Stream.concat(Stream.of(process.toHandle()), process.descendants()));
    }

    /** The bytes that the threads of its JVM have allocated on the heap. */
    @SuppressWarnings("BanJNDI") // it listens to this machine alone, and is of our own starting
    long allocatedBytes() throws IOException {
        if (threads == null) {
            try {
                VirtualMachine machine = VirtualMachine.attach(Long.toString(pid()));
                threads = ManagementFactory.newPlatformMXBeanProxy(
                        JMXConnectorFactory.connect(new JMXServiceURL(machine.startLocalManagementAgent()))
                                .getMBeanServerConnection(),
                        ManagementFactory.THREAD_MXBEAN_NAME,
                        ThreadMXBean.class);
                machine.detach();
            } catch (AttachNotSupportedException e) {
                throw new IOException(e);
            }
        }
        return threads.getTotalThreadAllocatedBytes();
    }

    /** The most memory that it has had resident, in MiB. */
    double residentMib() throws IOException {
        String status = Files.readString(Path.of("/proc", Long.toString(pid()), "status"));
        return Long.parseLong(status.replaceAll("(?s).*VmHWM:\\s+(\\d+) kB.*", "$1")) / 1_024.0;
    }

    private static List<String> pinned(int cpu) {
        return new ArrayList<>(cpu < 0 ? List.of() : List.of("taskset", "-c", Integer.toString(cpu)));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private Child ready(int answering) throws IOException, InterruptedException {
        long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_S_MAX);
        while (true) {
            try {
                new Socket(InetAddress.getLoopbackAddress(), answering).close();
                return this;
            } catch (IOException e) {
                if (!process.isAlive() || System.nanoTime() > endNanos) {
                    close();
                    throw new IOException(
                            "no server on port " + answering + ": see bench/target/child-" + port + ".log", e);
                }
                Thread.sleep(20);
            }
        }
    }

    /* A port is open before what is behind it is warm. */
    private Child served(Map<String, String> environment) throws IOException, InterruptedException {
        ProcessBuilder asking = new ProcessBuilder(Processes.java(), "-jar", "target/freshet.jar", "healthcheck");
        asking.environment().putAll(environment);
        asking.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
        long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_S_MAX);
        while (asking.start().waitFor() != 0) {
            if (!process.isAlive() || System.nanoTime() > endNanos) {
                close();
                throw new IOException("not ready: see bench/target/child-" + port + ".log");
            }
        }
        return this;
    }

    int port() {
        return port;
    }

    long pid() {
        return process.pid();
    }

    /** Where a replica tells its metrics. */
    String metricsUrl() {
        return "http://" + adminListen + "/metrics";
    }

    String url() {
        return "redis://127.0.0.1:" + port;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
