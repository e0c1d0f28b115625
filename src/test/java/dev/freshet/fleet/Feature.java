package dev.freshet.fleet;

import static org.junit.jupiter.api.Assumptions.abort;

import java.util.Locale;

/** What Next.js has not always had. A test that is about it ends where it is missing, and says so by name. */
enum Feature {
    /** {@code 'use cache'} and {@code cacheHandlers}, without a canary. */
    USE_CACHE("'use cache'", "16.0.0"),
    /** {@code revalidateTag(tag, profile)}; before, every call ended what it named. */
    PROFILES("profiles of revalidateTag", "16.0.0"),
    /** Who is given a stale value of {@code 'use cache'}, to refresh it, is answered before that is done. */
    BACKGROUND_REFRESH("refreshes of 'use cache' behind the answer", "16.3.0"),
    /** A navigation is sent on to a URL that holds a hash of its headers. */
    RSC_HASH("the hash of a navigation", "16.3.0"),
    /** {@code next/root-params} in a function of {@code 'use cache'}. */
    ROOT_PARAMS("root parameters in 'use cache'", "16.2.0"),
    /** {@code images.customCacheHandler} */
    CACHED_IMAGES("images.customCacheHandler", "16.2.0"),
    /** A file URL may name a handler in {@code cacheHandlers}. */
    HANDLER_URLS("cacheHandlers by URL", "16.3.0"),
    /** Turbopack is what builds, unless it is told otherwise. */
    TURBOPACK("builds by Turbopack", "16.0.0");

    private final String name;
    private final NextVersion since;

    Feature(String name, String since) {
        this.name = name;
        this.since = NextVersion.of(since);
    }

    /** Where what is needed instead is kept, if anything: {@code use-cache}. */
    String folder() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    boolean isThere() {
        return NextVersion.CHOSEN.isAtLeast(since);
    }

    /** Ends the test where this is missing: {@code bench/matrix} tells it by these words from one that lacks a tool. */
    void require() {
        if (!isThere()) {
            abort("not in Next " + NextVersion.CHOSEN + ": " + name);
        }
    }
}
