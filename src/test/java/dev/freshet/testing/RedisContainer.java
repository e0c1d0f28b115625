package dev.freshet.testing;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.model.PortBinding;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/** A Redis in a container, bound to one port of the host so that it comes back where it was. */
final class RedisContainer extends RedisServer {

    private static final Duration READY_MAX = Duration.ofSeconds(10);

    private final int port = Ports.free();
    private final GenericContainer<?> container;

    @SuppressWarnings("resource") // closed by close()
    RedisContainer() {
        PortBinding binding = PortBinding.parse("127.0.0.1:" + port + ":6379");
        container = new GenericContainer<>(DockerImageName.parse("redis:7.4-alpine"))
                .withExposedPorts(6379)
                .withCommand("redis-server", "--save", "", "--appendonly", "no")
                .withCreateContainerCmdModifier(create -> create.getHostConfig().withPortBindings(binding));
        container.start();
    }

    @Override
    public String uri() {
        return "redis://127.0.0.1:" + port;
    }

    @Override
    public void freeze() {
        docker().pauseContainerCmd(container.getContainerId()).exec();
    }

    @Override
    public void thaw() {
        docker().unpauseContainerCmd(container.getContainerId()).exec();
    }

    @Override
    public void kill() {
        docker().killContainerCmd(container.getContainerId()).exec();
    }

    @Override
    public void restart() {
        docker().startContainerCmd(container.getContainerId()).exec();
        Awaitility.await().atMost(READY_MAX).until(() -> Ports.answers(port));
    }

    @Override
    public void close() {
        container.stop();
    }

    private DockerClient docker() {
        return container.getDockerClient();
    }
}
