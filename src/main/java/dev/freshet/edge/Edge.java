package dev.freshet.edge;

import dev.freshet.edge.EdgeMeters.Refusal;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.core.http.impl.VertxHttpRequestDecoder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;

/** The connections of one server: how many there are, and that none keeps it waiting. Belongs to the server's event loop. */
public final class Edge {
    /** The first line and the headers of a request, in bytes, each. */
    public static final int HEADER_BYTES_MAX = 16 << 10;

    private static final int BACKLOG = 1_024;

    private final EdgeConfig config;
    private final int connectionsMax;
    private final EdgeMeters meters;
    private final HttpServerOptions options;
    private final Map<StrictDecoder, HttpConnection> connections = new HashMap<>();

    /**
     * Lets in as many connections as may be.
     *
     * @param connectionsMax of all servers that share {@code meters}
     * @param clients whether they must have a certificate, where there is a CA for them
     */
    public Edge(EdgeConfig config, int connectionsMax, ClientAuth clients, EdgeMeters meters) {
        this.config = config;
        this.connectionsMax = connectionsMax;
        this.meters = meters;
        this.options = new HttpServerOptions()
                .setIdleTimeout((int) config.idleTimeout().toMillis())
                .setIdleTimeoutUnit(TimeUnit.MILLISECONDS)
                .setMaxHeaderSize(HEADER_BYTES_MAX)
                .setMaxInitialLineLength(HEADER_BYTES_MAX)
                .setInitialSettings(new Http2Settings()
                        .setMaxConcurrentStreams(config.streamsMax())
                        .setMaxHeaderListSize(HEADER_BYTES_MAX))
                .setHttp2ClearTextEnabled(false)
                .setPerFrameWebSocketCompressionSupported(false)
                .setPerMessageWebSocketCompressionSupported(false)
                .setAcceptBacklog(BACKLOG)
                .setTcpNoDelay(true)
                .setStrictThreadMode(true);
        config.tls().ifPresent(tls -> tls.apply(options, clients));
    }

    /** How the server is to be made. */
    public HttpServerOptions options() {
        return options;
    }

    /** What is counted here. */
    public EdgeMeters meters() {
        return meters;
    }

    /** How often {@link #sweep} is to be called, in ms. */
    public long sweepMs() {
        return Math.min(1_000, config.headTimeout().toMillis() / 4);
    }

    /**
     * Takes a connection on, or closes it.
     *
     * @param shortcut what answers its requests before they are read, if anything does
     */
    public void guard(HttpConnection connection, Optional<Shortcut> shortcut) {
        if (!meters.opened(connectionsMax)) {
            connection.close();
            return;
        }
        ChannelPipeline pipeline =
                ((HttpServerConnection) connection).channelHandlerContext().pipeline();
        if (pipeline.get(VertxHttpRequestDecoder.class) == null) {
            Http2ConnectionHandler handler = pipeline.get(Http2ConnectionHandler.class);
            shortcut.ifPresent(answers -> StreamRepeats.install(handler, answers));
            connection.closeHandler(closed -> meters.closed());
            return;
        }
        Optional<Repeats> repeats = shortcut.map(Repeats::new);
        StrictDecoder decoder = new StrictDecoder(options, repeats);
        pipeline.replace(VertxHttpRequestDecoder.class, "httpDecoder", decoder);
        repeats.ifPresent(answers -> pipeline.addAfter("httpEncoder", "repeats", answers));
        connections.put(decoder, connection);
        connection.closeHandler(closed -> {
            meters.closed();
            connections.remove(decoder);
        });
    }

    /** Refuses who has no certificate, where there is a CA for clients. */
    public void checkCertificate(HttpConnection connection) {
        if (config.tls().flatMap(Tls::clientCa).isEmpty()) {
            return;
        }
        try {
            connection.peerCertificates();
        } catch (SSLPeerUnverifiedException none) {
            throw Denied.certificate();
        }
    }

    /** Ends the connections whose request takes too long to arrive. */
    public void sweep() {
        long nowNanos = System.nanoTime();
        List<HttpConnection> late = new ArrayList<>();
        connections.forEach((decoder, connection) -> {
            if (decoder.isLate(nowNanos, config)) {
                late.add(connection);
            }
        });
        late.forEach(connection -> {
            meters.refused(Refusal.SLOW);
            connection.close();
        });
    }
}
