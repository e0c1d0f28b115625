package dev.freshet.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessTest {
    private static final String HASH = "0123456789abcdef".repeat(4);

    private final Token.Minted minted = Token.mint("ci", Set.of("shop"), EnumSet.of(Scope.ENTRIES_READ));
    private final Access access = new Access(List.of(
            minted.token(),
            Token.mint("other", Set.of("*"), EnumSet.allOf(Scope.class)).token()));

    private Denied denied(@Nullable String authorization) {
        return catchThrowableOfType(Denied.class, () -> access.admit(authorization));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Bearer ", "bearer ", "BEARER  "})
    void admit_theSecret_isItsToken(String scheme) {
        assertThat(access.admit(scheme + minted.secret())).isEqualTo(minted.token());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Bearer", "Basic Y2k6eA==", "freshet_ci_x"})
    void admit_noBearer_isAskedForOne(String authorization) {
        Denied denied = denied(authorization);

        assertThat(denied.status()).isEqualTo(401);
        assertThat(denied.challenge()).isEqualTo("Bearer realm=\"freshet\"");
        assertThat(denied(null).status()).isEqualTo(401);
    }

    @Test
    void admit_whatIsNotTheSecret_isUnknown() {
        String secret = minted.secret();
        char last = secret.charAt(secret.length() - 1);
        for (String wrong : List.of(
                secret.substring(0, secret.length() - 1) + (last == 'A' ? 'B' : 'A'),
                secret.substring(0, secret.length() - 1),
                secret + "A",
                secret.replace("_ci_", "_other_"),
                secret.replace("_ci_", "_nobody_"),
                secret.replace("freshet_", ""),
                minted.token().sha256(),
                "x".repeat(10_000),
                "")) {
            Denied denied = denied("Bearer " + wrong);

            assertThat(denied.why()).as(wrong).isEqualTo(Denied.Why.UNKNOWN);
            assertThat(denied.status()).isEqualTo(401);
            assertThat(denied.challenge()).isEqualTo("Bearer realm=\"freshet\", error=\"invalid_token\"");
            assertThat(denied.getMessage()).isEqualTo("the token is not known here");
        }
    }

    @Test
    void admit_withoutTokens_isAnyone() {
        assertThat(new Access(List.of()).admit(null)).isEqualTo(Token.ANYONE);
        assertThat(new Access(List.of()).isOpen()).isTrue();
        assertThat(access.isOpen()).isFalse();
    }

    @Test
    void replace_takesEffectAtOnce() {
        access.replace(List.of(
                Token.mint("ci", Set.of("*"), EnumSet.allOf(Scope.class)).token()));

        assertThat(denied("Bearer " + minted.secret()).why()).isEqualTo(Denied.Why.UNKNOWN);
    }

    @Test
    void check_anotherScopeOrApp_isRefused() {
        Denied denied = catchThrowableOfType(Denied.class, () -> minted.token().check(Scope.TAGS_INVALIDATE, "shop"));

        assertThat(denied.status()).isEqualTo(403);
        assertThat(denied.challenge())
                .isEqualTo("Bearer realm=\"freshet\", error=\"insufficient_scope\", scope=\"tags:invalidate\"");
        assertThat(catchThrowableOfType(Denied.class, () -> minted.token().check(Scope.ENTRIES_READ, "shop2"))
                        .status())
                .isEqualTo(403);
        minted.token().check(Scope.ENTRIES_READ, "shop");
    }

    @Test
    void mint_isAnotherSecretEachTime_andKeepsNone() {
        Token.Minted another = Token.mint("ci", Set.of("shop"), EnumSet.of(Scope.ENTRIES_READ));

        assertThat(another.secret()).isNotEqualTo(minted.secret()).matches("freshet_ci_[A-Za-z0-9_-]{43}");
        assertThat(another.token().line()).doesNotContain(another.secret().substring(11));
        assertThat(Token.parse(another.token().line())).isEqualTo(another.token());
    }

    @Test
    void parse_line_isATokenWithItsParts() {
        Token token = Token.parse("  web sha256:" + HASH + "\tshop,blog entries:read,tags:invalidate ");

        assertThat(token)
                .isEqualTo(new Token(
                        "web", HASH, Set.of("blog", "shop"), Set.of(Scope.ENTRIES_READ, Scope.TAGS_INVALIDATE)));
        assertThat(token.line()).isEqualTo("web sha256:" + HASH + " blog,shop entries:read,tags:invalidate");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "freshet_web_hunter2 | it has four fields",
                "web sha256:HASH shop | it has four fields",
                "web HASH shop entries:read | its hash is sha256:",
                "web sha256:hunter2 shop entries:read | its hash is sha256:",
                "we_b sha256:HASH shop entries:read | its id is of",
                "Web sha256:HASH shop entries:read | its id is of",
                "web sha256:HASH Shop entries:read | its apps are",
                "web sha256:HASH shop, entries:read | its apps are",
                "web sha256:HASH shop entries:hunter2 | its scopes are of entries:read,entries:write,tags:invalidate",
                "web sha256:HASH shop entries_read | its scopes are of",
            })
    void parse_otherLine_isRefusedWithoutQuotingIt(String line, String why) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Token.parse(line.replace("HASH", HASH)))
                .withMessageStartingWith(why)
                .withMessageNotContaining("hunter2");
    }
}
