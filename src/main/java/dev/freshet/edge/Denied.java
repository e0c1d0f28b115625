package dev.freshet.edge;

/** Why a request is not let in, as RFC 6750 has it. */
public final class Denied extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Why why;
    private final String challenge;

    /** What is wrong with the credentials. */
    public enum Why {
        /** There are none, or they are of no bearer. */
        MISSING(401),
        /** No such token is known. */
        UNKNOWN(401),
        /** The token is not good for this. */
        SCOPE(403);

        private final int status;

        Why(int status) {
            this.status = status;
        }
    }

    private Denied(Why why, String detail, String challenge) {
        super(detail, null, false, false);
        this.why = why;
        this.challenge = challenge;
    }

    static Denied missing() {
        return new Denied(
                Why.MISSING, "this needs a token: Authorization: Bearer freshet_…", "Bearer realm=\"freshet\"");
    }

    static Denied certificate() {
        return new Denied(Why.MISSING, "this needs a client's certificate", "Bearer realm=\"freshet\"");
    }

    static Denied unknown() {
        return new Denied(
                Why.UNKNOWN, "the token is not known here", "Bearer realm=\"freshet\", error=\"invalid_token\"");
    }

    static Denied scope(Scope scope, String of) {
        return new Denied(
                Why.SCOPE,
                "the token is not good for " + scope.text() + of,
                "Bearer realm=\"freshet\", error=\"insufficient_scope\", scope=\"" + scope.text() + "\"");
    }

    /** Which of the reasons it is. */
    public Why why() {
        return why;
    }

    /** 401 or 403. */
    public int status() {
        return why.status;
    }

    /** The value of {@code WWW-Authenticate}. */
    public String challenge() {
        return challenge;
    }
}
