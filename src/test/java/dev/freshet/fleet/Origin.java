package dev.freshet.fleet;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What the pages of the app are made from: a value for each key, as the test sets it, and a count of who asked. */
public final class Origin implements AutoCloseable {

    private static final long HOLD_SECONDS_MAX = 30;
    private static final String INITIAL = "initial";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /* Written by tests and by the threads of the server, read by both. */
    private final Map<String, String> values = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();
    private final Map<String, CountDownLatch> held = new ConcurrentHashMap<>();
    private final Map<String, Long> slow = new ConcurrentHashMap<>();
    private final Set<String> failing = ConcurrentHashMap.newKeySet();

    /** Starts it. */
    public Origin() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    /** {@code http://127.0.0.1:…}, where it answers. */
    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Has it answer with {@code value} from now on. */
    public void set(String key, String value) {
        values.put(key, value);
    }

    /** Makes each call for {@code key} take {@code ms}. */
    void slow(String key, long ms) {
        slow.put(key, ms);
    }

    /** Makes the next call for {@code key} fail, once it is let go. */
    void failNext(String key) {
        failing.add(key);
    }

    /** How often it was asked for {@code key}. */
    public int calls(String key) {
        return count(key).get();
    }

    /** Runs {@code meanwhile}; those who ask for {@code key} wait until it is done. */
    void hold(String key, Runnable meanwhile) {
        CountDownLatch latch = new CountDownLatch(1);
        held.put(key, latch);
        try {
            meanwhile.run();
        } finally {
            held.remove(key);
            latch.countDown();
        }
    }

    private AtomicInteger count(String key) {
        return calls.computeIfAbsent(key, k -> new AtomicInteger());
    }

    /** The value is read before the wait: an answer that was held is as old as its call. */
    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String key = exchange.getRequestURI().getPath().substring(1);
            count(key).incrementAndGet();
            byte[] value = values.getOrDefault(key, INITIAL).getBytes(StandardCharsets.UTF_8);
            boolean fails = failing.remove(key);
            Thread.sleep(slow.getOrDefault(key, 0L));
            CountDownLatch latch = held.get(key);
            if (latch != null) {
                boolean unused = latch.await(HOLD_SECONDS_MAX, TimeUnit.SECONDS);
            }
            exchange.sendResponseHeaders(fails ? 500 : 200, value.length);
            exchange.getResponseBody().write(value);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        held.values().forEach(CountDownLatch::countDown);
        server.stop(0);
        threads.shutdownNow();
    }
}
