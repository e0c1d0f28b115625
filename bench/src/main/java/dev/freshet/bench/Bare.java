package dev.freshet.bench;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.transport.Transport;

/** The ceiling: a Vert.x server that answers every request with the same bytes, and does nothing else. */
public final class Bare {
    private Bare() {}

    /** Serves on the loopback interface: port, bytes, epoll or io_uring, and the files of a certificate and of its key, if by TLS. */
    public static void main(String[] args) {
        Vertx vertx = Vertx.builder()
                .with(new VertxOptions().setEventLoopPoolSize(1))
                .withTransport(args[2].equals("io_uring") ? Transport.IO_URING : Transport.EPOLL)
                .build();
        Buffer body = Buffer.buffer(new byte[Integer.parseInt(args[1])]);
        CharSequence length = HttpHeaders.createOptimized(args[1]);
        CharSequence type = HttpHeaders.createOptimized("application/octet-stream");
        HttpServerOptions options = new HttpServerOptions();
        if (args.length > 3) {
            options.setSsl(true)
                    .setUseAlpn(true)
                    .setKeyCertOptions(new PemKeyCertOptions().setCertPath(args[3]).setKeyPath(args[4]));
        }
        vertx.createHttpServer(options)
                .requestHandler(request -> request.response()
                        .putHeader(HttpHeaders.CONTENT_TYPE, type)
                        .putHeader(HttpHeaders.CONTENT_LENGTH, length)
                        .end(body))
                .listen(Integer.parseInt(args[0]), "127.0.0.1")
                .await();
    }
}
