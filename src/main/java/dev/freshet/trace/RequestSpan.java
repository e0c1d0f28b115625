package dev.freshet.trace;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;

/** The span of one request. What it is told is exported: never a key, a tag or a token. */
public final class RequestSpan {
    private final Span span;
    private final String method;

    RequestSpan(Span span, String method) {
        this.span = span;
        this.method = method;
    }

    /**
     * Which path it asks for.
     *
     * @param pattern with the names of its segments in braces
     */
    public void route(String pattern) {
        span.updateName(method + ' ' + pattern);
        tell(Attribute.ROUTE, pattern);
    }

    /** Something that it did; the last value counts. */
    public void tell(Attribute attribute, String value) {
        span.setAttribute(attribute.text(), value);
    }

    /** The same, as a number. */
    public void tell(Attribute attribute, long value) {
        span.setAttribute(attribute.text(), value);
    }

    /** It ended without a good answer, for one of a few reasons. */
    public void fail(String reason) {
        tell(Attribute.ERROR, reason);
        span.setStatus(StatusCode.ERROR);
    }

    /** It is over, and nothing more is told. */
    public void end() {
        span.end();
    }
}
