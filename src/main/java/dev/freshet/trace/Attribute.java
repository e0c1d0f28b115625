package dev.freshet.trace;

/**
 * What a span tells. The first ones are those of the <a href="https://opentelemetry.io/docs/specs/semconv/http/http-spans/">HTTP
 * conventions</a> that say nothing of a key, so {@code url.path} is not among them; the others are Freshet's, in the words of the metrics.
 */
public enum Attribute {
    /** {@code _OTHER} for one that HTTP does not know. */
    METHOD("http.request.method"),
    /** The pattern of the path. */
    ROUTE("http.route"),
    /** What was answered. */
    STATUS("http.response.status_code"),
    /** Why there was no good answer. */
    ERROR("error.type"),
    /** {@code http} or {@code https}. */
    SCHEME("url.scheme"),
    /** {@code 1.0}, {@code 1.1} or {@code 2}. */
    PROTOCOL("network.protocol.version"),
    /** The product. */
    APP("freshet.app"),
    /** The build. */
    DEPLOYMENT("freshet.deployment"),
    /** What a read found, or what became of a write. */
    RESULT("freshet.result"),
    /** What the lease made of the reader. */
    LEASE("freshet.lease"),
    /** How many entries a lookup was of. */
    ENTRIES("freshet.entries"),
    /** Of an invalidation. */
    MODE("freshet.mode"),
    /** How many tags were invalidated. */
    TAGS("freshet.tags");

    private final String text;

    Attribute(String text) {
        this.text = text;
    }

    /** Its name. */
    public String text() {
        return text;
    }
}
