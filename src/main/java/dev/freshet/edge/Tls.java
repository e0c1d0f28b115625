package dev.freshet.edge;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.ServerSSLOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A certificate with its key, and whose certificates clients need: as read, and found to fit.
 *
 * @param cert the chain in PEM, the server's own first
 * @param key PKCS#8 in PEM
 * @param clientCa absent if clients need no certificate
 * @param notAfter when the server's own ends
 */
public record Tls(Buffer cert, Buffer key, Optional<Buffer> clientCa, Instant notAfter) {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
    private static final byte[] PROBE = new byte[32];

    /**
     * Reads the files.
     *
     * @throws IllegalArgumentException that names the key of the configuration, and never quotes a file
     */
    public static Tls read(Path cert, Path key, Optional<Path> clientCa) {
        Buffer chain = bytes("tls.cert", cert);
        Buffer secret = bytes("tls.key", key);
        X509Certificate own = certificates("tls.cert", chain).getFirst();
        checkPair(own, privateKey(secret, own.getPublicKey().getAlgorithm()));
        Optional<Buffer> ca = clientCa.map(path -> bytes("tls.client-ca", path));
        ca.ifPresent(pem -> certificates("tls.client-ca", pem));
        return new Tls(chain, secret, ca, own.getNotAfter().toInstant());
    }

    private static Buffer bytes(String name, Path path) {
        try {
            return Buffer.buffer(Files.readAllBytes(path));
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    name + ": " + path + " cannot be read (" + e.getClass().getSimpleName() + ")", e);
        }
    }

    private static List<X509Certificate> certificates(String name, Buffer pem) {
        try {
            Collection<?> found = CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(pem.getBytes()));
            List<X509Certificate> all =
                    found.stream().map(X509Certificate.class::cast).toList();
            if (!all.isEmpty()) {
                return all;
            }
        } catch (CertificateException e) {
            throw new IllegalArgumentException(name + " has no X.509 certificates in PEM", e);
        }
        throw new IllegalArgumentException(name + " has no X.509 certificates in PEM");
    }

    private static PrivateKey privateKey(Buffer pem, String algorithm) {
        Matcher found = KEY.matcher(pem.toString());
        try {
            if (found.find()) {
                byte[] der = Base64.getMimeDecoder().decode(found.group(1));
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("tls.key is no key of the certificate's kind, " + algorithm, e);
        }
        throw new IllegalArgumentException("tls.key has no PRIVATE KEY in PEM (PKCS#8, not encrypted)");
    }

    private static void checkPair(X509Certificate cert, PrivateKey key) {
        try {
            String algorithm = key.getAlgorithm();
            Signature signature = Signature.getInstance(
                    algorithm.equals("RSA") || algorithm.equals("EC")
                            ? "SHA256with" + algorithm.replace("EC", "ECDSA")
                            : algorithm);
            signature.initSign(key);
            signature.update(PROBE);
            byte[] signed = signature.sign();
            signature.initVerify(cert.getPublicKey());
            signature.update(PROBE);
            if (signature.verify(signed)) {
                return;
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    "tls.key cannot be used (" + e.getClass().getSimpleName() + ")", e);
        }
        throw new IllegalArgumentException("tls.key is not the key of tls.cert");
    }

    /** What a running server is told when the files have changed. */
    public ServerSSLOptions options(ClientAuth whereAsked) {
        ServerSSLOptions options = new ServerSSLOptions()
                .setKeyCertOptions(new PemKeyCertOptions().addCertValue(cert).addKeyValue(key))
                .setClientAuth(clientCa.isPresent() ? whereAsked : ClientAuth.NONE)
                .setUseAlpn(true);
        options.setApplicationLayerProtocols(List.of("h2", "http/1.1"));
        clientCa.ifPresent(ca -> options.setTrustOptions(new PemTrustOptions().addCertValue(ca)));
        return options;
    }

    /**
     * Has a server speak TLS, with HTTP/2 for whoever can.
     *
     * @param whereAsked whether clients must have a certificate, where there is a CA for them
     */
    void apply(HttpServerOptions server, ClientAuth whereAsked) {
        server.setSsl(true)
                .setUseAlpn(true)
                .setKeyCertOptions(new PemKeyCertOptions().addCertValue(cert).addKeyValue(key))
                .setClientAuth(clientCa.isPresent() ? whereAsked : ClientAuth.NONE);
        clientCa.ifPresent(ca -> server.setTrustOptions(new PemTrustOptions().addCertValue(ca)));
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "Tls[notAfter=" + notAfter + ", clientCa=" + clientCa.isPresent() + "]";
    }
}
