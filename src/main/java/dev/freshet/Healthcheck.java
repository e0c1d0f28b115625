package dev.freshet;

import dev.freshet.edge.Tls;
import dev.freshet.ops.OpsConfig;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Asks the replica that runs with the same configuration whether it is ready, for containers without another client. */
final class Healthcheck {
    private static final int TIMEOUT_MS = 2_000;

    private Healthcheck() {}

    static int run(Config.Source source) {
        Config config = source.load().config();
        String address = address(config.ops());
        try {
            int status = status(config, address);
            System.out.println("readyz at " + address + " answers " + status);
            return status == 200 ? 0 : Main.EXIT_CHECK;
        } catch (IOException | GeneralSecurityException e) {
            System.out.println("readyz at " + address + " does not answer (" + e.getMessage() + ")");
            return Main.EXIT_CHECK;
        }
    }

    /* What listens on every address listens on the loopback one. */
    private static String address(OpsConfig ops) {
        String host = ops.host();
        try {
            InetAddress any = InetAddress.ofLiteral(host);
            host = any.isAnyLocalAddress() ? any instanceof java.net.Inet6Address ? "::1" : "127.0.0.1" : host;
        } catch (IllegalArgumentException name) {
            // A name stays one.
        }
        return new Form.Address(host, ops.port()).toString();
    }

    private static int status(Config config, String address) throws IOException, GeneralSecurityException {
        String scheme = config.edge().tls().isPresent() ? "https://" : "http://";
        HttpURLConnection connection = (HttpURLConnection)
                URI.create(scheme + address + "/readyz").toURL().openConnection();
        connection.setConnectTimeout(TIMEOUT_MS);
        connection.setReadTimeout(TIMEOUT_MS);
        if (connection instanceof HttpsURLConnection https) {
            https.setSSLSocketFactory(
                    trusting(config.edge().tls().orElseThrow()).getSocketFactory());
            https.setHostnameVerifier((host, session) -> true);
        }
        return connection.getResponseCode();
    }

    /* The certificate itself is trusted, whichever name it is for: it is the one of this configuration. */
    private static SSLContext trusting(Tls tls) throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry(
                "own",
                CertificateFactory.getInstance("X.509")
                        .generateCertificate(new ByteArrayInputStream(tls.cert().getBytes())));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), new SecureRandom());
        return context;
    }
}
