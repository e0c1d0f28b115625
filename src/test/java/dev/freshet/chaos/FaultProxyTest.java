package dev.freshet.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.chaos.FaultProxy.Rule;
import dev.freshet.chaos.FaultProxy.Way;
import dev.freshet.chaos.FaultProxy.Which;
import dev.freshet.testing.Futures;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FaultProxyTest {
    private static final String SUBSCRIBE = "*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n";
    private static final int ANSWER_MS_MAX = 5_000;
    private static final int SILENCE_MS = 50;

    private ServerSocket server;
    private Thread accepting;
    private FaultProxy proxy;

    /** The server's ends of the connections, oldest first. */
    private final BlockingQueue<Socket> accepted = new LinkedBlockingQueue<>();

    @BeforeEach
    void start() throws IOException {
        server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        proxy = new FaultProxy(server.getLocalPort());
        accepting = Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    accepted.add(server.accept());
                }
            } catch (IOException e) {
                // The test is over.
            }
        });
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        server.close();
    }

    @Test
    void pass_isTheRuleFromTheBeginning() throws Exception {
        Pair pair = new Pair();

        pair.fromClient("there");
        pair.fromServer("and back");
    }

    @Test
    void cut_resetsBothSides() throws Exception {
        Pair pair = new Pair();

        assertThat(proxy.cut(Which.ALL)).isEqualTo(1);

        assertThatThrownBy(() -> pair.client.getInputStream().read()).isInstanceOf(SocketException.class);
        assertThatThrownBy(() -> pair.server.getInputStream().read()).isInstanceOf(SocketException.class);
        assertThat(proxy.connections(Which.ALL)).isZero();
    }

    @Test
    void cut_ofTheBus_leavesTheOthers() throws Exception {
        Pair commands = new Pair();
        Pair bus = new Pair();
        bus.fromClient(SUBSCRIBE);

        assertThat(proxy.cut(Which.BUS)).isEqualTo(1);

        assertThatThrownBy(() -> bus.client.getInputStream().read()).isInstanceOf(SocketException.class);
        commands.fromServer("alive");
    }

    @Test
    void severed_resetsEachNewBusOnceItSubscribes() throws Exception {
        Pair old = new Pair();
        old.fromClient(SUBSCRIBE);
        proxy.rule(Rule.severed(Which.BUS));
        assertThatThrownBy(() -> old.client.getInputStream().read()).isInstanceOf(SocketException.class);

        Pair fresh = new Pair();
        fresh.fromClient("*1\r\n$4\r\nPING\r\n");
        fresh.client.getOutputStream().write(SUBSCRIBE.getBytes(StandardCharsets.US_ASCII));

        assertThatThrownBy(() -> fresh.client.getInputStream().read()).isInstanceOf(SocketException.class);
    }

    @Test
    void refuse_leavesNobodyListening_untilAccept() throws Exception {
        Pair old = new Pair();
        proxy.refuse();
        Futures.until(FaultProxyTest.this::isRefused);
        old.fromClient("alive");

        proxy.accept();

        new Pair().fromClient("alive");
    }

    private boolean isRefused() throws Exception {
        try {
            new Pair();
            return false;
        } catch (ConnectException refused) {
            return true;
        }
    }

    @Test
    void held_inOneWay_deliversWhatWasSentOnceItIsLetGo() throws Exception {
        Pair pair = new Pair();
        proxy.rule(Rule.held(Which.ALL, Way.TO_CLIENT));
        pair.fromClient("heard");
        pair.server.getOutputStream().write("one two".getBytes(StandardCharsets.US_ASCII));
        pair.isSilent(pair.client);

        proxy.rule(Rule.PASS);

        assertThat(pair.read(pair.client, 7)).isEqualTo("one two");
    }

    @Test
    void held_bus_holdsAConnectionThatSubscribesOnlyThen() throws Exception {
        proxy.rule(Rule.held(Which.BUS, Way.BOTH));
        Pair commands = new Pair();
        commands.fromClient("alive");
        Pair bus = new Pair();
        bus.client.getOutputStream().write(SUBSCRIBE.getBytes(StandardCharsets.US_ASCII));

        bus.isSilent(bus.server);
        assertThat(proxy.connections(Which.COMMANDS)).isEqualTo(1);
    }

    @Test
    void held_thenCut_deliversNothing() throws Exception {
        Pair pair = new Pair();
        proxy.rule(Rule.held(Which.ALL, Way.BOTH));
        pair.client.getOutputStream().write(1);
        proxy.cut(Which.ALL);

        assertThat(isOver(pair.server)).isTrue();
    }

    private static boolean isOver(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException reset) {
            return true;
        }
    }

    @Test
    void late_andNarrow_takeAtLeastTheirTime() throws Exception {
        Pair pair = new Pair();
        proxy.rule(Rule.late(Which.ALL, Duration.ofMillis(40), Duration.ofMillis(10)));
        assertThat(msOf(() -> pair.fromClient("late"))).isGreaterThanOrEqualTo(40);

        proxy.rule(Rule.narrow(Which.ALL, 100));
        assertThat(msOf(() -> pair.fromServer("five!"))).isGreaterThanOrEqualTo(50);
    }

    @Test
    void server_thatIsAway_resetsItsClients() throws Exception {
        server.close();
        accepting.join();

        assertThatThrownBy(() -> {
                    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
                        client.setSoTimeout(ANSWER_MS_MAX);
                        client.getInputStream().read();
                    }
                })
                .isInstanceOf(SocketException.class);
        Futures.until(() -> proxy.connections(Which.ALL) == 0);
    }

    private interface Step {
        void run() throws Exception;
    }

    private static long msOf(Step step) throws Exception {
        long from = System.nanoTime();
        step.run();
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - from);
    }

    /** Both ends of one connection through the proxy. */
    private final class Pair {
        final Socket client;
        final Socket server;

        Pair() throws Exception {
            client = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
            client.setSoTimeout(ANSWER_MS_MAX);
            server = accepted.poll(ANSWER_MS_MAX, TimeUnit.MILLISECONDS);
            server.setSoTimeout(ANSWER_MS_MAX);
        }

        void fromClient(String text) throws IOException {
            carries(client, server, text);
        }

        void fromServer(String text) throws IOException {
            carries(server, client, text);
        }

        private void carries(Socket from, Socket to, String text) throws IOException {
            from.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
            assertThat(read(to, text.length())).isEqualTo(text);
        }

        String read(Socket from, int count) throws IOException {
            return new String(from.getInputStream().readNBytes(count), StandardCharsets.US_ASCII);
        }

        void isSilent(Socket at) throws IOException {
            at.setSoTimeout(SILENCE_MS);
            assertThatThrownBy(() -> at.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            at.setSoTimeout(ANSWER_MS_MAX);
        }
    }
}
