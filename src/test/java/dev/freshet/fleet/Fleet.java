package dev.freshet.fleet;

import dev.freshet.testing.GatewayProcess;
import dev.freshet.testing.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A Redis, three gateway replicas, three Next.js processes of one build, and the origin they render from.
 *
 * <pre>
 *    next-1      next-2      next-3
 *       |           |           |
 *   gateway-1   gateway-2   gateway-3
 *            \      |      /
 *                 Redis
 * </pre>
 */
final class Fleet implements AutoCloseable {

    /** The app's name at the gateway. A Redis that outlives this run may hold what another left. */
    static final String APP = "fleet-" + System.currentTimeMillis();

    /** Last started, first ended. */
    private final Deque<Runnable> endings = new ArrayDeque<>();

    private final Origin origin;
    private @Nullable StoredEntries stored;
    private final List<GatewayProcess> gateways = new ArrayList<>();
    private final List<NextServer> servers = new ArrayList<>();

    private Fleet() {
        origin = started(new Origin(), Origin::close);
    }

    /** The fleet of the picture. */
    static Fleet ofFreshet() {
        Path unused = NextBuild.made(NextBuild.Of.ALPHA); // with the machine to itself
        Fleet fleet = new Fleet();
        fleet.orClose(() -> {
            RedisServer redis = fleet.started(RedisServer.start(), RedisServer::close);
            fleet.stored = fleet.started(new StoredEntries(redis.uri()), StoredEntries::close);
            for (int i = 1; i <= 3; i++) {
                fleet.addGateway("gateway-" + i, redis);
            }
            fleet.gateways.forEach(GatewayProcess::awaitReady);
            for (int i = 1; i <= 3; i++) {
                fleet.addServer(
                        "next-" + i, NextBuild.Of.ALPHA, fleet.gateway(i).url());
            }
            fleet.servers.forEach(NextServer::awaitReady);
        });
        return fleet;
    }

    /** Three processes with the handlers that are built into Next, and no gateway. */
    static Fleet ofBuiltInHandlers() {
        Fleet fleet = new Fleet();
        fleet.orClose(() -> {
            fleet.addServer("built-in-1", NextBuild.Of.BUILT_IN, "");
            fleet.addServer("built-in-2", NextBuild.Of.BUILT_IN, "");
            fleet.addServer("built-in-3", NextBuild.Of.BUILT_IN, "");
            fleet.servers.forEach(NextServer::awaitReady);
        });
        return fleet;
    }

    private void orClose(Runnable start) {
        try {
            start.run();
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private void addGateway(String name, RedisServer redis) {
        gateways.add(started(new GatewayProcess(name, redis.uri(), NextBuild.LOGS), GatewayProcess::close));
    }

    private void addServer(String name, NextBuild.Of build, String gatewayUrl) {
        servers.add(started(new NextServer(name, build, gatewayUrl, origin.url()), NextServer::close));
    }

    private <T> T started(T part, Consumer<T> end) {
        endings.push(() -> end.accept(part));
        return part;
    }

    /** Starts one more process, of another deployment, on the second gateway. It is the caller's to close. */
    NextServer startBeta() {
        return ready(new NextServer("next-beta", NextBuild.Of.BETA, gateway(2).url(), origin.url()));
    }

    /** Starts one more process, whose Next keeps nothing in memory, on the second gateway. It is the caller's to close. */
    NextServer startWithoutMemory() {
        return ready(new NextServer(
                "next-without-memory", NextBuild.Of.ALPHA, gateway(2).url(), origin.url(), Map.of("MEMORY", "0")));
    }

    /** Starts one more process, which gives its gateway, at {@code gatewayUrl}, so long. It is the caller's to close. */
    NextServer startAt(String gatewayUrl, Duration deadline) {
        return ready(new NextServer(
                "next-on-a-bad-line",
                NextBuild.Of.ALPHA,
                gatewayUrl,
                origin.url(),
                Map.of("FRESHET_DEADLINE_MS", Long.toString(deadline.toMillis()))));
    }

    private static NextServer ready(NextServer server) {
        try {
            return server.awaitReady();
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    Origin origin() {
        return origin;
    }

    /** What Redis holds of the app. */
    StoredEntries stored() {
        return Objects.requireNonNull(stored);
    }

    /** How many callers wait for a leader, at all gateways. */
    long waiters() {
        return gateways.stream().mapToLong(GatewayProcess::waiters).sum();
    }

    List<GatewayProcess> gateways() {
        return gateways;
    }

    /** @param number from 1 */
    GatewayProcess gateway(int number) {
        return gateways.get(number - 1);
    }

    /** @param number from 1 */
    NextServer server(int number) {
        return servers.get(number - 1);
    }

    List<NextServer> servers() {
        return servers;
    }

    /** What each process shows for {@code path}, asked one after the other. */
    List<String> values(String path) {
        return servers.stream().map(server -> server.get(path).value()).toList();
    }

    /** The end of each process's output. */
    String tails() {
        return Stream.concat(
                        gateways.stream().map(GatewayProcess::tail),
                        servers.stream().map(NextServer::tail))
                .collect(Collectors.joining("\n"));
    }

    @Override
    public void close() {
        while (!endings.isEmpty()) {
            endings.pop().run();
        }
    }
}
