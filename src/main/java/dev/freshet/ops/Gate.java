package dev.freshet.ops;

import dev.freshet.edge.Access;
import dev.freshet.edge.Denied;
import dev.freshet.edge.Edge;
import dev.freshet.edge.Scope;
import dev.freshet.edge.Token;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.Optional;

/** Who may ask the operations port. Whoever may not is answered why. */
final class Gate {
    private final Edge edge;
    private final Access access;

    Gate(Edge edge, Access access) {
        this.edge = edge;
        this.access = access;
    }

    /** Whether nobody is asked who they are. */
    boolean isOpen() {
        return access.isOpen();
    }

    /** Whether somebody else's name cannot lead here, for a certificate says whose it is. */
    boolean isEncrypted() {
        return edge.options().isSsl();
    }

    /** Lets in who may read. */
    Optional<Token> admit(HttpServerRequest request) {
        try {
            edge.checkCertificate(request.connection());
            Token token = access.admit(request.getHeader(HttpHeaders.AUTHORIZATION));
            token.check(Scope.ADMIN_READ);
            return Optional.of(token);
        } catch (Denied denied) {
            refuse(request, denied);
            return Optional.empty();
        }
    }

    /** Lets in who has a certificate, where one is asked for. */
    boolean admitsConnection(HttpServerRequest request) {
        try {
            edge.checkCertificate(request.connection());
            return true;
        } catch (Denied denied) {
            refuse(request, denied);
            return false;
        }
    }

    private void refuse(HttpServerRequest request, Denied denied) {
        edge.meters().refused(denied);
        request.response().putHeader("WWW-Authenticate", denied.challenge());
        Answer.text(denied.status(), String.valueOf(denied.getMessage())).send(request);
    }
}
